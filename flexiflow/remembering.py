"""What a workflow remembers: its records, what it has learned from them, and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flexiflow import saving
from flexiflow.changes import changes
from flexiflow.errors import BadInput
from flexiflow.explain import Account, explain
from flexiflow.feedback import Recent, late_feedback
from flexiflow.graph import Graph
from flexiflow.learner import Learner
from flexiflow.records import Feedback, Outcome
from flexiflow.samplers import Sampler
from flexiflow.steering import Steering
from flexiflow.stores import Store
from flexiflow.tables import unpacked


class Remembering:
    """Base of a workflow: all of it that outlives its jobs.

    Attributes
    ----------
    graph
        The definition, as it was written.
    steering
        Pins, bans and weights, which all runs and calls share.
    last
        The latest outcome here.
    """

    graph: Graph
    steering: Steering
    last: Outcome | None
    _learner: Learner
    _recent: Recent
    _told: bool

    @property
    def name(self) -> str:
        """The workflow's name: beliefs and records belong to it."""
        return self.graph.name

    @property
    def sampler(self) -> Sampler:
        """Who chooses, with what it has learned."""
        return self._learner.sampler

    @property
    def store(self) -> Store:
        """Where records go; the default one is opened at first use."""
        return self._learner.store

    def feedback(self, job_id: str, *, score: float | None = None, **labels: Any) -> Feedback:
        """Give a job its label, or a score, after it has ended.

        ``labels`` are inputs that default to None and were not given; ``score`` sets the
        reward directly. Returns the record with all terms as they stand now; it is durable.
        """
        values = self._recent.values_of(job_id)
        record = late_feedback(self.steering.graph, self.store, job_id, labels, score, values)
        self._learner.tell(record)
        for run in list(self._learner.runs):
            run.label(job_id)
        return record

    def explain(self, job: str | Outcome | None = None) -> Account:
        """Tell why a job went as it did, by its id or outcome; by default the latest one."""
        if (job := self.last if job is None else job) is None:
            raise BadInput(f"{self.name} has run no job yet here. Give a job id.")
        job_id = job if isinstance(job, str) else job.job_id
        return explain(self.store, self.name, job_id, self.sampler, self.steering.graph)

    def log(self) -> pl.DataFrame:
        """All jobs of this workflow over all runs, one row each."""
        feedback = self.store.read("feedback", workflow=self.name)
        return unpacked(self.store.read("jobs", workflow=self.name), feedback)

    def learned(self) -> dict[str, Any]:
        """What was learned, that from the records of others included, as plain data."""
        return self._learner.learned()

    def reset(self) -> None:
        """Forget what was learned; the records stay."""
        self._learner.forget()

    def save(self, path: str | Path) -> Path:
        """Write what was learned to a file, which ``load`` reads; records are not in it.

        Raises
        ------
        BadInput
            If the file cannot be written, or the sampler's state is not plain data.
        """
        return saving.write(path, self.name, type(self.sampler).__name__, self.learned())

    def load(self, path: str | Path) -> None:
        """Believe what a file of ``save`` says and nothing else, from the next job on.

        Later starts go on from there too; the records stay, and are not learned again.

        Raises
        ------
        BadInput
            If the file is damaged, or of another workflow or sampler; then nothing changes.
        """
        self._learner.take_over(saving.read(path, self.name, type(self.sampler).__name__))

    def notices(self) -> list[str]:
        """What this definition changes for what was learned under older ones; told once."""
        self._told = True
        return changes(self.graph, self.store)
