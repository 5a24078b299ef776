"""What of a workflow is needed to serve it."""

from __future__ import annotations

from typing import Literal, Protocol

from flexiflow.graph import Graph
from flexiflow.learner import Learner
from flexiflow.present import Settings
from flexiflow.records import Outcome
from flexiflow.runner import Runner
from flexiflow.samplers import Sampler


class Served(Protocol):
    """A workflow, as :class:`flexiflow.Workflow` is one."""

    graph: Graph
    _learner: Learner
    settings: Settings
    _on_failure: Literal["return", "raise"]

    def _make_runner(
        self,
        learner: Learner,
        settings: Settings,
        sampler: Sampler | None = None,
        workers: int = 1,
        seed: int | None = None,
    ) -> Runner: ...

    def _noted(self, outcome: Outcome) -> Outcome: ...
