"""What the best single configuration would have brought, estimated from the log.

A single configuration is what one does without switching: it is run once on each job, up to
its first failed check, and a job that fails stays failed. The first configuration that a job
was given is such a run. It was given with a known probability, its propensity, so weighing
each by one over it [1]_ makes those that were seldom tried first, on the jobs that they were
tried on, stand for all jobs. The weights are normalised by their own sum [2]_, which is a
little biased and much steadier.

What is assumed: the propensities are those by which the choice was made; every configuration
that is compared had some chance on every job; one job's course changes nothing for another.
A failed configuration is seen only as far as its first failed check; whatever begins the same
would have failed the same. Where a sampler gives no propensities, first tries count as they
are, and are then compared across jobs that may differ.

References
----------
.. [1] Horvitz, D. & Thompson, D. (1952). A generalization of sampling without replacement
   from a finite universe. JASA 47.
.. [2] Swaminathan, A. & Joachims, T. (2015). The self-normalized estimator for counterfactual
   learning. NeurIPS.
"""

from __future__ import annotations

import copy

import numpy as np

from flexiflow.panels.betas import Floats
from flexiflow.panels.places import Try
from flexiflow.panels.sums import WIDTH, Estimates, estimated, gather, regather

MOST = 1024  # beginnings of configurations that are told apart

Choice = tuple[int, ...]


class Single:
    """Sums over first tries, by what of the configuration was run.

    Attributes
    ----------
    weighed
        Whether every first try so far came with its propensity.
    """

    def __init__(self) -> None:
        self.weighed = True
        self._rows: dict[Choice, list[float]] = {}

    def add(self, first: Try, worth: float | None) -> None:
        """Take in the first try of a job, and what it was worth to stop there, if known."""
        if first.chance is None:
            self.weighed = False
        row = self._rows.get(first.choice)
        if row is None:
            if len(self._rows) >= MOST:
                return
            row = self._rows[first.choice] = [0.0] * WIDTH
        gather(row, 1.0 / (first.chance or 1.0), first.passed, first.seconds, worth)

    def label(self, first: Try, before: float | None, worth: float | None) -> None:
        """Correct what the first try of a job was worth."""
        row = self._rows.get(first.choice)
        if row is not None:
            regather(row, 1.0 / (first.chance or 1.0), before, worth)

    def copy(self) -> Single:
        """One that stays as it is."""
        fresh = copy.copy(self)
        fresh._rows = {choice: list(row) for choice, row in self._rows.items()}
        return fresh

    def estimates(self) -> dict[Choice, Estimates]:
        """What each configuration would have brought, of those that were tried first enough."""
        if not self._rows:
            return {}
        keys, sums = np.array(list(self._rows)), np.array(list(self._rows.values()))
        found = {}
        for whole in keys[(keys >= 0).all(axis=1)]:
            told = estimated(_begun(keys, sums, whole))
            if told is not None:
                found[tuple(whole.tolist())] = told
        return found

    def best(self, valued: bool = True) -> tuple[Choice, Estimates] | None:
        """The best of them: by what it is worth where that is known, else by its pass rate.

        They are compared by the lower ends of their intervals, so that one that was seldom
        tried does not lead by chance; of equal ones the quicker is taken.

        Parameters
        ----------
        valued
            Whether the objective says what an output is worth; one that has nothing but a
            price would take the cheapest for the best.
        """
        found = self.estimates()
        if not found:
            return None
        told = valued and all(e.worth is not None for e in found.values())

        def merit(choice: Choice) -> tuple[float, float]:
            e = found[choice]
            return (e.worth if told and e.worth is not None else e.passed)[1], -e.seconds[0]

        best = max(found, key=merit)
        return best, found[best]


def _begun(keys: Floats, sums: Floats, whole: Floats) -> Floats:
    """The sums over whatever is a beginning of a configuration, or all of it."""
    same = ((keys == whole) | (keys < 0)).all(axis=1)
    return np.asarray(sums[same].sum(axis=0))
