"""Plain Thompson sampling, as it is usually done: what is gained by doing more than that.

Both samplers draw once for a job and take configurations in the order of the drawn pass
probabilities, whatever they cost. They count the verdicts on what they take for their arms:
whole configurations, or the candidates of each node. They are meant for workflows whose one
assertion judges whole configurations.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.records import Outcome
from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.samplers.space import Space

_DRAWS = 16  # a job acts on the first; the others tell its propensities


class _Arms(NamedTuple):
    """The arms of a workflow, and which of them each configuration has, `(size, n)`."""

    space: Space
    keys: list[str]
    rows: NDArray[np.intp]


class Plain(Sampler):
    """Base of the two: Beta(1 + passes, 1 + failures) an arm, no price, no context [1]_.

    References
    ----------
    .. [1] Thompson, W. R. (1933). On the likelihood that one unknown probability exceeds
       another in view of the evidence of two samples. Biometrika 25.
    """

    def __init__(self) -> None:
        self._counts: dict[str, list[float]] = {}
        self._known: dict[str, _Arms] = {}

    @abstractmethod
    def arms(self, chosen: Mapping[str, str]) -> list[str]:
        """The arms of a configuration, given as node name -> fingerprint of the candidate."""

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Give each job what has the highest pass probability under its own draw."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        arms = self._arms(state.graph)
        if state.draw is None:
            counts = np.array([self._counts.get(key, (0.0, 0.0)) for key in arms.keys])
            rng, size = np.random.default_rng(state.seed), (_DRAWS, len(counts))
            drawn = rng.beta(1.0 + counts[:, 0], 1.0 + counts[:, 1], size=size)
            state.draw = drawn[:, arms.rows].prod(axis=2)
        draws: NDArray[np.float64] = state.draw
        every = arms.space.everything
        alive = arms.space.alive(state, every)
        if not alive.any():
            return None
        best = np.where(alive, draws, -1.0).argmax(axis=1)

        def explain() -> Explanation:
            same = every[best] == every[best[0]]
            return Explanation(
                float(same.all(axis=1).mean()),
                tuple(same.mean(axis=0).tolist()),
                _orders(every, draws[0]),
            )

        configuration = tuple(every[best[0]].tolist())
        return Decision(configuration, float(draws[0, best[0]]), None, None, None, explain)

    def _arms(self, graph: Graph) -> _Arms:
        if graph.digest not in self._known:
            space = Space(graph)
            if not space.small:
                raise BadInput(
                    f"{type(self).__name__} scores every configuration of a workflow, and "
                    f"{graph.name!r} has {graph.size}. Use Thompson."
                )
            found = [
                [f"{graph.name} {arm}" for arm in self.arms(_chosen(graph, c))]
                for c in space.everything.tolist()
            ]
            place = {key: i for i, key in enumerate(dict.fromkeys(k for ks in found for k in ks))}
            rows = np.array([[place[key] for key in keys] for keys in found], dtype=np.intp)
            self._known[graph.digest] = _Arms(space, list(place), rows)
        return self._known[graph.digest]

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Count each verdict once for each arm of the configuration it judged."""
        for outcome in outcomes:
            for verdict in outcome.verdicts if outcome.job.teaches else ():
                for arm in self.arms(verdict.configuration):
                    counts = self._counts.setdefault(f"{outcome.job.workflow} {arm}", [0.0, 0.0])
                    counts[not verdict.result] += 1.0

    @property
    def state(self) -> dict[str, Any]:
        """Passes and failures of each arm; setting it checks it."""
        return {"counts": {key: list(counts) for key, counts in self._counts.items()}}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        try:
            counts = {str(k): [float(x) for x in pair] for k, pair in state["counts"].items()}
            bad = [c for c in counts.values() if len(c) != 2 or not all(map(_counted, c))]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                f"A saved state of {type(self).__name__} could not be read: {error!r}."
            ) from error
        if bad:
            raise BadInput(f"An arm has two counts, 0 or more and finite. Got {bad[0]}.")
        self._counts = counts


class ByConfiguration(Plain):
    """Plain Thompson sampling whose arms are whole configurations."""

    def arms(self, chosen: Mapping[str, str]) -> list[str]:
        """One arm: the configuration."""
        return [" ".join(f"{node}={chosen[node]}" for node in sorted(chosen))]


class ByNode(Plain):
    """Plain Thompson sampling whose arms are the candidates of each node."""

    def arms(self, chosen: Mapping[str, str]) -> list[str]:
        """One arm for each node."""
        return [f"{node}={chosen[node]}" for node in sorted(chosen)]


def _chosen(graph: Graph, configuration: Sequence[int]) -> dict[str, str]:
    picks = enumerate(configuration)
    return {graph.nodes[v].name: graph.candidate(v, k).fingerprint for v, k in picks}


def _orders(every: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    """Per node, its choices by the best score of a configuration that makes them."""
    orders = []
    for column in every.T:
        tops = np.full(int(column.max()) + 1, -1.0)
        np.maximum.at(tops, column, scores)
        orders.append(tuple((-tops).argsort(kind="stable").tolist()))
    return tuple(orders)


def _counted(count: float) -> bool:
    return 0.0 <= count < math.inf
