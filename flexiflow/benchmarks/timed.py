"""A sampler with a stopwatch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from flexiflow.records import Outcome
from flexiflow.samplers import Decision, JobState, Sampler


class Timed(Sampler):
    """A sampler whose ``propose`` and ``update`` are timed.

    Attributes
    ----------
    seconds
        Spent in the two so far.
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler, self.seconds = sampler, 0.0

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """What the sampler proposes."""
        began = time.perf_counter()
        found = self.sampler.propose(states)
        self.seconds += time.perf_counter() - began
        return found

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Let the sampler learn."""
        began = time.perf_counter()
        self.sampler.update(outcomes)
        self.seconds += time.perf_counter() - began

    @property
    def state(self) -> dict[str, Any]:
        """The sampler's."""
        return self.sampler.state

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self.sampler.state = state
