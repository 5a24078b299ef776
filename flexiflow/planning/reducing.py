"""Branches taken as one node each, so that the search has a shorter graph before it.

The shapes of :mod:`.shapes` say what may be joined. Nodes beside one another are, and the nodes
of each branch that leads to this; nodes that merely follow one another are left to the search,
which goes through them with bounds on what lies ahead. A series-parallel graph becomes a chain.
Of a mixed shape one node is given one choice after the other; see :mod:`.splitting`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flexiflow.planning.choices import Choices
from flexiflow.planning.joining import (
    Joined,
    alone,
    effort,
    fixed,
    joined,
    settled,
    thinned,
    united,
    within,
)
from flexiflow.planning.shapes import Shape, shape_of
from flexiflow.planning.splitting import Way, split
from flexiflow.planning.thinning import Ints, TooMany

_SLACK = 2e-9  # relative, on bounds: more than that of the search, which has the last word


@dataclass(frozen=True)
class Reduced:
    """A smaller graph with the same plans, but for those that others beat.

    Attributes
    ----------
    parts
        Its nodes in the order in which they are to be taken, and what is joined in them.
    paths
        Parts of each path.
    """

    parts: tuple[Joined, ...]
    paths: tuple[frozenset[int], ...]

    @property
    def stages(self) -> list[Choices]:
        """The choices at each node of it."""
        return [part.choices for part in self.parts]

    @property
    def order(self) -> range:
        """The numbers of the parts."""
        return range(len(self.parts))

    def picks(self, found: Ints) -> Ints:
        """The choices at the nodes of the whole graph, `(n, nodes)`.

        Parameters
        ----------
        found
            Those at the nodes of the smaller one, `(n, parts)`.
        """
        whole = np.empty((len(found), sum(len(p.nodes) for p in self.parts)), dtype=np.intp)
        for k, part in enumerate(self.parts):
            whole[:, part.nodes] = part.picks[found[:, k]]
        return whole


def reduced(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None = None,
    work: float = math.inf,
) -> Reduced | None:
    """A graph without what can be joined; None if nothing fits.

    Parameters
    ----------
    stages, paths, order, sla, budget
        As for :func:`flexiflow.planning.search.front`.
    work
        Pairs of choices to look at, at most, as :func:`.joining.effort` counts them: some two
        million a second. What would take more is left apart.
    """
    if len(paths) == 1:
        return Reduced(tuple(alone(k, stages[k]) for k in order), (frozenset(range(len(order))),))
    most = np.inf if budget is None else budget * (1.0 + _SLACK)
    joining = _Joining({k: thinned(alone(k, s)) for k, s in enumerate(stages)}, most, work)
    shape, room = shape_of(tuple(paths), tuple(order)), sla * (1.0 + _SLACK)
    parts = joining.parts(shape, room) if joining.fits(shape, room) else []
    if not parts or not all(map(len, parts)):
        return None
    place = {v: k for k, v in enumerate(order)}
    parts.sort(key=lambda part: max(place[v] for v in part.nodes))
    ways = _ways(parts, paths)
    if len(ways) == 1:
        parts.sort(key=len, reverse=True)  # in a chain any order will do: this one makes least
    return Reduced(tuple(parts), tuple(ways))


def _ways(parts: Sequence[Joined], paths: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    owner = {v: k for k, part in enumerate(parts) for v in part.nodes}
    return list(dict.fromkeys(frozenset(owner[v] for v in path) for path in paths))


class _Joining:
    """What shapes become within the seconds and the cost that the others leave them."""

    def __init__(self, leaves: Mapping[int, Joined], most: float, work: float) -> None:
        self._leaves, self.left = leaves, work
        self._fastest = {v: float(x.choices.latency.min()) for v, x in leaves.items()}
        self._cheapest = {v: float(x.choices.cost.min()) for v, x in leaves.items()}
        self._spare = most - sum(self._cheapest.values())
        self._known: dict[tuple[int, ...], Joined | None] = {}

    def fits(self, shape: Shape, room: float) -> bool:
        """Whether the fastest choices take no longer, and the cheapest are within the budget."""
        return self._least(shape) <= room and self._spare >= 0

    def parts(self, shape: Shape, room: float) -> list[Joined]:
        """A shape in as few parts as can be had, its series left apart."""
        series = shape.parts and not shape.parallel and not shape.ways
        whole = None if series else self._tried(shape, room)
        if whole is not None:
            return [whole]
        rooms = self._rooms(shape, room)
        return [p for part, r in zip(shape.parts, rooms, strict=True) for p in self.parts(part, r)]

    def _tried(self, shape: Shape, room: float) -> Joined | None:
        """A shape as one; None where that is too much."""
        if shape.nodes not in self._known:
            try:
                self._known[shape.nodes] = self.whole(shape, room)
            except TooMany:
                self._known[shape.nodes] = None
        return self._known[shape.nodes]

    def whole(self, shape: Shape, room: float) -> Joined:
        """A shape as one that takes no longer, if that is not too much."""
        most = self._spare + sum(self._cheapest[v] for v in shape.nodes)
        if not shape.parts:
            return within(self._leaves[shape.nodes[0]], room, most)
        rooms = self._rooms(shape, room)
        found = [self._tried(part, r) for part, r in zip(shape.parts, rooms, strict=True)]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            raise TooMany
        if shape.ways:
            return self._mixed(shape.ways, parts, room, most)
        made, *others = sorted(parts, key=len)
        for other in others:
            self._spend(effort(made, other, shape.parallel))
            made = joined(made, other, shape.parallel, room, most)
        return made

    def _mixed(
        self, ways: tuple[Way, ...], parts: list[Joined], room: float, most: float
    ) -> Joined:
        """With one choice of a part after the other, a constant in the graph without it."""
        sizes, nodes = tuple(map(len, parts)), tuple(v for part in parts for v in part.nodes)
        if max(sizes) == 1 or not min(sizes):
            return united(nodes, [within(settled(ways, parts), room, most)] if min(sizes) else [])
        at, shape = split(ways, sizes)
        copies = [v for v in shape.nodes if v >= len(parts)]
        others = {v: parts[v] for v in shape.nodes if v < len(parts)}
        found: list[Joined] = []
        for one in range(sizes[at]):
            constants = fixed(parts[at], one, len(copies))
            leaves = others | dict(zip(copies, constants, strict=True))
            share = self.left / (sizes[at] - one)
            inner = _Joining(leaves, most, share)
            if inner.fits(shape, room):
                found.append(inner.whole(shape, room))
                self._spend(share - inner.left)
        return united(nodes, found)

    def _spend(self, work: float) -> None:
        if work > self.left:
            raise TooMany
        self.left -= work

    def _least(self, shape: Shape) -> float:
        """Seconds that a shape takes at its fastest."""
        if not shape.parts:
            return self._fastest[shape.nodes[0]]
        each = list(map(self._least, shape.parts))
        if shape.ways:
            return max(sum(each[k] for k in way) for way in shape.ways)
        return max(each) if shape.parallel else sum(each)

    def _rooms(self, shape: Shape, room: float) -> list[float]:
        """Seconds for each part, beside the others at their fastest."""
        if shape.parallel or not shape.parts:
            return [room] * len(shape.parts)
        each = list(map(self._least, shape.parts))
        ways = shape.ways or (tuple(range(len(each))),)
        longest = [
            max(sum(each[v] for v in way) for way in ways if k in way) for k in range(len(each))
        ]
        return [room - most + least for most, least in zip(longest, each, strict=True)]
