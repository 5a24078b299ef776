"""The seam of a sampler: it proposes configurations and learns from how jobs ended.

``propose`` sees the state of several jobs and gives one decision for each: the next
configuration to run, or None where none is left. ``update`` learns from ended jobs, whether
they come fresh from the runner or back from the log. ``state`` is what it has learned, as
plain lists.

A sampler owns no random numbers: what it draws follows from the seed of the job at hand, so
that the same jobs with the same seeds and the same beliefs end the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flexiflow.errors import BadInput
from flexiflow.graph import Configuration, Graph
from flexiflow.records import Labelled, Outcome

Nodes = tuple[int, ...]


@dataclass(slots=True)
class JobState:
    """What a sampler may know of a job: the workflow, and what has happened so far.

    Attributes
    ----------
    graph
        The workflow.
    seed
        Of this job; 63 bits.
    context
        Job-level features by name; None where missing.
    present
        The configuration that was run last.
    excluded
        Nodes -> choices over them that are known not to do: every configuration that agrees
        with one of them is out.
    fixed
        Node -> choice that must stay (an effect has run).
    barred
        (node, choice) pairs to be taken only when nothing else is left (a cool-down).
    failures
        (assertion, choices over its scope) of every failed check so far.
    holds
        The same of every check that held.
    broken
        (node, choice) of every attempt that gave no value: an exception or a timeout.
    known
        For each node, the lineages (choices over ``graph.lineage[node]``) whose result is
        known: nothing is to be paid for them again.
    runs
        How many runs of candidates the job may still begin; None: any number.
    draw
        Where the sampler keeps its one draw of this job.
    """

    graph: Graph
    seed: int
    context: Mapping[str, Any] = field(default_factory=dict)
    present: Configuration | None = None
    excluded: dict[Nodes, set[tuple[int, ...]]] = field(default_factory=dict)
    fixed: dict[int, int] = field(default_factory=dict)
    barred: set[tuple[int, int]] = field(default_factory=set)
    failures: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    holds: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    broken: list[tuple[int, int]] = field(default_factory=list)
    known: list[set[tuple[int, ...]]] = field(default_factory=list)
    runs: int | None = None
    draw: Any = None

    @property
    def fresh(self) -> bool:
        """Whether nothing has happened yet on this job."""
        return not (self.excluded or self.fixed or self.barred or self.known)

    def exclude(self, nodes: Nodes, choices: tuple[int, ...]) -> None:
        """Rule out every configuration that makes these choices at these nodes."""
        self.excluded.setdefault(nodes, set()).add(choices)


class Explanation(NamedTuple):
    """Why a configuration was chosen, computed after the job, off the path of the decision."""

    path_propensity: float  #: probability that this configuration came next
    propensity: tuple[float, ...]  #: per node: that its candidate came next there
    orders: tuple[tuple[int, ...], ...]  #: per node: choices in the order offered at the start


@dataclass(frozen=True, slots=True)
class Decision:
    """The next configuration of a job, with the sampler's expectation of it.

    Attributes
    ----------
    configuration
        One choice per node.
    pass_probability
        As drawn for this job; None from a sampler without beliefs.
    price
        Expected price still to be paid (seconds, or what ``minimize`` weighs).
    node_pass, node_seconds
        Per node, as drawn for this job; None from a sampler without beliefs, or where nothing
        was seen yet.
    explain
        Computes the rest; call it after the job.
    """

    configuration: Configuration
    pass_probability: float | None
    price: float | None
    node_pass: tuple[float, ...] | None
    node_seconds: tuple[float | None, ...] | None
    explain: Callable[[], Explanation]


class Ask(NamedTuple):
    """A comparison with a threshold about to be made on a job."""

    graph: Graph
    assertion: int
    seed: int  #: of the job
    member: tuple[str, str]  #: (node, fingerprint) of the candidate after which it is made
    statistic: float
    group: str | None
    later: bool  #: whether something has failed on the job before
    context: Mapping[str, Any]  #: of the job


class Advice(NamedTuple):
    """Where a threshold is best put, and what the value at hand is expected to be worth."""

    number: float
    worth: float  #: objective of accepting it, price apart


class Sampler(ABC):
    """Proposes configurations, learns from outcomes, and can be saved."""

    @abstractmethod
    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Choose the next configuration of each job; None where none is left to try."""

    @abstractmethod
    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Learn from ended jobs; those that teach nothing are passed over."""

    def label(self, labelled: Sequence[Labelled]) -> None:  # noqa: B027 - most learn nothing here
        """Learn from labels that came after their jobs; by default nothing."""

    def advise(self, ask: Ask) -> Advice | None:  # noqa: B027 - most learn nothing here
        """Say where a threshold is best put; by default, and before labels came, None."""

    @property
    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What was learned, as plain lists, strings and numbers; setting it checks it.

        Raises
        ------
        BadInput
            On setting, if it is not a state of this sampler.
        """

    @state.setter
    @abstractmethod
    def state(self, state: Mapping[str, Any]) -> None: ...


class Stateless(Sampler):
    """Base of the samplers that learn nothing."""

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Learn nothing."""

    @property
    def state(self) -> dict[str, Any]:
        """Nothing; only nothing can be set."""
        return {}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        if state:
            raise BadInput(
                f"{type(self).__name__} learns nothing and has no state to set. "
                f"Got one with {sorted(state)}."
            )
