"""The records of a run: what is remembered of every job, attempt and verdict.

They are frozen tuples, written once and never changed: all that is learned can be rebuilt
from them. Seconds are seconds everywhere; times are Unix times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "pass", "soft failure", "exception", "timeout", "unavailable", "refused", "unknown effect"
]
"""How one attempt ended. Soft failure, exception and timeout teach the pass belief."""

Status = Literal["passed", "exhausted", "budget", "stopped", "refused", "invalid", "unknown"]
"""How a job ended. Only the first is a pass; an invalid job teaches nothing; "unknown" is one
whose effect may have happened."""

Terms = Mapping[str, float | None]
"""Objective term -> its value; None waits for a label."""

TEACHES: frozenset[str] = frozenset({"pass", "soft failure", "exception", "timeout"})
FAILS: frozenset[str] = frozenset({"soft failure", "exception", "timeout"})


class Attempt(NamedTuple):
    """One candidate of one node, run once on one job (or found in the job's memo)."""

    job_id: str
    step: int  #: place in the job, memo hits included, from 0
    node: str
    candidate: str
    fingerprint: str  #: of the candidate's code and options
    roll: int  #: 0, or the number of the re-roll
    upstream: tuple[int, ...]  #: versions of the nodes it read
    version: int | None  #: version it made; None if it made none
    seed: int
    decision: int  #: the configuration of the job it belongs to, from 0
    rank: int | None  #: place of the candidate in the order offered at its node, from 0
    propensity: float | None  #: probability that this candidate came next at its node
    path_propensity: float | None  #: probability of the whole configuration
    sampled_pass: float | None  #: pass probability drawn for this job
    sampled_seconds: float | None  #: seconds drawn or expected for this job
    kind: Kind
    reason: str | None  #: the assertion's text, the exception, the time limit
    confidence: float | None
    seconds: float  #: measured where the model ran; 0 for a memo hit
    cost: float  #: the candidate's declared price; 0 for a memo hit
    memo: bool  #: found in the memo, not run
    rolled_back_from: str | None  #: the node whose failure sent the job back to here
    cold: bool = False  #: the candidate's first run in its process; memo hits and a clock: never


class Verdict(NamedTuple):
    """One check of one assertion on one configuration of its scope."""

    job_id: str
    step: int  #: the attempt after which it was checked; -1 for a check of the input
    assertion: str  #: its text
    fingerprint: str  #: of its text and the code it calls
    configuration: Mapping[str, str]  #: node -> fingerprint of the candidate, over its scope
    result: bool
    reason: str | None  #: the user's message, or the error it raised
    seconds: float
    memo: bool  #: known from an equal value, not checked again
    threshold: float | None = None  #: the number in force, where it is one comparison with it
    statistic: float | None = None  #: what was compared with it
    group: str | None = None  #: which of the threshold's numbers it was: the value of ``by``
    terms: Mapping[str, float | None] | None = None  #: objective terms of what failed it


class Job(NamedTuple):
    """One job and how it ended."""

    job_id: str
    workflow: str
    definition: str  #: digest of the workflow's text and candidates
    run: str
    number: int  #: place in the run, from 0
    started: float  #: Unix time
    finished: float  #: Unix time
    status: Status
    passed: bool
    context: Mapping[str, Any]
    terms: Mapping[str, float | None]  #: objective terms; None waits for a label
    reward: float | None  #: weighted sum of the terms, None while one is missing
    seconds: float  #: over all attempts
    cost: float  #: over all attempts
    attempts: int  #: really run, memo hits not counted
    switches: int
    rollbacks: int
    configuration: Mapping[str, str]  #: node -> candidate that gave the output
    output: str | None  #: JSON where it can be, else its repr, capped
    output_kind: str | None  #: "json", "repr" or None
    kept: str | None  #: JSON of the values that late terms will read
    error: str | None
    teaches: bool  #: False: beliefs are not updated from this job


class Feedback(NamedTuple):
    """A label or a score that came after the job had ended; append-only."""

    job_id: str
    time: float  #: Unix time
    labels: Mapping[str, Any]
    terms: Mapping[str, float | None]  #: all terms as they stand with these labels
    reward: float | None
    rejected: Mapping[str, Terms] | None = None  #: step -> terms of what failed a check there


class Effect(NamedTuple):
    """A mark in the journal of effects: written before the effect runs, and after it."""

    job_id: str
    workflow: str
    node: str
    candidate: str
    time: float  #: Unix time
    state: Literal["started", "done", "failed"]


class Definition(NamedTuple):
    """A version of a workflow: what its digest stands for."""

    digest: str
    workflow: str
    time: float  #: Unix time
    text: str
    assertions: Mapping[str, str]  #: text -> fingerprint
    candidates: Mapping[str, Mapping[str, str]]  #: node -> candidate -> fingerprint


class Snapshot(NamedTuple):
    """What a sampler had learned from the jobs of a workflow up to ``upto``.

    A short-cut only: the same beliefs can be rebuilt from the log.
    """

    workflow: str
    sampler: str  #: its class
    upto: int  #: the last ``seq`` of the jobs table that is contained
    time: float  #: Unix time
    state: Mapping[str, Any]  #: names -> plain numbers, strings and lists of them (JSON)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job with its records and, in this process only, its real output.

    ``values`` holds the accepted (or best) value of each name, ``rejected`` those that failed
    a check and whose worth a label will tell, by step. Both are empty in an outcome that was
    read back from a store.
    """

    job: Job
    attempts: tuple[Attempt, ...]
    verdicts: tuple[Verdict, ...]
    output: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    rejected: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def job_id(self) -> str:
        """The job's identifier, as in all tables."""
        return self.job.job_id

    @property
    def passed(self) -> bool:
        """Whether every assertion held."""
        return self.job.passed

    @property
    def status(self) -> Status:
        """How the job ended."""
        return self.job.status

    @property
    def seconds(self) -> float:
        """Seconds over all attempts of the job; memo hits and loading count nothing."""
        return self.job.seconds


@dataclass(frozen=True, slots=True)
class Labelled:
    """A job about which something was told after it had ended.

    Attributes
    ----------
    outcome
        The job with its records.
    before, terms
        The objective terms as they stood, and as they stand now.
    rejected
        Step -> the terms of the values that failed a check there.
    """

    outcome: Outcome
    before: Mapping[str, float | None]
    terms: Mapping[str, float | None]
    rejected: Mapping[str, Terms] = field(default_factory=dict)


Record = Outcome | Feedback | Effect | Definition | Snapshot
"""Whatever a store can append."""
