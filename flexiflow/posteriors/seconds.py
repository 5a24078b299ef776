"""How many seconds a run takes: means for the index, and the whole distribution for plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.posteriors.grid import Grid, Precision, number
from flexiflow.posteriors.student import log_density, reach
from flexiflow.posteriors.table import Floats, Key, Table

if TYPE_CHECKING:
    import torch


class SecondsBeliefs:
    """Seconds of a run: arithmetic means, shrunken towards the mean of the row's group.

    The index needs E[T], which a shrunken arithmetic mean estimates without a model of the
    distribution; a time limit that was reached simply counts as the limit.

    First runs in a process are kept apart, since they import, compile and fill caches: once a
    row has others, they count no more, and until then they are believed only as far as they
    are below what is expected of the row without them. A model that is slow once is so tried
    again.

    Parameters
    ----------
    strength
        Weight of the group's mean, in observations.

    Examples
    --------
    >>> beliefs = SecondsBeliefs()
    >>> beliefs.update(("ocr", "fast"), 0.2)
    >>> beliefs.update(("ocr", "slow"), 2.0)
    >>> beliefs.mean(beliefs.table.rows([("ocr", "fast"), ("ocr", "new")])).round(2).tolist()
    [1.1, 1.1]
    """

    #: Timers can read 0; a mean never gets below this, so that it can be divided by.
    LEAST = 1e-9

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength
        self.table = Table(4)  # runs and their seconds; first runs and theirs

    def update(self, key: Key, seconds: float, cold: bool = False) -> None:
        """Count one run that took ``seconds``; ``cold``: the first one in its process."""
        self.table.add(key, *((0.0, 0.0, 1.0, seconds) if cold else (1.0, seconds)))

    def runs(self, rows: NDArray[np.intp]) -> Floats:
        """How many runs some rows have counted, first ones included, `(len(rows),)`."""
        return np.asarray(self.table.sums[rows][:, [0, 2]].sum(axis=1))

    def mean(self, rows: NDArray[np.intp]) -> Floats:
        """Expected seconds of some rows, `(len(rows),)`; 1 where nothing was seen at all."""
        seen, pool = self.table.sums[rows], self.table.others(rows)
        everyone = self.table.sums.sum(axis=0)
        of = 0 if everyone[0] else 2  # where every run was a first one, they are all there is
        overall = everyone[of + 1] / everyone[of] if everyone[of] else 1.0
        anyone = pool[:, of] > 0
        prior = np.where(anyone, pool[:, of + 1] / np.maximum(pool[:, of], 1.0), overall)
        only_cold = (seen[:, 0] == 0) & (seen[:, 2] > 0)
        cold = seen[:, 3] / np.maximum(seen[:, 2], 1.0)
        prior = np.where(only_cold, np.minimum(cold, prior) if of == 0 else cold, prior)
        mean = (seen[:, 1] + self.strength * prior) / (seen[:, 0] + self.strength)
        return np.asarray(np.maximum(mean, self.LEAST))


class LogSeconds(Grid):
    """Normal-inverse-gamma beliefs about log seconds over a shape in torch [1]_.

    Log seconds of a run are Normal(m, s^2), with s^2 ~ InverseGamma(alpha, beta) and
    m given s^2 ~ Normal(mean, s^2 / kappa). The prior is conjugate, so beliefs of two workers
    merge exactly, through the count, mean and squared deviations of what each has seen [2]_.

    These beliefs are for intervals and plots. They are not for the index of a decision, which
    needs E[seconds]: the predictive distribution of log seconds is a Student-t, whose tails
    fall as a power, so the mean of its exponential does not exist, however much was seen. The
    index takes the shrunken arithmetic mean of :class:`SecondsBeliefs` instead, which is finite
    and needs no model of the distribution.

    Parameters
    ----------
    shape
        Of the beliefs; empty for a single one.
    mean
        Prior mean of log seconds; a number, or a tensor that expands to ``shape``, as are the
        next three. From -50 to 50; 0 is one second.
    kappa
        Weight of the prior mean in observations, from 1e-6. The default leaves unseen seconds
        open over several orders of magnitude.
    alpha, beta
        Prior of the variance s^2: around ``beta / alpha``, with the weight of ``2 * alpha``
        observations; from 1 and from 1e-12. By default log seconds vary by some 0.5.
    resolution
        Seconds, from 1e-12. Coarse timers can read 0, which has no logarithm: a reading below
        the resolution counts as the resolution. Set it to the tick of the timer.
    dtype
        Precision of what is given out, ``"float64"`` or ``"float32"``.
    device
        Where the beliefs live.

    Attributes
    ----------
    count, centre, spread
        How many log seconds were seen, their mean, and the sum of their squared deviations
        from it: `(size,)` tensors, float64.

    References
    ----------
    .. [1] Murphy, K. (2007). Conjugate Bayesian analysis of the Gaussian distribution.
       Technical report, University of British Columbia.
    .. [2] Chan, T., Golub, G. & LeVeque, R. (1983). Algorithms for computing the sample
       variance: analysis and recommendations. The American Statistician 37.

    Examples
    --------
    >>> beliefs = LogSeconds((2,))
    >>> beliefs.update([0] * 100, [0.5, 2.0] * 50)
    >>> low, high = beliefs.interval(0.8)
    >>> round(float(low[0]), 1), round(float(high[0]), 1)
    (0.4, 2.4)
    """

    def __init__(
        self,
        shape: Sequence[int],
        mean: float | torch.Tensor = 0.0,
        kappa: float | torch.Tensor = 0.01,
        alpha: float | torch.Tensor = 1.0,
        beta: float | torch.Tensor = 0.25,
        resolution: float = 1e-6,
        *,
        dtype: Precision = "float64",
        device: str = "cpu",
    ) -> None:
        super().__init__(shape, dtype, device)
        self._mean = self._prior("mean", mean, -50, 50)
        self._kappa = self._prior("kappa", kappa, 1e-6, 1e12)
        self._alpha = self._prior("alpha", alpha, 1, 1e12)
        self._beta = self._prior("beta", beta, 1e-12, 1e12)
        self.resolution = number("resolution", resolution, 1e-12, 1e12)
        self.count, self.centre, self.spread = self._zeros(), self._zeros(), self._zeros()

    def update(self, index: Any, seconds: Any) -> None:
        """Learn how long some runs took.

        Parameters
        ----------
        index
            Flat positions, `(n,)` int64; each occurrence of a position is one observation.
        seconds
            Of each run, `(n,)`, finite and 0 or more.

        Raises
        ------
        BadInput
            If a position does not exist, or there is not one such number for each.
        """
        import torch

        at = self._positions(index)
        logs = self._logs(seconds, at)
        rows, place, many = torch.unique(at, return_inverse=True, return_counts=True)
        count = many.to(torch.float64)
        centre = torch.zeros_like(count).index_add_(0, place, logs) / count
        apart = logs - centre[place]
        self._add(rows, count, centre, torch.zeros_like(count).index_add_(0, place, apart**2))

    def merge(self, other: LogSeconds) -> None:
        """Add what another worker has seen; exact, and the prior stays the one here.

        Raises
        ------
        BadInput
            If the shapes differ.
        """
        self._same_shape(other)
        rows = other.count.nonzero()[:, 0]
        theirs = (x[rows].to(self.device) for x in (other.count, other.centre, other.spread))
        self._add(rows.to(self.device), *theirs)

    def parameters(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The parameters mean, kappa, alpha and beta of the posterior, `shape` each."""
        mean, kappa, alpha, beta = self._parameters()
        return self._shaped(mean), self._shaped(kappa), self._shaped(alpha), self._shaped(beta)

    def sample(self, n: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """Draw mean log seconds, `(n, *shape)`, with a generator on the beliefs' device."""
        return self._draw(n, generator, reading=False)

    def sample_reading(self, n: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """Draw the log seconds of one more run, `(n, *shape)`; exponentials can overflow."""
        return self._draw(n, generator, reading=True)

    def log_likelihood(self, index: Any, seconds: Any) -> torch.Tensor:
        """Log predictive density of observations, each by itself given what is known now.

        Parameters
        ----------
        index, seconds
            As for :meth:`update`; nothing is learned.

        Returns
        -------
        Natural logarithms of the density of *log* seconds, `(n,)`. Subtract log(seconds) for
        the density of the seconds.
        """
        at = self._positions(index)
        mean, scale, freedom = self._predictive(at)
        z = (self._logs(seconds, at) - mean) / scale
        return (log_density(z, freedom) - scale.log()).to(self.dtype)

    def interval(self, probability: float = 0.9) -> tuple[torch.Tensor, torch.Tensor]:
        """Seconds between which one more run will take with some probability.

        Parameters
        ----------
        probability
            From 1e-6 to 0.9999; what is left is split evenly between both sides.

        Returns
        -------
        Lower and upper ends in seconds, `shape` each; 0 and infinity where they are beyond
        what the precision holds.
        """
        share = number("probability", probability, 1e-6, 0.9999)
        mean, scale, freedom = self._predictive()
        wide = scale * reach(share, freedom)
        return self._shaped((mean - wide).exp()), self._shaped((mean + wide).exp())

    def _add(
        self, rows: torch.Tensor, count: torch.Tensor, centre: torch.Tensor, spread: torch.Tensor
    ) -> None:
        """Join the statistics of two sets of readings without the loss of sums of squares."""
        seen = self.count[rows]
        both, apart = seen + count, centre - self.centre[rows]
        self.spread[rows] += spread + apart**2 * seen * count / both
        self.centre[rows] += apart * count / both
        self.count[rows] = both

    def _logs(self, seconds: Any, at: torch.Tensor) -> torch.Tensor:
        given = self._as_many("seconds", self._numbers("seconds", seconds), at)
        if not bool((given.isfinite() & (given >= 0)).all()):
            raise BadInput(f"seconds must be finite and 0 or more. Got {seconds!r}.")
        return given.clamp_min(self.resolution).log()

    def _parameters(
        self, at: Any = slice(None)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        before, count = self._kappa[at], self.count[at]
        kappa, apart = before + count, self.centre[at] - self._mean[at]
        mean = self._mean[at] + count / kappa * apart
        beta = self._beta[at] + (self.spread[at] + before * count / kappa * apart**2) / 2
        return mean, kappa, self._alpha[at] + count / 2, beta

    def _predictive(self, at: Any = slice(None)) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Centre, scale and degrees of freedom of the Student-t of one more reading."""
        mean, kappa, alpha, beta = self._parameters(at)
        return mean, (beta / alpha * (1 + 1 / kappa)).sqrt(), 2 * alpha

    def _draw(self, n: int, generator: torch.Generator | None, reading: bool) -> torch.Tensor:
        import torch

        mean, kappa, alpha, beta = (x.to(self.dtype) for x in self._parameters())
        gamma = torch._standard_gamma(alpha.expand(n, self.size), generator=generator)
        normal = torch.empty_like(gamma).normal_(generator=generator)
        scale = (beta / gamma * (1 / kappa + reading)).sqrt()
        return self._shaped(mean + scale * normal)
