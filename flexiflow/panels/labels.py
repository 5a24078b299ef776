"""What jobs turned out to be worth, from labels that came after they had ended."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from flexiflow.panels.past import logged
from flexiflow.recall import outcome_of
from flexiflow.records import Outcome
from flexiflow.stores.base import Store

MOST = 10_000  # jobs whose latest label is remembered here; of others the log is asked


class Told(NamedTuple):
    """A job that was given a label: what it was held to be worth, and what it is now."""

    outcome: Outcome
    before: float | None
    reward: float | None


class Labels:
    """The labels of one run; thread-safe.

    Parameters
    ----------
    store, workflow, run
        Where they are, and whose jobs they belong to.
    """

    def __init__(self, store: Store, workflow: str, run: str) -> None:
        self._store, self._workflow, self._run = store, workflow, run
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, float | None]] = OrderedDict()

    def logged(self) -> Iterator[Outcome]:
        """The run's jobs as the log has them, each worth what its latest label says."""
        rows = self._store.read("feedback", workflow=self._workflow, run=self._run)
        told = zip(rows["job_id"], rows["seq"], rows["reward"], strict=True)
        latest = {job_id: (int(seq), reward) for job_id, seq, reward in told}
        for job_id, (seq, reward) in latest.items():
            self._remember(job_id, seq, reward)
        for _, outcome in logged(self._store, self._workflow, self._run):
            if outcome.job_id in latest:
                job = outcome.job._replace(reward=latest[outcome.job_id][1])
                outcome = replace(outcome, job=job)
            yield outcome

    def of(self, job_id: str) -> Told | None:
        """What was told of a job since it was last asked for; None if nothing was."""
        with self._lock:
            rows = self._store.read("feedback", workflow=self._workflow, job_id=job_id)
            known = self._known.get(job_id)
            if rows.is_empty() or (known is not None and int(rows["seq"][-1]) <= known[0]):
                return None
            outcome = outcome_of(self._store, self._workflow, job_id)
            if outcome.job.run != self._run:
                return None
            earlier = rows["reward"][-2] if len(rows) > 1 else outcome.job.reward
            before = earlier if known is None else known[1]
            reward = rows["reward"][-1]
            self._remember(job_id, int(rows["seq"][-1]), reward)
            return Told(outcome, before, reward)

    def _remember(self, job_id: str, seq: int, reward: float | None) -> None:
        self._known[job_id] = seq, reward
        self._known.move_to_end(job_id)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
