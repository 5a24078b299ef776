"""What the run brought so far: mean seconds a job, pass rate, and objective."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flexiflow.panels.thinned import Thinned
from flexiflow.records import Outcome

MOST = 398  # points, and the latest job
KEPT = MOST + 2


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
        # Seconds a job, pass rate, and the sum of what jobs were worth, with how many tell it.
        self._points = Thinned[tuple[float, float, float, int]](MOST, offset=1)

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
            self._points.add(self.jobs, self._now())

    def label(self, place: int, before: float | None, reward: float | None) -> None:
        """Correct what the job at a place of the run was worth, in all that came after it."""
        more, known = 0.0, 0
        for value, sign in ((before, -1), (reward, 1)):
            if value is not None and math.isfinite(value):
                more, known = more + sign * value, known + sign
        self._worth, self._known = self._worth + more, self._known + known
        points = self._points
        for at in range(points.since(place), len(points.rows)):
            seconds, passed, worth, many = points.rows[at]
            points.rows[at] = seconds, passed, worth + more, many + known

    def now(self) -> tuple[float, float, float]:
        """Seconds a job, pass rate, and objective where it is known, over all jobs so far."""
        return _means(self._now()) if self.jobs else (math.nan, math.nan, math.nan)

    def _now(self) -> tuple[float, float, float, int]:
        return self.seconds / self.jobs, self.passed / self.jobs, self._worth, self._known

    def data(self, after: int = 0, latest: bool = False, most: int = KEPT) -> dict[str, Any]:
        """The points after so many jobs, as arrays; at most 400, the latest job's included.

        Parameters
        ----------
        latest
            Whether the latest job's is given in any case.
        most
            How many points are given; of more, an even sample that has the last one.

        Returns
        -------
        ``jobs`` int32 `(n,)`; ``seconds``, ``passed`` and ``worth`` float32 `(n,)`, the last
        NaN where no objective is known.
        """
        start = self._points.since(after)
        places = self._points.places[start:]
        rows = [_means(row) for row in self._points.rows[start:]]
        if (latest or not after) and self.jobs and (not places or places[-1] != self.jobs):
            places, rows = [*places, self.jobs], [*rows, self.now()]
        step = -(-len(rows) // most) or 1
        places, rows = places[::-step][::-1], rows[::-step][::-1]
        table = np.array(rows, dtype=np.float32).reshape(-1, 3)
        return {
            "jobs": np.array(places, dtype=np.int32),
            "seconds": table[:, 0],
            "passed": table[:, 1],
            "worth": table[:, 2],
        }


def _means(point: tuple[float, float, float, int]) -> tuple[float, float, float]:
    seconds, passed, worth, known = point
    return seconds, passed, worth / known if known else math.nan
