"""What happens on a job, noted as it happens and made into records when the job has ended.

Propensities and ranks are asked of the sampler only here, after the job: they are never on
the path of a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flexiflow.candidates.base import Raw
from flexiflow.graph import Graph
from flexiflow.records import Attempt, Kind, Terms, Verdict
from flexiflow.samplers.base import Decision, Explanation
from flexiflow.versions import Version


@dataclass(slots=True)
class Tried:
    """One attempt, or one memo hit."""

    step: int
    node: int
    choice: int
    upstream: tuple[int, ...]
    seed: int
    decision: int
    rolled_back_from: int | None
    kind: Kind = "pass"
    reason: str | None = None
    version: int | None = None
    confidence: float | None = None
    seconds: float = 0.0
    cost: float = 0.0
    memo: bool = False
    cold: bool = False

    def take(self, result: Version | Raw) -> None:
        """Note what came of it."""
        self.confidence = result.confidence
        if isinstance(result, Version):
            self.version = result.number
        else:
            self.kind, self.reason = result.kind, result.reason


class Cutting(NamedTuple):
    """A comparison with a threshold as it was made."""

    number: float
    statistic: float
    group: str | None
    terms: Terms | None = None


@dataclass(slots=True)
class Checked:
    """One check of an assertion; ``picks`` are the choices over its scope."""

    step: int
    assertion: int
    picks: tuple[int, ...]
    result: bool
    reason: str | None
    seconds: float
    memo: bool
    cut: Cutting | None = None


@dataclass(slots=True)
class Argued:
    """An argument of a node that could not be evaluated: its parents' values are to blame."""

    step: int
    text: str
    nodes: tuple[int, ...]
    picks: tuple[int, ...]
    reason: str


@dataclass(slots=True)
class Ledger:
    """All notes on one job."""

    graph: Graph
    tried: list[Tried] = field(default_factory=list)
    checked: list[Checked | Argued] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    seconds: float = 0.0
    cost: float = 0.0
    runs: int = 0
    begun: int = 0
    switches: int = 0
    rollbacks: int = 0
    rejected: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The step of the latest attempt, -1 before the first."""
        return len(self.tried) - 1

    def begin(
        self, node: int, choice: int, upstream: tuple[int, ...], seed: int, back: int | None
    ) -> Tried:
        """Note that a candidate's turn has come."""
        at = Tried(len(self.tried), node, choice, upstream, seed, len(self.decisions) - 1, back)
        self.tried.append(at)
        return at

    def withdraw(self, tried: Tried) -> None:
        """Strike an attempt that was called off before it ran."""
        self.tried.remove(tried)

    def paid(self, tried: Tried, seconds: float, cost: float, cold: bool) -> None:
        """Note what an attempt that was really run has taken."""
        tried.seconds, tried.cost, tried.cold = seconds, cost, cold
        self.seconds += seconds
        self.cost += cost
        self.runs += 1

    def attempts(self, job_id: str, told: Sequence[Explanation]) -> tuple[Attempt, ...]:
        """The records of all attempts; ``told`` explains each of the decisions."""
        first = told[0].orders if told else ()
        return tuple(self._attempt(job_id, t, told[t.decision], first) for t in self.tried)

    def _attempt(
        self,
        job_id: str,
        t: Tried,
        told: Explanation,
        orders: tuple[tuple[int, ...], ...],
    ) -> Attempt:
        node = self.graph.nodes[t.node]
        choice = node.choices[t.choice]
        candidate = node.candidates[choice.candidate]
        decision = self.decisions[t.decision]
        back = t.rolled_back_from
        return Attempt(
            job_id=job_id,
            step=t.step,
            node=node.name,
            candidate=candidate.name,
            fingerprint=candidate.fingerprint,
            roll=choice.roll,
            upstream=t.upstream,
            version=t.version,
            seed=t.seed,
            decision=t.decision,
            rank=orders[t.node].index(t.choice),
            propensity=told.propensity[t.node],
            path_propensity=told.path_propensity,
            sampled_pass=decision.node_pass[t.node] if decision.node_pass else None,
            sampled_seconds=decision.node_seconds[t.node] if decision.node_seconds else None,
            kind=t.kind,
            reason=t.reason,
            confidence=t.confidence,
            seconds=t.seconds,
            cost=t.cost,
            memo=t.memo,
            rolled_back_from=None if back is None else self.graph.nodes[back].name,
            cold=t.cold,
        )

    def verdicts(self, job_id: str) -> tuple[Verdict, ...]:
        """The records of all checks."""
        return tuple(self._verdict(job_id, c) for c in self.checked)

    def _verdict(self, job_id: str, c: Checked | Argued) -> Verdict:
        graph = self.graph
        if isinstance(c, Argued):
            picked = dict(zip(c.nodes, c.picks, strict=True))
            who = self._fingerprints(picked)
            return Verdict(job_id, c.step, c.text, c.text, who, False, c.reason, 0.0, False)
        assertion, scope = graph.assertions[c.assertion], graph.scopes[c.assertion]
        who = self._fingerprints(dict(zip(scope, c.picks, strict=True)))
        return Verdict(
            job_id, c.step, assertion.text, assertion.fingerprint, who, c.result, c.reason,
            c.seconds, c.memo, *(c.cut or (None, None, None, None)),
        )  # fmt: skip

    def _fingerprints(self, picked: dict[int, int]) -> dict[str, str]:
        graph = self.graph
        return {graph.nodes[v].name: graph.candidate(v, k).fingerprint for v, k in picked.items()}
