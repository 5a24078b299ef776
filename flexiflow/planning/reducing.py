"""Branches taken as one node each, so that the search has a shorter graph before it.

The shapes of :mod:`.shapes` say what may be joined. Nodes beside one another are, and the nodes
of each branch that leads to this; nodes that merely follow one another are left to the search,
which goes through them with bounds on what lies ahead. A series-parallel graph becomes a chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flexiflow.planning.choices import Choices, taken
from flexiflow.planning.joining import Joined, alone, joined
from flexiflow.planning.shapes import Shape, shapes
from flexiflow.planning.thinning import Ints, TooMany, undominated

_SLACK = 2e-9  # relative, on bounds: more than that of the search, which has the last word


@dataclass(frozen=True)
class Reduced:
    """A smaller graph with the same plans, but for those that others beat.

    Attributes
    ----------
    parts
        Its nodes, each after those it reads, and what is joined in them.
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
        """Its nodes in the order in which they are to be taken."""
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
) -> Reduced | None:
    """A graph without what can be joined; None if nothing fits.

    Parameters
    ----------
    stages, paths, order, sla, budget
        As for :func:`flexiflow.planning.search.front`.
    """
    if len(paths) == 1:
        return Reduced(tuple(alone(k, stages[k]) for k in order), (frozenset(range(len(order))),))
    reduction = _Reduction(stages, paths, order, sla, budget)
    if not reduction.fits:
        return None
    parts = [part for shape in reduction.rooms for part in reduction.parts(shape)]
    if not all(map(len, parts)):
        return None
    place = {v: k for k, v in enumerate(order)}
    parts.sort(key=lambda part: max(place[v] for v in part.nodes))
    owner = {v: k for k, part in enumerate(parts) for v in part.nodes}
    ways = dict.fromkeys(frozenset(owner[v] for v in path) for path in paths)
    return Reduced(tuple(parts), tuple(ways))


class _Reduction:
    """Shapes of a graph, the seconds and cost that others leave them, and what they become."""

    def __init__(
        self,
        stages: Sequence[Choices],
        paths: Sequence[frozenset[int]],
        order: Sequence[int],
        sla: float,
        budget: float | None,
    ) -> None:
        self._stages = stages
        self._fastest = [float(s.latency.min()) for s in stages]
        self._cheapest = [float(s.cost.min()) for s in stages]
        most = np.inf if budget is None else budget * (1.0 + _SLACK)
        self._spare = most - sum(self._cheapest)
        left = [sla * (1.0 + _SLACK) - sum(self._fastest[v] for v in path) for path in paths]
        self.fits = self._spare >= 0 and min(left) >= 0
        self.rooms: dict[Shape, float] = {}  # seconds for each shape, the others at their fastest
        for shape in shapes(tuple(paths), tuple(order)):
            inside = [s for s, path in zip(left, paths, strict=True) if path & set(shape.nodes)]
            self.rooms[shape] = min(inside) + self._least(shape)
        self._known: dict[tuple[int, ...], Joined | None] = {}

    def parts(self, shape: Shape, room: float | None = None) -> list[Joined]:
        """A shape in as few parts as can be had, its series left apart."""
        room = self.rooms[shape] if room is None else room
        whole = self._whole(shape, room) if shape.parallel or not shape.parts else None
        if whole is not None:
            return [whole]
        return [p for part in shape.parts for p in self.parts(part, self._room(part, shape, room))]

    def _least(self, shape: Shape) -> float:
        """Seconds that a shape takes at its fastest."""
        if not shape.parts:
            return self._fastest[shape.nodes[0]]
        each = map(self._least, shape.parts)
        return max(each) if shape.parallel else sum(each)

    def _room(self, part: Shape, shape: Shape, room: float) -> float:
        return room if shape.parallel else room - self._least(shape) + self._least(part)

    def _whole(self, shape: Shape, room: float) -> Joined | None:
        """A shape as one; None where that is too much."""
        if shape.nodes not in self._known:
            try:
                self._known[shape.nodes] = self._made(shape, room)
            except TooMany:
                self._known[shape.nodes] = None
        return self._known[shape.nodes]

    def _made(self, shape: Shape, room: float) -> Joined:
        if not shape.parts:
            return self._thinned(shape.nodes[0], room)
        found = [self._whole(part, self._room(part, shape, room)) for part in shape.parts]
        parts = sorted((part for part in found if part is not None), key=len)
        if len(parts) < len(found):
            raise TooMany
        made = parts[0]
        for whole in parts[1:]:
            most = self._purse(made.nodes + whole.nodes)
            made = joined(made, whole, shape.parallel, room, most)
        return made

    def _thinned(self, node: int, room: float) -> Joined:
        stage = self._stages[node]
        at = np.flatnonzero((stage.latency <= room) & (stage.cost <= self._purse((node,))))
        at = at[undominated(stage.cost[at], stage.latency[at], stage.gain[at])]
        return Joined((node,), taken(stage, at), at[:, None])

    def _purse(self, nodes: Sequence[int]) -> float:
        """What some nodes may cost, the others at their cheapest."""
        return self._spare + sum(self._cheapest[v] for v in nodes)
