"""What the log alone says of each candidate: passes, failures and seconds of its attempts."""

from __future__ import annotations

import copy

import numpy as np

from flexiflow.panels.betas import Floats
from flexiflow.panels.places import Places
from flexiflow.records import TEACHES, Outcome

PASSES, FAILURES, RUNS, SECONDS, SQUARES = range(5)
_WIDEST = 4.0  # squared coefficient of variation


class Tally:
    """Counts by candidate, over the jobs taken in.

    Parameters
    ----------
    places
        The workflow's nodes and candidates by number.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._rows = [[0.0] * 5 for _ in range(places.size)]

    def add(self, outcome: Outcome) -> None:
        """Count the attempts of one job that were run and say something of their candidate."""
        at = self._places.at
        for attempt in outcome.attempts:
            if attempt.memo or attempt.kind not in TEACHES:
                continue
            place = at.get((attempt.node, attempt.candidate))
            if place is None:
                continue
            row, seconds = self._rows[place], attempt.seconds
            row[PASSES if attempt.kind == "pass" else FAILURES] += 1.0
            row[RUNS] += 1.0
            row[SECONDS] += seconds
            row[SQUARES] += seconds * seconds

    @property
    def counts(self) -> Floats:
        """Passes, failures, runs, sum of seconds and of their squares, `(candidates, 5)`."""
        return np.array(self._rows).reshape(-1, 5)

    def copy(self) -> Tally:
        """One that can go on by itself."""
        fresh = copy.copy(self)
        fresh._rows = [list(row) for row in self._rows]
        return fresh


def mean_seconds(counts: Floats) -> Floats:
    """Mean seconds of the runs counted, `(candidates,)`; NaN where there were none."""
    runs = counts[:, RUNS]
    return np.asarray(np.where(runs > 0, counts[:, SECONDS] / np.maximum(runs, 1.0), np.nan))


def variation(counts: Floats) -> Floats:
    """Squared coefficient of variation of a run's seconds, `(candidates,)`.

    It is shrunken towards that of all candidates together with the weight of two runs, and
    towards 1 where there are few runs in all.
    """
    runs, mean = counts[:, RUNS], np.nan_to_num(mean_seconds(counts))
    spread = np.maximum(counts[:, SQUARES] - runs * mean**2, 0.0)
    scaled = np.where(mean > 0, spread / np.maximum(mean, 1e-12) ** 2, 0.0)
    free = np.maximum(runs - 1.0, 0.0)
    pooled = (scaled.sum() + 2.0) / (free.sum() + 2.0)
    return np.asarray(np.clip((scaled + 2.0 * pooled) / (free + 2.0), 0.0, _WIDEST))
