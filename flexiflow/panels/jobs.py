"""The latest jobs as rows of plain data."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from flexiflow.records import Outcome

MOST = 50  # rows
LONGEST = 200  # letters of a reason


class LatestJobs:
    """The latest 50 jobs of a run; a row is made only when it is asked for.

    Examples
    --------
    >>> LatestJobs().rows()
    []
    """

    def __init__(self) -> None:
        self._latest: deque[tuple[int, int, Outcome]] = deque(maxlen=MOST)

    def add(self, place: int, outcome: Outcome) -> None:
        """Take in the job at a place of the run, counted from 0."""
        # Without its values, which can be large: only the records are shown.
        bare = Outcome(outcome.job, (), ())
        self._latest.append((place, 0, bare))

    def label(self, job_id: str, reward: float | None, number: int) -> None:
        """Correct what a job was worth; ``number`` counts the labels."""
        for at, (place, _, outcome) in enumerate(self._latest):
            if outcome.job_id == job_id:
                told = Outcome(outcome.job._replace(reward=reward), (), ())
                self._latest[at] = place, number, told

    def rows(self, after: int = -1, most: int = MOST, heard: int = 0) -> list[list[Any]]:
        """Jobs after a place of the run, and those labelled after so many labels; newest first.

        Returns
        -------
        For each its id, number, status, path (candidates in the nodes' order), seconds,
        attempts, switches, rollbacks, worth (or None) and reason (or None).
        """
        found = list[list[Any]]()
        for place, label, outcome in reversed(self._latest):
            if len(found) >= most:
                break
            if place > after or label > heard:
                found.append(row_of(outcome))
        return found


def row_of(outcome: Outcome) -> list[Any]:
    """One job's row; see :meth:`LatestJobs.rows`."""
    job = outcome.job
    known = job.reward is not None and math.isfinite(job.reward)
    reason = None if job.passed or not job.error else job.error[:LONGEST]
    return [
        job.job_id,
        job.number,
        job.status,
        " > ".join(job.configuration.values()),
        round(job.seconds, 6),
        job.attempts,
        job.switches,
        job.rollbacks,
        round(float(job.reward), 6) if known and job.reward is not None else None,
        reason,
    ]
