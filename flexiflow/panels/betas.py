"""Beta distributions for pictures: quantiles, densities, and the one with given moments.

In x = log(p / (1 - p)) a Beta has the log-concave density

    a x - (a + b) log(1 + exp(x)) - log B(a, b),

whose tails fall as exp(a x) on the left and as exp(-b x) on the right. A grid that follows
these two rates serves every pair of parameters, those below 1 included, without special
functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SHARE = 0.8  # of the probability lies within an interval that is shown
Z = 1.2815515655446004  # standard deviations on either side that hold it in a Normal
LEAST, MOST = 1e-3, 1e9  # parameters are kept within

_POINTS = 96  # on either side of the mode
_FAR = 36.0  # the density at the ends of the grid, as minus its log


def quantiles(a: ArrayLike, b: ArrayLike, shares: ArrayLike) -> Floats:
    """Quantiles of Beta(a, b).

    Parameters
    ----------
    a, b
        Parameters, `(k,)`; taken as at least 0.001 and at most 10^9.
    shares
        Probabilities below the quantiles, `(q,)`, between 0 and 1.

    Returns
    -------
    `(k, q)`; the probability below each is within 0.002 of what was asked for.

    Examples
    --------
    >>> quantiles([1.0, 90.0], [1.0, 10.0], [0.1, 0.9]).round(2).tolist()
    [[0.1, 0.9], [0.86, 0.94]]
    """
    one, other = _clipped(a), _clipped(b)
    x = _grid(one, other)
    height = one[:, None] * x - (one + other)[:, None] * np.logaddexp(0.0, x)
    density = np.exp(height - height.max(axis=1, keepdims=True))
    steps = 0.5 * (density[:, 1:] + density[:, :-1]) * np.diff(x, axis=1)
    below = np.concatenate([np.zeros((len(x), 1)), np.cumsum(steps, axis=1)], axis=1)
    below /= below[:, -1:]
    wanted = np.atleast_1d(np.asarray(shares, dtype=float))
    found = np.stack([np.interp(wanted, c, row) for c, row in zip(below, x, strict=True)])
    return np.asarray(np.exp(-np.logaddexp(0.0, -found)))


def interval(a: ArrayLike, b: ArrayLike) -> Floats:
    """Mean and the ends of the 80 % interval of Beta(a, b), `(k, 3)`."""
    one, other = _clipped(a), _clipped(b)
    ends = quantiles(one, other, [0.5 - SHARE / 2, 0.5 + SHARE / 2])
    return np.column_stack([one / (one + other), ends])


def density(a: float, b: float, p: Floats) -> Floats:
    """The density of Beta(a, b) at points between 0 and 1, their ends left out, `(n,)`."""
    x = np.log(p) - np.log1p(-p)
    one, other = _clipped(a), _clipped(b)
    grid = _grid(one, other)[0]
    height = one * grid - (one + other) * np.logaddexp(0.0, grid)
    top = float(height.max())
    mass = float(np.trapezoid(np.exp(height - top), grid))
    here = one * x - (one + other) * np.logaddexp(0.0, x)
    return np.asarray(np.exp(here - top) / mass / (p * (1.0 - p)))


def matched(mean: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
    """The parameters of the Betas with these means and variances, `(k,)` each.

    A variance that no Beta of that mean has counts as the nearest one that a Beta has.

    Examples
    --------
    >>> a, b = matched([0.9], [0.9 * 0.1 / 101])
    >>> a.round(6).tolist(), b.round(6).tolist()
    ([90.0], [10.0])
    """
    m = np.clip(np.asarray(mean, dtype=float), 1e-6, 1.0 - 1e-6)
    most = m * (1.0 - m)
    size = most / np.clip(np.asarray(variance, dtype=float), most * 1e-9, most / 1.01) - 1.0
    return _clipped(m * size), _clipped((1.0 - m) * size)


def moments(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    """Means and variances of Beta(a, b), `(k,)` each."""
    one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    total = one + other
    return one / total, one * other / (total * total * (total + 1.0))


def _clipped(values: ArrayLike) -> Floats:
    return np.atleast_1d(np.clip(np.asarray(values, dtype=float), LEAST, MOST))


def _grid(a: Floats, b: Floats) -> Floats:
    """Points about the mode, closer near it, out to where nothing is left, `(k, 2 n + 1)`."""
    mode = np.log(a) - np.log(b)
    middle = np.sqrt(1.0 / a + 1.0 / b)  # the width of the Normal that fits at the mode
    turns = np.linspace(0.0, 1.0, _POINTS + 1)[1:] ** 1.5
    left = -_reach(a, middle)
    right = _reach(b, middle)
    sides = [left[:, None] * turns[::-1], np.zeros((len(a), 1)), right[:, None] * turns]
    return np.asarray(mode[:, None] + np.concatenate(sides, axis=1))


def _reach(rate: Floats, width: Floats) -> Floats:
    """How far a side reaches: the Gaussian part, and the exponential tail where it is wider."""
    return np.asarray(width * np.sqrt(2.0 * _FAR) + _FAR / rate * (rate < 30.0))
