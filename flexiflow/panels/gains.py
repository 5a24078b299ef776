"""What the run brought so far: mean seconds a job, pass rate, and objective."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flexiflow.panels.thinned import Thinned
from flexiflow.records import Outcome

MOST = 398  # points, and the latest job


class Gains:
    """Running means over the jobs of a run, thinned evenly.

    Attributes
    ----------
    jobs, passed
        How many jobs, and how many of them passed.
    seconds
        Sum over the jobs.
    """

    def __init__(self) -> None:
        self.jobs = self.passed = 0
        self.seconds = self._worth = 0.0
        self._known = 0
        self._points = Thinned[tuple[float, float, float]](MOST, offset=1)

    def add(self, outcome: Outcome) -> None:
        """Count one more job."""
        job = outcome.job
        self.jobs += 1
        self.passed += job.passed
        self.seconds += job.seconds
        if job.reward is not None and math.isfinite(job.reward):
            self._known += 1
            self._worth += job.reward
        if self._points.due(self.jobs):
            self._points.add(self.jobs, self.now())

    def now(self) -> tuple[float, float, float]:
        """Seconds a job, pass rate, and objective where it is known, over all jobs so far."""
        if not self.jobs:
            return math.nan, math.nan, math.nan
        worth = self._worth / self._known if self._known else math.nan
        return self.seconds / self.jobs, self.passed / self.jobs, worth

    def data(self, after: int = 0) -> dict[str, Any]:
        """The points after so many jobs, as arrays; at most 400, the latest job's included.

        Returns
        -------
        ``jobs`` int32 `(n,)`; ``seconds``, ``passed`` and ``worth`` float32 `(n,)`, the last
        NaN where no objective is known.
        """
        start = self._points.since(after)
        places, rows = self._points.places[start:], self._points.rows[start:]
        if after == 0 and self.jobs and (not places or places[-1] != self.jobs):
            places, rows = [*places, self.jobs], [*rows, self.now()]
        table = np.array(rows, dtype=np.float32).reshape(-1, 3)
        return {
            "jobs": np.array(places, dtype=np.int32),
            "seconds": table[:, 0],
            "passed": table[:, 1],
            "worth": table[:, 2],
        }
