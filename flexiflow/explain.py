"""Why a job went as it did, in words, from its records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.recall import outcome_of
from flexiflow.runner import lock_of
from flexiflow.samplers import Hybrid, Sampler
from flexiflow.stores.base import Store

_SHOWN = 5  # candidates of whom it is said what they are worth


class Account:
    """The story of one job; its ``repr`` is a text to read.

    Attributes
    ----------
    job
        The job's row as a dictionary.
    attempts, verdicts
        Its rows of these tables.
    blame
        (node, candidate) -> how likely it was good enough for this job, given its verdicts,
        where a sampler can tell.
    expected
        Term of the objective -> (node, candidate) -> what a passed output of it is now expected
        to be worth on such a job, where labels have told and a sampler can tell.
    """

    def __init__(
        self,
        job: dict[str, Any],
        attempts: pl.DataFrame,
        verdicts: pl.DataFrame,
        blame: Mapping[tuple[str, str], float] | None = None,
        expected: Mapping[str, Mapping[tuple[str, str], float]] | None = None,
    ) -> None:
        self.job, self.attempts, self.verdicts = job, attempts, verdicts
        self.blame, self.expected = dict(blame or {}), dict(expected or {})

    def __repr__(self) -> str:
        job = self.job
        head = (
            f"Job {job['job_id']} of {job['workflow']}: {job['status']} after "
            f"{_many(job['attempts'], 'attempt')}, {_many(job['switches'], 'switch', 'switches')}, "
            f"{_many(job['rollbacks'], 'rollback')}, {_seconds(job['seconds'])}"
        )
        lines = [head]
        for row in self.attempts.iter_rows(named=True):
            if row["rolled_back_from"]:
                lines.append(f"  back from {row['rolled_back_from']} to {row['node']}")
            lines.append("  " + _line(row))
        if job["error"] and not job["passed"]:
            lines.append(f"  ended: {job['error']}")
        if self.blame:
            told = (f"{node}={name} {good:.0%}" for (node, name), good in self.blame.items())
            lines.append("  good enough for this job: " + ", ".join(told))
        for term, worth in self.expected.items():
            best = sorted(worth.items(), key=lambda it: -it[1])[:_SHOWN]
            told = (f"{node}={name} {value:.3g}" for (node, name), value in best)
            lines.append(f"  if passed, {term} is expected to be: {', '.join(told)}")
        path = json.loads(job["configuration"]) if job["configuration"] else {}
        if path:
            kind = "accepted" if job["passed"] else "best so far"
            lines.append(f"  {kind}: " + " > ".join(f"{n}={c}" for n, c in path.items()))
        return "\n".join(lines)


def explain(
    store: Store,
    workflow: str,
    job_id: str,
    sampler: Sampler | None = None,
    graph: Graph | None = None,
) -> Account:
    """Tell the story of one job.

    A hybrid sampler adds who is to blame for its failures and, of a graph, what outputs of its
    candidates are expected to be worth on such a job.

    Raises
    ------
    BadInput
        If the store has no such job.
    """
    jobs = store.read("jobs", workflow=workflow, job_id=job_id)
    if jobs.is_empty():
        raise BadInput(
            f"The log of {workflow!r} has no job {job_id!r}. "
            "Ids are in the column job_id of run.jobs and of log()."
        )
    blame, expected = None, None
    if isinstance(sampler, Hybrid):
        outcome = outcome_of(store, workflow, job_id)
        with lock_of(sampler):
            blame = sampler.blame(outcome)
            expected = sampler.expected(graph, outcome.job.context) if graph else None
    return Account(
        jobs.row(-1, named=True),
        store.read("attempts", workflow=workflow, job_id=job_id),
        store.read("verdicts", workflow=workflow, job_id=job_id),
        blame,
        expected,
    )


def _line(row: dict[str, Any]) -> str:
    name = row["candidate"] + (f" (re-roll {row['roll']})" if row["roll"] else "")
    text = f"{row['node']}: {name} -> {row['kind']}"
    if row["reason"]:
        text += f" ({row['reason']})"
    text += ", from the memo" if row["memo"] else f", {_seconds(row['seconds'])}"
    facts = []
    if row["rank"] is not None:
        facts.append(f"place {row['rank'] + 1} in the order")
    if row["sampled_pass"] is not None:
        facts.append(f"drawn P(pass) {row['sampled_pass']:.2f}")
    if row["sampled_seconds"] is not None:
        facts.append(f"expected {_seconds(row['sampled_seconds'])}")
    if row["propensity"] is not None:
        facts.append(f"propensity {row['propensity']:.2f}")
    return f"{text}  [{'; '.join(facts)}]" if facts else text


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _seconds(value: float) -> str:
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"
