"""A fixed order: what one does today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.graph import Configuration, Graph
from flexiflow.samplers.base import Decision, Explanation, JobState, Stateless
from flexiflow.samplers.space import Ints, Space


class Fixed(Stateless):
    """Try the candidates as they are written, or in a given order of whole configurations.

    As written means: all candidates of the last node first, then the next candidate of the
    node before it, and so on.

    Parameters
    ----------
    order
        Configurations to try first, each a mapping node name -> candidate name.

    Examples
    --------
    >>> sampler = Fixed([{"ocr": "fast"}, {"ocr": "slow"}])
    """

    def __init__(self, order: Sequence[Mapping[str, str]] = ()) -> None:
        self.order = tuple(dict(c) for c in order)
        self._spaces: dict[str, tuple[Space, list[Configuration]]] = {}

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Give the first configuration of the order that is left."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        graph = state.graph
        if graph.digest not in self._spaces:
            self._spaces[graph.digest] = (Space(graph), [_find(graph, c) for c in self.order])
        space, listed = self._spaces[graph.digest]
        chosen: Configuration | None = None
        if listed:
            rows = np.array(listed, dtype=np.int64)
            left = np.flatnonzero(space.alive(state, rows))
            chosen = listed[left[0]] if len(left) else None
        if chosen is None:
            chosen = _as_written(space, state)
        if chosen is None:
            return None
        return Decision(chosen, None, None, None, None, lambda: _certain(space, chosen))


def _as_written(space: Space, state: JobState) -> Configuration | None:
    prefer: list[Ints] = []
    for v, size in enumerate(space.sizes):
        barred = [(v, k) in state.barred for k in range(size)]
        prefer.append(np.argsort(barred, kind="stable"))
    return space.first_alive(state, prefer)


def _certain(space: Space, chosen: Configuration) -> Explanation:
    orders = tuple(tuple(range(size)) for size in space.sizes)
    return Explanation(1.0, (1.0,) * len(chosen), orders)


def _find(graph: Graph, named: Mapping[str, str]) -> Configuration:
    names = [n.name for n in graph.nodes]
    if sorted(named) != sorted(names):
        raise BadInput(
            f"A configuration of {graph.name!r} must name a candidate for each of the nodes "
            f"{names}. Got {dict(named)}."
        )
    found = []
    for node in graph.nodes:
        for k, choice in enumerate(node.choices):
            if node.candidates[choice.candidate].name == named[node.name] and choice.roll == 0:
                found.append(k)
                break
        else:
            known = [c.name for c in node.candidates]
            raise BadInput(
                f"Node {node.name!r} has no candidate {named[node.name]!r}. It has {known}."
            )
    return tuple(found)
