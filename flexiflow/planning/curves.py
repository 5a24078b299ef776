"""Seconds of a batch: what is believed of one batch size, and a curve over batch sizes.

Log seconds of a batch are Normal(m, s^2) with a Normal-inverse-gamma belief about m and s^2,
as in :class:`flexiflow.posteriors.seconds.LogSeconds`, kept here as four numbers. Batch sizes
that were not measured are read from a line l(b) = base + slope b, base and slope at least 0,
fitted with relative errors; the published planner fits a parabola to the same end [1]_, which
can bend down between few points.

References
----------
.. [1] Ghafouri, S. et al. (2023). IPA: Inference Pipeline Adaptation to Achieve High Accuracy
   and Cost-Efficiency. arXiv:2308.12871.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SPREAD = 0.1  #: standard deviation of log seconds where nothing says what it is
_DRAWS = 1_000
_MISFIT = 0.05  # relative, that a line is expected to have
_LIKELY = 0.5  # base and slope are each expected to make so much of the least batch's seconds


def student(probability: float, freedom: float) -> float:
    """The quantile of Student's t distribution.

    With t = sqrt(v) tan(angle) the density is proportional to cos(angle)^(v - 1) on a bounded
    interval, where it is summed up.

    Examples
    --------
    >>> round(student(0.975, 5.0), 3)
    2.571
    """
    angle = np.linspace(-math.pi / 2, math.pi / 2, 20_001)
    density = np.exp((freedom - 1.0) * np.log(np.maximum(np.cos(angle), 1e-300)))
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    found = np.interp(probability, below / below[-1], angle)
    return float(math.sqrt(freedom) * math.tan(found))


@dataclass(frozen=True)
class Seconds:
    """What is believed of the seconds of one batch.

    Attributes
    ----------
    centre
        Mean of m, the mean of log seconds.
    kappa
        Weight of the centre in observations.
    alpha, beta
        Of the inverse gamma distribution of s^2, the variance of log seconds.
    """

    centre: float
    kappa: float
    alpha: float
    beta: float

    @classmethod
    def of(cls, seconds: ArrayLike, spread: float = SPREAD) -> Seconds:
        """From the seconds of some runs; ``spread`` is expected of the log where runs are few.

        Examples
        --------
        >>> round(Seconds.of([0.1] * 50).mean, 3)
        0.1
        """
        logs = np.log(np.asarray(seconds, dtype=float))
        off = float(((logs - logs.mean()) ** 2).sum())
        return cls(float(logs.mean()), float(len(logs)), 1.0 + len(logs) / 2, spread**2 + off / 2)

    @property
    def variance(self) -> float:
        """The expected variance of log seconds."""
        return self.beta / self.alpha

    @property
    def mean(self) -> float:
        """Expected seconds, at the expected variance."""
        return math.exp(self.centre + self.variance / 2)

    @property
    def variation(self) -> float:
        """Squared coefficient of variation of the seconds."""
        return math.expm1(self.variance)

    def quantile(self, share: float) -> float:
        """Seconds that a share of the runs stay within, at the expected m and s^2."""
        return math.exp(self.centre + NormalDist().inv_cdf(share) * math.sqrt(self.variance))

    def interval(self, share: float = 0.8) -> tuple[float, float]:
        """Ends of the interval that holds the median of the seconds with probability ``share``."""
        reach = student(0.5 + share / 2, 2 * self.alpha)
        reach *= math.sqrt(self.beta / self.alpha / self.kappa)
        return math.exp(self.centre - reach), math.exp(self.centre + reach)

    def draw(self, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw m and s from the belief, `(size,)` each."""
        s2 = self.beta / rng.gamma(self.alpha, size=size)
        m = self.centre + np.sqrt(s2 / self.kappa) * rng.standard_normal(size)
        return m, np.sqrt(s2)

    def pessimistic(self, level: float, tail: float) -> Seconds:
        """The same belief moved to where its ``tail`` quantile stays within with this probability.

        At 0.5 it is not moved.
        """
        if level == 0.5:
            return self
        reach = _reach(self.alpha, self.kappa, tail, level)
        z = NormalDist().inv_cdf(tail)
        centre = self.centre + math.sqrt(self.beta) * reach - z * math.sqrt(self.variance)
        return Seconds(max(centre, self.centre), self.kappa, self.alpha, self.beta)


@lru_cache(maxsize=4096)
def _reach(alpha: float, kappa: float, tail: float, level: float) -> float:
    """The ``level`` quantile of the ``tail`` quantile of log seconds less the centre, at beta 1."""
    m, s = Seconds(0.0, kappa, alpha, 1.0).draw(_DRAWS, np.random.default_rng(0))
    return float(np.quantile(m + NormalDist().inv_cdf(tail) * s, level))


@dataclass(frozen=True)
class Curve:
    """Seconds of a batch as a line over its size, l(b) = base + slope b.

    Attributes
    ----------
    base, slope
        Seconds; at least 0.
    covariance
        Of base and slope, `(2, 2)`.
    misfit
        Relative variance of the measured means about the line.
    within
        Variance of log seconds between runs of the same batch size.
    sizes
        How many batch sizes were measured.
    """

    base: float
    slope: float
    covariance: Floats
    misfit: float
    within: float
    sizes: int

    def __call__(self, batch: float) -> float:
        """Seconds of one batch by the line."""
        return self.base + self.slope * batch

    def error(self, batch: float) -> float:
        """Relative standard error of the seconds of one batch, the line's misfit included."""
        x = np.array([1.0, float(batch)])
        found = float(x @ self.covariance @ x) / self(batch) ** 2
        return math.sqrt(found + self.misfit)

    def seconds(self, batch: float) -> Seconds:
        """What the line says of a batch size, as a belief."""
        alpha = 1.0 + self.sizes / 2
        weight = self.within / self.error(batch) ** 2
        return Seconds(math.log(self(batch)), weight, alpha, self.within * alpha)

    def interval(self, batch: float, share: float = 0.8) -> tuple[float, float]:
        """Ends of the interval that holds the seconds of one batch with probability ``share``."""
        return self.seconds(batch).interval(share)


def fit(batches: ArrayLike, seconds: ArrayLike, within: float = SPREAD**2) -> Curve:
    """Fit a line to the mean seconds of some batch sizes, with relative errors.

    Base and slope are each expected to make half of the least batch's seconds, give or take
    as much: with one size measured, others are uncertain by what batching may gain.

    Parameters
    ----------
    batches, seconds
        Sizes and mean seconds of one batch, `(k,)`.
    within
        Variance of log seconds between runs of the same size.

    Examples
    --------
    >>> curve = fit([1, 2, 4, 8], [0.03, 0.05, 0.09, 0.17])
    >>> round(curve(16), 2)
    0.33
    """
    b, y = np.asarray(batches, dtype=float), np.asarray(seconds, dtype=float)
    least = int(b.argmin())
    prior = _LIKELY * np.array([y[least], y[least] / b[least]])
    x, found = np.column_stack([np.ones_like(b), b]), prior.copy()
    variance, covariance = SPREAD**2, np.diag(prior**2)
    for _ in range(20):
        weight = 1.0 / (variance * np.maximum(x @ found, 1e-300) ** 2)
        precision = (x * weight[:, None]).T @ x + np.diag(prior**-2.0)
        right = (x * weight[:, None]).T @ y + 1.0 / prior
        covariance = np.linalg.inv(precision)
        found = _positive(precision, right)
        off = (y / np.maximum(x @ found, 1e-300) - 1.0) ** 2
        variance = max((float(off.sum()) + 2.0 * _MISFIT**2) / (len(b) + 2.0), 1e-8)
    return Curve(float(found[0]), float(found[1]), covariance, variance, within, len(b))


def _positive(precision: Floats, right: Floats) -> Floats:
    """The minimum of the quadratic form over base and slope of at least 0."""
    found = np.linalg.solve(precision, right)
    for k in (0, 1):
        if found[k] < 0:
            found = np.zeros(2)
            found[1 - k] = max(right[1 - k] / precision[1 - k, 1 - k], 1e-12)
    return np.asarray(found)
