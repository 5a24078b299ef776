"""The exact front of accuracy and cost within a latency bound.

Nodes are taken one after the other. A *label* is a choice for the nodes so far: its cost, what
it adds to the accuracy, and its seconds along each distinct way that still lies ahead (in a
chain there is one). Labels that another equals or beats in everything are dropped, and so are
those from which no plan can come that would be new on the front:

* Let u price the latency (for several paths, u times a weight for each). What a completion of
  cost c adds is at most u times the seconds left plus G(u, c), the most that the remaining
  nodes add less u times their seconds, within c; G is a knapsack in cost alone, worked out
  once for all labels. This is Lagrangian relaxation of the latency bound [1]_.
* A label stays if for some final cost c all u allow more than is known to be had for c.

What is known comes from a first round that looks only near the relaxation's own bound; the
second round, which has nothing left to guess, is exact.

References
----------
.. [1] Kellerer, H., Pferschy, U. & Pisinger, D. (2004). Knapsack Problems, chapter 11: the
   multiple-choice knapsack problem. Springer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flexiflow.planning.bounds import Bounds, Known, guess
from flexiflow.planning.choices import Choices, Floats, Ints
from flexiflow.planning.thinning import thinned
from flexiflow.planning.ways import Ways

_SLACK = 1e-9  # relative, on the latency bound and the budget: sums are off by roundings
_NEAR = 0.006  # of what choices can add in all: how near its bound the first round looks


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

    Returns
    -------
    Front
        Empty if nothing fits. Of plans with equal cost and accuracy one is given.
    """
    ways = Ways(paths, order)
    sla = sla * (1.0 + _SLACK)
    most = None if budget is None else budget * (1.0 + _SLACK)
    ordered = [stages[k] for k in order]
    bounds = Bounds(ordered, ways, sla, most)
    if not bounds.feasible:
        return Front(np.zeros(0), np.zeros(0), np.zeros((0, len(stages)), dtype=np.intp))
    first = _round(ordered, ways, bounds, guess(bounds, _NEAR))
    second = _round(ordered, ways, bounds, Known.of(bounds, first.cost, first.gain))
    joined = _best(
        np.concatenate([first.cost, second.cost]),
        np.concatenate([first.gain, second.gain]),
        np.concatenate([first.picks, second.picks]),
    )
    picks = np.empty_like(joined.picks)
    picks[:, list(order)] = joined.picks
    return Front(joined.cost, joined.gain, picks)


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
    found = _round(flat, ways, bounds, None) if bounds.feasible else None
    if found is None or not len(found):
        return None
    picks = np.empty(len(stages), dtype=np.intp)
    picks[list(order)] = found.picks[0]
    return picks


def _round(stages: Sequence[Choices], ways: Ways, bounds: Bounds, known: Known | None) -> Front:
    """All labels that pass the bounds, node by node; the plans they end in."""
    cost, gain, binned = np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.intp)
    seconds = np.zeros((1, ways.width[0]))
    trail: list[tuple[Ints, Ints]] = []
    for k, stage in enumerate(stages):
        i, j = bounds.possible(k, cost, seconds)
        cost, gain = cost[i] + stage.cost[j], gain[i] + stage.gain[j]
        binned = binned[i] + bounds.binned[k][j]
        seconds = ways.moved(k, seconds[i], stage.latency[j])
        kept = thinned(cost, seconds, gain)
        if known is not None:
            left = bounds.slack(k + 1, seconds[kept])
            kept = kept[known.useful(k + 1, binned[kept], gain[kept], left)]
        cost, gain, binned, seconds = cost[kept], gain[kept], binned[kept], seconds[kept]
        trail.append((i[kept], j[kept]))
    picks, at = np.empty((len(cost), len(stages)), dtype=np.intp), np.arange(len(cost))
    for k in range(len(stages) - 1, -1, -1):
        before, chosen = trail[k]
        picks[:, k], at = chosen[at], before[at]
    return _best(cost, gain, picks)


def _best(cost: Floats, gain: Floats, picks: Ints) -> Front:
    """The plans that add more than all cheaper ones."""
    order = np.lexsort((-gain, cost))
    cost, gain, picks = cost[order], gain[order], picks[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(gain)[:-1]])
    new = gain > before if len(gain) else np.zeros(0, dtype=bool)
    return Front(cost[new], gain[new], picks[new])
