"""The exact front of accuracy and cost within a latency bound.

Nodes are taken one after the other. A *label* is a choice for the nodes so far: its cost, what
it adds to the accuracy, and its seconds along each distinct way that still lies ahead (in a
chain there is one). Labels that another equals or beats in everything are dropped, and so are
those from which no plan can come that would be new on the front:

* Let u price the latency (for several paths, u times a weight for each). What a completion of
  cost c adds is at most u times the seconds left plus G(u, c), the most that the remaining
  nodes add less u times their seconds, within c; G is a knapsack in cost alone, worked out
  once for all labels. This is Lagrangian relaxation of the latency bound [1]_.
* A label stays if each u allows, for some final cost c, more than is known to be had for c.
  That is one number to be exceeded for each u and cost so far, so that a label can be tested
  before it is made.

What is known comes from a first round that looks only near the relaxation's own bound; the
second round, which has nothing left to guess, is exact.

In a chain one label in a hundred or so is left; with seconds along several paths hardly any
beats another, so :mod:`.reducing` makes chains of graphs where it can.

References
----------
.. [1] Kellerer, H., Pferschy, U. & Pisinger, D. (2004). Knapsack Problems, chapter 11: the
   multiple-choice knapsack problem. Springer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flexiflow.planning.bounds import Bounds, Known, guess
from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Floats
from flexiflow.planning.thinning import Ints, TooMany, thinned
from flexiflow.planning.ways import Ways

_SLACK = 1e-9  # relative, on the latency bound and the budget: sums are off by roundings
_WINDOW, _WIDEST = 0.001, 0.5  # of worth: the first window below the most, and the last
_LEVELS = 48  # of worth over cost, at most
_NEAR = 0.004  # of what choices can add in all: how near its bound the first round looks
_BLOCK = 1_000_000  # labels with choices that are looked at in one go
_MOST = 2_000_000  # labels made at a node of a chain; twenty nodes of twenty variants make 430 000
_BRANCHED = 60_000  # where several paths lie ahead, and labels rarely beat one another
_QUICK = 1_500  # the same for the cheapest plan, which an integer programme finds in 10 ms


@dataclass(frozen=True)
class Front:
    """Plans of which none costs less and is as accurate, ascending by cost.

    Attributes
    ----------
    cost, gain
        Of each plan, `(n,)`.
    picks
        Each node's choice, `(n, nodes)`, in the order of the steps.
    """

    cost: Floats
    gain: Floats
    picks: Ints

    def __len__(self) -> int:
        return len(self.cost)


def front(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None = None,
    had: tuple[Floats, Floats] | None = None,
) -> Front:
    """All plans within a latency bound that are best for their cost.

    Parameters
    ----------
    stages
        The choices at each node.
    paths
        Nodes of each path, along which seconds add up.
    order
        The nodes, in the order in which they are to be taken.
    sla
        Bound on the seconds along every path.
    budget
        Bound on the cost.
    had
        Cost and gain, `(n,)` each, of plans that are had: what adds no more for its cost than
        one of these may be left out.

    Returns
    -------
    Front
        Empty if nothing fits. Of plans with equal cost and accuracy one is given.

    Raises
    ------
    TooMany
        If the graph branches too much to be searched.
    """
    ways = Ways(paths, order)
    sla = sla * (1.0 + _SLACK)
    most = None if budget is None else budget * (1.0 + _SLACK)
    ordered = [stages[k] for k in order]
    bounds = Bounds(ordered, ways, sla, most)
    if not bounds.feasible:
        return Front(np.zeros(0), np.zeros(0), np.zeros((0, len(stages)), dtype=np.intp))
    more = (np.zeros(0), np.zeros(0)) if had is None else had
    first = _round(ordered, ways, bounds, guess(bounds, _NEAR, *more))
    told = [np.concatenate(pair) for pair in zip((first.cost, first.gain), more, strict=True)]
    second = _round(ordered, ways, bounds, Known.of(bounds, *told))
    joined = _best(
        np.concatenate([first.cost, second.cost]),
        np.concatenate([first.gain, second.gain]),
        np.concatenate([first.picks, second.picks]),
    )
    return _reordered(joined, order)


def _reordered(found: Front, order: Sequence[int]) -> Front:
    """With each node's choice in the order of the steps, not in that of the search."""
    picks = np.empty_like(found.picks)
    picks[:, list(order)] = found.picks
    return replace(found, picks=picks)


def above(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None,
    worth: Callable[[Floats, Floats], Floats],
    gain: Callable[[Floats, Floats], Floats],
    least: float = -math.inf,
) -> Iterator[Front]:
    """The part of the front that is worth most, then more and more of it.

    Parameters
    ----------
    stages, paths, order, sla, budget
        As for :func:`front`.
    worth
        Of plans, from cost and gain, `(n,)` each; it falls with cost and rises with gain.
    gain
        Its inverse: from cost and worth.
    least
        What a plan has to be worth more than.

    Yields
    ------
    Front
        All plans of the front that are worth more than some bound, not empty; in the end than
        ``least``. Nothing if there are none.
    """
    ways = Ways(paths, order)
    most = None if budget is None else budget * (1.0 + _SLACK)
    ordered = [stages[k] for k in order]
    bounds = Bounds(ordered, ways, sla * (1.0 + _SLACK), most)
    if not bounds.feasible:
        return
    bins = np.arange(bounds.size, dtype=np.float64)
    block = math.ceil(bounds.size / _LEVELS)
    cost: Floats = bins * bounds.width
    under: Floats = (bins // block) * (block * bounds.width)  # so that there are few levels
    reach = bounds.whole()
    fits = reach > -np.inf
    highest = float(worth(cost[fits], reach[fits]).max(initial=-math.inf))
    step, floor = _WINDOW, math.inf
    while floor > least and highest > least:
        floor = max(highest - step, least) if step < _WIDEST else least
        level = gain(under, np.full_like(cost, floor))
        found = _round(ordered, ways, bounds, Known.from_levels(bounds, level))
        if len(found):
            yield _reordered(found, order)
        step *= 4.0


def cheapest(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None = None,
) -> Ints | None:
    """Each node's choice in the cheapest plan within the bounds; None if nothing fits."""
    flat = [replace(stages[k], gain=np.zeros_like(stages[k].gain)) for k in order]
    most = None if budget is None else budget * (1.0 + _SLACK)
    ways = Ways(paths, order)
    bounds = Bounds(flat, ways, sla * (1.0 + _SLACK), most)
    found = _round(flat, ways, bounds, None, quick=True) if bounds.feasible else None
    if found is None or not len(found):
        return None
    picks = np.empty(len(stages), dtype=np.intp)
    picks[list(order)] = found.picks[0]
    return picks


def _round(
    stages: Sequence[Choices],
    ways: Ways,
    bounds: Bounds,
    known: Known | None,
    quick: bool = False,
) -> Front:
    """All labels that pass the bounds, node by node; the plans they end in."""
    cost, gain, binned = np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.intp)
    seconds = np.zeros((1, ways.width[0]))
    trail: list[tuple[Ints, Ints]] = []
    test = None if known is None else _Hopeful(bounds, known)
    for k, stage in enumerate(stages):
        i, j = _grown(k, bounds, test, cost, gain, binned, seconds)
        if len(i) > (_MOST if ways.width[k] < 2 else _QUICK if quick else _BRANCHED):
            raise TooMany
        cost, gain = cost[i] + stage.cost[j], gain[i] + stage.gain[j]
        binned = binned[i] + bounds.binned[k][j]
        seconds = ways.moved(k, seconds[i], stage.latency[j])
        kept = thinned(cost, seconds, gain)
        if len(kept) > _MOST:
            raise TooMany
        cost, gain, binned, seconds = cost[kept], gain[kept], binned[kept], seconds[kept]
        trail.append((i[kept], j[kept]))
    picks, at = np.empty((len(cost), len(stages)), dtype=np.intp), np.arange(len(cost))
    for k in range(len(stages) - 1, -1, -1):
        before, chosen = trail[k]
        picks[:, k], at = chosen[at], before[at]
    return _best(cost, gain, picks)


def _grown(
    k: int, bounds: Bounds, test: _Hopeful | None,
    cost: Floats, gain: Floats, binned: Ints, seconds: Floats,
) -> tuple[Ints, Ints]:  # fmt: skip
    """The labels and the choices of node k that are worth putting together, block by block."""
    needed = None if test is None else test.known.needed(k + 1)
    rows = max(_BLOCK // len(bounds.binned[k]), 1)
    found = []
    for start in range(0, max(len(cost), 1), rows):
        part = slice(start, start + rows)
        i, j = bounds.possible(k, cost[part], seconds[part])
        if test is not None and needed is not None:
            i, j = test(k, needed, i, j, binned[part], gain[part], seconds[part])
        found.append((i + start, j))
    i, j = (np.concatenate(each) for each in zip(*found, strict=True))
    return i, j


class _Hopeful:
    """Takes out, before they are made, the labels from which nothing new can come."""

    def __init__(self, bounds: Bounds, known: Known) -> None:
        self.bounds, self.known = bounds, known
        self._cut = -np.abs(np.arange(bounds.prices) - bounds.prices / 2.0)  # the middle first

    def __call__(
        self, k: int, needed: Floats, i: Ints, j: Ints, binned: Ints, gain: Floats, seconds: Floats
    ) -> tuple[Ints, Ints]:
        """Of the labels i with the choices j of node k, those that may lead to something."""
        bounds = self.bounds
        has, paid = np.ascontiguousarray(bounds.slack(k, seconds).T) + gain, bounds.paid(k)
        at = binned[i] + bounds.binned[k][j]
        turns, self._cut = np.argsort(-self._cut), np.zeros(bounds.prices)
        for u in turns.tolist():  # the prices that took out most at the last node first
            good = has[u][i] + paid[u][j] > needed[u][at]
            self._cut[u] = 1.0 - good.sum() / max(len(good), 1)
            if self._cut[u]:
                i, j, at = i[good], j[good], at[good]
        return i, j


def _best(cost: Floats, gain: Floats, picks: Ints) -> Front:
    """The plans that add more than all cheaper ones."""
    order = np.lexsort((-gain, cost))
    cost, gain, picks = cost[order], gain[order], picks[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(gain)[:-1]])
    new = gain > before if len(gain) else np.zeros(0, dtype=bool)
    return Front(cost[new], gain[new], picks[new])
