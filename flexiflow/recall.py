"""Rebuilding what was learned from a store: a checked snapshot, then the log after it.

The log is the truth. A snapshot only saves reading all of it; one that cannot be used is
passed over with a warning, and everything is learned again from the log.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator, Mapping, Set
from typing import Any

import polars as pl

from flexiflow.errors import BadInput
from flexiflow.records import Attempt, Job, Labelled, Outcome, Snapshot, Terms, Verdict
from flexiflow.samplers.base import Sampler
from flexiflow.stores.base import Store

_BLOCK = 5_000  # jobs read at once


class Recall:
    """Keeps a sampler abreast of one workflow's log, whoever writes it.

    Attributes
    ----------
    learned
        Jobs learned from the log so far.
    own
        Ids of the runs that the sampler learns from directly; their rows are passed over.
    """

    def __init__(self, store: Store, workflow: str, sampler: Sampler) -> None:
        self.store, self.workflow, self.sampler = store, workflow, sampler
        self.own: set[str] = set()
        self.learned = 0
        self._upto: int | None = None
        self._heard = 0

    def catch_up(self) -> int:
        """Learn what the store has and the sampler has not seen yet; how many jobs."""
        if self._upto is None:
            self._upto = self._restore()
        before = self.learned
        for last, outcomes in outcomes_of(self.store, self.workflow, self._upto, self.own):
            self.sampler.update(outcomes)
            self.learned += len(outcomes)
            self._upto = last
        self._hear()
        return self.learned - before

    def _hear(self) -> None:
        """Learn what labels say that came since, each in place of what was known before."""
        first = self._heard
        rows = self.store.read("feedback", workflow=self.workflow, after=first)
        latest: dict[str, Terms] = {}
        for row in rows.iter_rows(named=True):
            job_id, terms = row["job_id"], json.loads(row["terms"])
            outcome = outcome_of(self.store, self.workflow, job_id)
            before = latest.get(job_id)
            if before is None:
                before = self._told(job_id, first, outcome.job.terms)
            rejected = json.loads(row["rejected"] or "{}")
            self.sampler.label([Labelled(outcome, before, terms, rejected)])
            latest[job_id], self._heard = terms, int(row["seq"])

    def _told(self, job_id: str, upto: int, terms: Terms) -> Terms:
        """The terms of a job by its last label up to some ``seq``; those given if it has none."""
        if not upto:
            return terms
        told = self.store.read("feedback", workflow=self.workflow, job_id=job_id)
        earlier: list[str] = told.filter(pl.col("seq") <= upto)["terms"].to_list()
        return json.loads(earlier[-1]) if earlier else terms

    def anew(self) -> None:
        """Learn the whole log again, own runs too; the sampler has been set back before."""
        self._upto = self._heard = 0
        own, self.own = self.own, set()
        try:
            self.catch_up()
        finally:
            self.own = own

    def save(self) -> None:
        """Write a snapshot of what is learned now."""
        self.catch_up()
        state = self.sampler.state
        if state:
            self._write(state)

    def forget(self) -> None:
        """From now on, learn only from jobs that are still to come."""
        frame = self.store.read("jobs", workflow=self.workflow)
        self._upto = int(frame["seq"].max() or 0)  # type: ignore[arg-type]  # seq holds integers
        told = self.store.read("feedback", workflow=self.workflow)
        self._heard = int(told["seq"].max() or 0)  # type: ignore[arg-type]  # as above
        self._write({})

    def _write(self, state: Mapping[str, Any]) -> None:
        name = type(self.sampler).__name__
        kept = {"heard": self._heard, "sampler": state}
        snapshot = Snapshot(self.workflow, name, self._upto or 0, time.time(), kept)
        self.store.append([snapshot])

    def _restore(self) -> int:
        """Take over the latest snapshot of this kind of sampler; up to where it reaches."""
        name = type(self.sampler).__name__
        frame = self.store.read("snapshots", workflow=self.workflow)
        frame = frame.filter(pl.col("sampler") == name)
        if frame.is_empty():
            return 0
        row = frame.row(-1, named=True)
        try:
            kept = json.loads(row["state"])
            if kept["sampler"]:
                self.sampler.state = kept["sampler"]
            self._heard = int(kept["heard"])
        except (BadInput, KeyError, ValueError, TypeError) as error:
            warnings.warn(
                f"The saved beliefs of {self.workflow!r} cannot be used and are learned again "
                f"from the log: {error}",
                stacklevel=3,
            )
            return 0
        return int(row["upto"])


def outcome_of(store: Store, workflow: str, job_id: str) -> Outcome:
    """One logged job with its attempts and verdicts."""
    row = store.read("jobs", workflow=workflow, job_id=job_id).row(-1, named=True)
    attempts = store.read("attempts", workflow=workflow, job_id=job_id)
    verdicts = store.read("verdicts", workflow=workflow, job_id=job_id)
    return Outcome(
        _job(row),
        tuple(_attempt(a) for a in attempts.iter_rows(named=True)),
        tuple(_verdict(v) for v in verdicts.iter_rows(named=True)),
    )


def outcomes_of(
    store: Store, workflow: str, after: int = 0, without: Set[str] = frozenset()
) -> Iterator[tuple[int, list[Outcome]]]:
    """Logged jobs with their attempts and verdicts, in blocks, in the order of their end.

    Parameters
    ----------
    after
        The ``seq`` of the last job not to be given.
    without
        Ids of runs to be passed over.

    Yields
    ------
    The ``seq`` of the last job of the block, and the block.
    """
    frames: dict[tuple[str, str], pl.DataFrame] = {}
    while True:
        jobs = store.read("jobs", workflow=workflow, after=after, limit=_BLOCK)
        if jobs.is_empty():
            return
        after = int(jobs["seq"][-1])
        jobs = jobs.filter(~pl.col("run").is_in(list(without)))
        runs = set(jobs["run"])
        for run in runs:  # each run is read once, however many blocks it fills
            for table in ("attempts", "verdicts"):
                if (table, run) not in frames:
                    frames[table, run] = store.read(table, workflow=workflow, run=run)
        frames = {key: frame for key, frame in frames.items() if key[1] in runs}
        attempts = _by_job(frames, "attempts", jobs["job_id"])
        verdicts = _by_job(frames, "verdicts", jobs["job_id"])
        outcomes = [
            Outcome(
                _job(row),
                tuple(_attempt(a) for a in attempts.get(row["job_id"], ())),
                tuple(_verdict(v) for v in verdicts.get(row["job_id"], ())),
            )
            for row in jobs.iter_rows(named=True)
        ]
        yield after, outcomes


def _by_job(
    frames: Mapping[tuple[str, str], pl.DataFrame], table: str, wanted: pl.Series
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for (name, _), frame in frames.items():
        if name == table:
            mine = frame.filter(pl.col("job_id").is_in(wanted.implode()))
            for row in mine.iter_rows(named=True):
                found.setdefault(row["job_id"], []).append(row)
    return found


def _job(row: Mapping[str, Any]) -> Job:
    fields = {name: row[name] for name in Job._fields}
    for name in ("context", "terms", "configuration"):
        fields[name] = json.loads(fields[name])
    return Job(**fields)


def _attempt(row: Mapping[str, Any]) -> Attempt:
    fields = {name: row[name] for name in Attempt._fields}
    fields["upstream"] = tuple(fields["upstream"])
    fields["cold"] = bool(fields["cold"])  # null in rows of an earlier version
    return Attempt(**fields)


def _verdict(row: Mapping[str, Any]) -> Verdict:
    fields = {name: row[name] for name in Verdict._fields}
    fields["configuration"] = json.loads(fields["configuration"])
    fields["terms"] = json.loads(fields["terms"]) if fields["terms"] else None
    return Verdict(**fields)
