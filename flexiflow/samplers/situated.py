"""What is believed of outputs by context: fitted and drawn weights of one term's regression.

See :mod:`flexiflow.samplers.regression`, where they come from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.space import Ints

Floats = NDArray[np.float64]

PLAIN = 3
"""Entries of z before the context: 1, later and statistic."""


class Fit(NamedTuple):
    """The weights' posterior, in standard deviations of the term about its mean."""

    mean: Floats  #: `(blocks, width)`
    root: Floats  #: R with covariance R' R, `(blocks * width,) * 2`
    noise: float  #: variance of a reading
    context: Floats  #: prior variances of weights of the context's entries
    center: float
    scale: float

    def seen(self, at: Ints, z: Floats) -> Floats:
        """R h, h being what the weights are multiplied with in an output: their spread in it.

        Parameters
        ----------
        at
            The output's blocks.
        z
            The entries that each of them sees it through, `(width,)`.
        """
        columns = (at[:, None] * len(z) + np.arange(len(z))).ravel()
        return np.asarray(self.root[:, columns] @ np.tile(z, len(at)))

    def learn(self, at: Ints, z: Floats, value: float) -> None:
        """Take in one more output, by Potter's square-root form of the Kalman filter's step.

        References
        ----------
        Bierman, G. (1977). Factorization Methods for Discrete Sequential Estimation, chapter
        II. Academic Press.
        """
        seen = self.seen(at, z)
        variance = float(seen @ seen) + self.noise
        moved = self.root.T @ seen
        off = (value - self.center) / self.scale - float((self.mean[at] @ z).sum())
        self.mean.ravel()[:] += moved * (off / variance)
        share = 1.0 / (variance + np.sqrt(self.noise * variance))
        np.subtract(self.root, share * seen[:, None] * moved, out=self.root)


class Drawn(NamedTuple):
    """Drawn weights of one graph's candidates, in units of the term."""

    weight: float  #: of this beside the means without context
    center: float
    shared: Floats  #: `(draws, width)`
    own: Floats  #: `(draws, candidates, width)`
    usual: Floats  #: the term expected on the jobs that a candidate was used on, `(draws, c)`
    statistic: float  #: the usual one

    def of_configurations(self, draws: slice, rows: Ints, x: Floats, later: bool) -> Floats:
        """The term expected of configurations, `(draws, N)`, by their candidates' rows."""
        z = entries_of(x, later, self.statistic, self.shared.shape[1])
        added = self.own[draws] @ z
        level = self.center + self.shared[draws] @ z
        return np.asarray(level[:, None] + added[:, rows].sum(axis=-1))


def entries_of(x: Floats, later: bool, statistic: float, width: int) -> Floats:
    """1, later, statistic and the context; those that are missing are 0."""
    z = np.zeros(width)
    z[:PLAIN] = 1.0, later, statistic
    kept = min(len(x), width - PLAIN)
    z[PLAIN : PLAIN + kept] = x[:kept]
    return z
