"""The choices of several nodes together, of those that nothing beats.

Costs and what is added to the accuracy add up. Seconds add up where one node follows another;
beside one another the longer ones count. There a pair is worth having only where the quicker
one adds more than all that cost no more and are not slower than the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flexiflow.planning.choices import Choices, taken
from flexiflow.planning.curves import Floats
from flexiflow.planning.thinning import Ints, TooMany, undominated

_BLOCK = 400_000  # pairs that are looked at in one go
_EACH = 2_000  # pairs that take as long as joining two nodes does at least
_QUICKER = 3  # times as fast are nodes beside one another, for each choice and cost of the other
_FEW = 20_000  # pairs up to which all are looked at
_KEPT = 2_000_000  # that the pairs of their own block do not beat

Pairs = Iterator[tuple[Ints, Ints]]


@dataclass(frozen=True)
class Joined:
    """Some nodes taken as one.

    Attributes
    ----------
    nodes
        Their numbers.
    choices
        Of all of them together.
    picks
        Each node's choice in these, `(n, nodes)`.
    """

    nodes: tuple[int, ...]
    choices: Choices
    picks: Ints

    def __len__(self) -> int:
        return len(self.picks)


def alone(node: int, choices: Choices) -> Joined:
    """A single node."""
    return Joined((node,), choices, np.arange(len(choices.cost))[:, None])


def some(a: Joined, at: Ints) -> Joined:
    """Some of the choices."""
    return Joined(a.nodes, taken(a.choices, at), a.picks[at])


def thinned(a: Joined) -> Joined:
    """The choices that no other equals or beats in seconds, cost and gain."""
    made = a.choices
    return some(a, undominated(made.cost, made.latency, made.gain))


def within(a: Joined, sla: float, budget: float) -> Joined:
    """The choices within bounds on seconds and cost."""
    made = a.choices
    return some(a, np.flatnonzero((made.latency <= sla) & (made.cost <= budget)))


def united(nodes: tuple[int, ...], found: Sequence[Joined]) -> Joined:
    """The choices of any of several that join the same nodes, without those that others beat."""
    nodes = tuple(sorted(nodes))
    found = [*found, Joined(nodes, _none(), np.zeros((0, len(nodes)), dtype=np.intp))]
    picks = np.concatenate([a.picks[:, np.argsort(a.nodes)] for a in found])
    latency, cost, gain = (
        np.concatenate([getattr(a.choices, of) for a in found])
        for of in ("latency", "cost", "gain")
    )
    number = np.arange(len(cost))
    every = Choices(number, np.ones_like(number), latency, cost, gain)
    return thinned(Joined(nodes, every, picks))


def fixed(a: Joined, one: int, copies: int) -> list[Joined]:
    """One choice as a constant that stands in several places and counts in the first."""
    first, latency = some(a, np.array([one])), a.choices.latency[one : one + 1]
    number, nothing = np.zeros(1, dtype=np.intp), np.zeros(1)
    again = Choices(number, number + 1, latency, nothing, nothing)
    return [first] + [Joined((), again, np.zeros((1, 0), dtype=np.intp))] * (copies - 1)


def settled(ways: Sequence[Sequence[int]], parts: Sequence[Joined]) -> Joined:
    """Parts with one choice each, of which the longest way takes the seconds."""
    made = [part.choices for part in parts]
    latency = max(sum(float(made[k].latency[0]) for k in way) for way in ways)
    cost, gain = (
        np.array([sum(float(getattr(c, of)[0]) for c in made)]) for of in ("cost", "gain")
    )
    number = np.zeros(1, dtype=np.intp)
    nodes = tuple(v for part in parts for v in part.nodes)
    whole = Choices(number, number + 1, np.array([latency]), cost, gain)
    return Joined(nodes, whole, np.hstack([part.picks for part in parts]))


def effort(a: Joined, b: Joined, parallel: bool) -> float:
    """How long it takes to join two, in pairs of choices of nodes that follow one another."""
    if not parallel:
        return _EACH + len(a) * len(b)
    levels = [len(np.unique(part.choices.cost)) for part in (a, b)]
    return _EACH + (len(a) * levels[1] + len(b) * levels[0]) / _QUICKER


def joined(a: Joined, b: Joined, parallel: bool, sla: float, budget: float) -> Joined:
    """Two as one, without choices that others equal or beat.

    Parameters
    ----------
    a, b
        What is joined.
    parallel
        Whether they lie beside one another.
    sla, budget
        Bounds on the seconds and the cost of both together.

    Raises
    ------
    TooMany
        If there are too many pairs.
    """
    one, other = a.choices, b.choices
    i, j = np.zeros((2, 0), dtype=np.intp)
    blocks = 0
    many = len(a) * len(b) > _FEW
    for left, right in _beside(one, other) if parallel and many else _every(one, other):
        pairs = _paired(one, other, left, right, parallel)
        fits = np.flatnonzero((pairs.latency <= sla) & (pairs.cost <= budget))
        kept = fits[undominated(pairs.cost[fits], pairs.latency[fits], pairs.gain[fits])]
        i, j, blocks = np.append(i, left[kept]), np.append(j, right[kept]), blocks + 1
        if len(i) > _KEPT:
            raise TooMany
    picks = np.hstack([a.picks[i], b.picks[j]])
    made = Joined(a.nodes + b.nodes, _paired(one, other, i, j, parallel), picks)
    return thinned(made) if blocks > 1 else made


def _none() -> Choices:
    number, nothing = np.zeros(0, dtype=np.intp), np.zeros(0)
    return Choices(number, number, nothing, nothing, nothing)


def _paired(one: Choices, other: Choices, i: Ints, j: Ints, parallel: bool) -> Choices:
    both = np.maximum if parallel else np.add
    latency = both(one.latency[i], other.latency[j])
    cost, gain = one.cost[i] + other.cost[j], one.gain[i] + other.gain[j]
    return Choices(np.arange(len(i)), np.ones_like(i), latency, cost, gain)


def _every(one: Choices, other: Choices) -> Pairs:
    """All pairs."""
    size = len(other.cost)
    rows = max(_BLOCK // max(size, 1), 1)
    for start in range(0, len(one.cost), rows):
        of = np.arange(start, min(start + rows, len(one.cost)))
        yield np.repeat(of, size), np.tile(np.arange(size), len(of))


def _beside(one: Choices, other: Choices) -> Pairs:
    """The pairs of which the quicker one is worth having beside the slower."""
    yield from _quicker(one, other, as_slow=True)
    for right, left in _quicker(other, one, as_slow=False):
        yield left, right


def _quicker(slow: Choices, quick: Choices, as_slow: bool) -> Pairs:
    """For each slow choice the quick ones that add more than all that cost no more."""
    order = np.lexsort((quick.gain, quick.latency, quick.cost))
    starts = np.flatnonzero(np.diff(quick.cost[order]) > 0) + 1
    most = np.full(len(slow.cost), -np.inf)
    found, size = [], 0
    for at in np.split(order, starts):  # of each cost, the slower later
        last = np.searchsorted(quick.latency[at], slow.latency, "right" if as_slow else "left")
        i = np.flatnonzero(last)
        j = at[_highest(quick.gain[at])][last[i] - 1]
        better = quick.gain[j] > most[i]
        i, j = i[better], j[better]
        most[i] = quick.gain[j]
        found.append((i, j))
        size += len(i)
        if size > _BLOCK:
            yield _chained(found)
            found, size = [], 0
    if found:
        yield _chained(found)


def _chained(found: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    return np.concatenate([i for i, _ in found]), np.concatenate([j for _, j in found])


def _highest(gain: Floats) -> Ints:
    """Where the highest so far stands, at each place."""
    new = gain >= np.maximum.accumulate(gain)
    return np.maximum.accumulate(np.where(new, np.arange(len(gain)), 0))
