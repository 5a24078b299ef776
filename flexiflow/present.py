"""What a job's parts work on together: its values, memo, notes and present configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from flexiflow.candidates.base import Candidate
from flexiflow.checks import View
from flexiflow.graph import Configuration, Graph
from flexiflow.ledger import Ledger
from flexiflow.records import Status
from flexiflow.samplers.base import Advice, Ask, Decision, Explanation, JobState
from flexiflow.versions import Memo

Clock = Callable[[int, str, str], float]
"""(number of the job in its run, node, candidate) -> the seconds an attempt is taken to last."""


Mark = Literal["started", "done", "failed"]


@dataclass(frozen=True)
class Settings:
    """How jobs are run; see ``Workflow.run`` for the meaning of each."""

    max_attempts: int | None = None
    max_seconds: float | None = None
    stop_when: float | Callable[[Decision], bool] | None = None
    on_refusal: Literal["stop", "switch"] = "stop"
    cooldown: float = 30.0
    clock: Clock | None = None
    executor: Executor | None = None


class Ticket(NamedTuple):
    """Which job of which run this is."""

    job_id: str
    run: str
    number: int
    seed: int


class World(Protocol):
    """What the jobs of a run share."""

    settings: Settings
    thresholds: Mapping[str, float]
    warned: set[str]

    def propose(self, state: JobState) -> Decision | None:
        """Ask the sampler for the next configuration of a job."""

    def advise(self, threshold: str, ask: Ask) -> Advice | None:
        """Ask where a threshold is best put; None where its user has set it."""

    def explain(self, decisions: Sequence[Decision]) -> list[Explanation]:
        """Ask why each configuration was chosen, when the job has ended."""

    def cooling(self) -> set[tuple[int, int]]:
        """(node, choice) pairs that were unavailable a short time ago."""

    def cool(self, candidate: Candidate, seconds: float | None) -> None:
        """Leave an unavailable candidate alone for a while."""

    def mark_effect(self, job_id: str, node: int, choice: int, state: Mark) -> None:
        """Write a mark into the journal of effects; durable on return."""

    def effect_marked(self, job_id: str, node: int) -> str | None:
        """The latest mark of an earlier try at this effect."""


class Failed(Exception):
    """The configuration at hand does not do; ``node`` is where that came out."""

    def __init__(self, node: int) -> None:
        super().__init__(node)
        self.node = node


class End(Exception):
    """The job ends here without a pass."""

    def __init__(self, status: Status, error: str | None) -> None:
        super().__init__(status)
        self.status, self.error = status, error


class UnderWay(NamedTuple):
    """A job that has begun and not ended."""

    number: int  #: in its run
    job_id: str
    configuration: Configuration | None  #: the choice at each node; None before the first
    node: int | None  #: the node at hand; None when all have run
    back: int | None  #: the node whose failure sent the job back to the one at hand
    seconds: float  #: since it began


@dataclass(slots=True)
class Present:
    """One job as it stands.

    Attributes
    ----------
    view
        The versions of the present configuration, for expressions to read.
    state
        What the sampler sees.
    configuration
        The present one; None before the first decision.
    reason
        The latest failure, in words.
    back
        The node whose failure sent the job back, until the first attempt after it.
    """

    graph: Graph
    world: World
    job_id: str
    number: int
    view: View
    state: JobState
    memo: Memo
    ledger: Ledger
    configuration: Configuration | None = None
    reason: str | None = None
    back: int | None = None

    def picks(self, nodes: tuple[int, ...]) -> tuple[int, ...]:
        """What the present configuration chooses at some nodes."""
        if not nodes:
            return ()
        assert self.configuration is not None
        return tuple(self.configuration[v] for v in nodes)

    def exclude(self, nodes: tuple[int, ...]) -> None:
        """Rule out every configuration that chooses as the present one at these nodes."""
        self.state.exclude(nodes, self.picks(nodes))

    def standing(self, seconds: float) -> UnderWay:
        """Where it stands, ``seconds`` after it began; may be asked from any thread."""
        made, tried, back = self.view.made, self.ledger.tried, self.back
        node = next((v for v in self.graph.order if v not in made), None)
        if back is None and tried:
            back = tried[-1].rolled_back_from
        return UnderWay(self.number, self.job_id, self.configuration, node, back, seconds)
