"""A random order: the yardstick that knows nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flexiflow.graph import Configuration
from flexiflow.samplers.base import Decision, Explanation, JobState, Stateless
from flexiflow.samplers.space import Space


class Random(Stateless):
    """Try the configurations in a random order, each with the same probability.

    Where there are too many to enumerate, choices are shuffled at each node, and the
    propensities given are those of this shuffle while nothing is excluded.
    """

    def __init__(self) -> None:
        self._spaces: dict[str, Space] = {}

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Draw one of the configurations that are left."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        graph = state.graph
        space = self._spaces.get(graph.digest)
        if space is None:
            space = self._spaces[graph.digest] = Space(graph)
        if state.draw is None:
            state.draw = np.random.default_rng(state.seed)
        rng: np.random.Generator = state.draw
        if not space.small:
            return _shuffled(space, state, rng)
        left = space.everything
        if not state.fresh:
            left = left[space.alive(state, left)]
        if not len(left):
            return None
        chosen = tuple(int(c) for c in left[rng.integers(len(left))])
        return Decision(chosen, None, None, None, None, lambda: _even(space, left, chosen))


def _even(space: Space, left: np.ndarray, chosen: Configuration) -> Explanation:
    share = tuple(float(np.mean(left[:, v] == chosen[v])) for v in range(len(chosen)))
    orders = tuple(tuple(range(size)) for size in space.sizes)
    return Explanation(1.0 / len(left), share, orders)


def _shuffled(space: Space, state: JobState, rng: np.random.Generator) -> Decision | None:
    prefer = []
    for v, size in enumerate(space.sizes):
        order = rng.permutation(size)
        barred = [(v, int(k)) in state.barred for k in order]
        prefer.append(order[np.argsort(barred, kind="stable")])
    chosen = space.first_alive(state, prefer)
    if chosen is None:
        return None
    share = tuple(1.0 / size for size in space.sizes)
    orders = tuple(tuple(int(k) for k in order) for order in prefer)
    path = 1.0 / space.graph.size
    return Decision(chosen, None, None, None, None, lambda: Explanation(path, share, orders))
