"""What a served job tries first: the plan's variants; then the workflow's own sampler decides."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from flexiflow.graph import Configuration, Graph
from flexiflow.learner import Learner
from flexiflow.records import Labelled, Outcome
from flexiflow.runner import lock_of
from flexiflow.samplers.base import Advice, Ask, Decision, Explanation, JobState, Sampler

Picks = tuple[int | None, ...]


class Planned(Sampler):
    """Begin each job with a plan's variants, and go on as another sampler would.

    A variant that is banned, or cooling down, gives way to what the other sampler would take.

    Parameters
    ----------
    sampler
        Who decides after the first try, and learns.
    picks
        For each node the choice to begin with, None where the sampler has it; may be set at
        any time and holds for the jobs that begin then.
    learns
        Whether ``sampler`` is told how jobs ended.
    """

    def __init__(self, sampler: Sampler, picks: Picks, learns: bool = True) -> None:
        self.sampler, self.picks, self.learns = sampler, picks, learns

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """The plan's configuration for jobs that begin, the sampler's for all others."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        if state.present is not None:
            return self.sampler.propose([state])[0]
        picks = self.picks  # another plan may be set meanwhile
        free = [_is_free(state, v, k) for v, k in enumerate(picks)]
        if all(free):
            return _decided(state.graph, tuple(k or 0 for k in picks))
        other = self.sampler.propose([state])[0]
        if other is None or not any(free):
            return other
        mixed = zip(free, picks, other.configuration, strict=True)
        return _decided(state.graph, tuple((k or 0) if good else c for good, k, c in mixed))

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Let the sampler learn, if it is to."""
        if self.learns:
            self.sampler.update(outcomes)

    def label(self, labelled: Sequence[Labelled]) -> None:
        """Let the sampler learn from labels, if it is to."""
        if self.learns:
            self.sampler.label(labelled)

    def advise(self, ask: Ask) -> Advice | None:
        """What the sampler says of a threshold."""
        return self.sampler.advise(ask)

    @property
    def state(self) -> dict[str, Any]:
        """The sampler's."""
        return self.sampler.state

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self.sampler.state = state


def still(learner: Learner) -> Sampler:
    """A workflow's sampler as it is now, apart from it."""
    with lock_of(learner.sampler):
        return copy.deepcopy(learner.sampler)


def _is_free(state: JobState, node: int, choice: int | None) -> bool:
    """Whether a job may begin with a choice."""
    if choice is None or (node, choice) in state.barred:
        return False
    return (choice,) not in state.excluded.get((node,), ())


def _decided(graph: Graph, chosen: Configuration) -> Decision:
    return Decision(chosen, None, None, None, None, lambda: _certain(graph, chosen))


def _certain(graph: Graph, chosen: Configuration) -> Explanation:
    """At each node what was chosen stood first, the others behind it as they are written."""
    orders = tuple(
        (first, *(k for k in range(len(node.choices)) if k != first))
        for node, first in zip(graph.nodes, chosen, strict=True)
    )
    return Explanation(1.0, (1.0,) * len(chosen), orders)
