"""Bayesian linear regression on the rank of a statistic, by groups; see ``cutoffs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 16  #: joint draws of the coefficients
TEMPERATURE = 0.1  #: what multiplies their variance
_KNOTS = 5
_SHARED, _OWN = 2.0, 0.7  # prior variances of the splines, in variances of one output's worth
_GROUPS = 32  # with a spline of their own: the most frequent ones


def basis(
    at: Floats, of: Sequence[str | None], knots: Floats, groups: Mapping[str | None, int]
) -> Floats:
    """Splines of the statistics' ranks: a shared one, then one a group, `(n, d)`."""
    low, high = (np.searchsorted(knots, at, side) for side in ("left", "right"))
    rank = (low + high) / (2.0 * len(knots)) * (_KNOTS - 1)
    left = np.minimum(rank.astype(np.intp), _KNOTS - 2)
    share, rows = rank - left, np.arange(len(at))
    found = np.zeros((len(at), _KNOTS * (1 + len(groups))))
    own = np.array([_KNOTS * (1 + groups[g]) if g in groups else 0 for g in of], dtype=np.intp)
    for column, value in ((left, 1.0 - share), (left + 1, share)):
        found[rows, column] = value
        found[rows, own + column] = value  # the same place again where the group has none
    return found


def frequent(groups: Sequence[str | None]) -> dict[str | None, int]:
    """The most frequent groups and their places; none where there is but one."""
    counts: dict[str | None, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    if len(counts) < 2:
        return {}
    often = sorted(counts, key=lambda g: (-counts[g], str(g)))[:_GROUPS]
    return {group: k for k, group in enumerate(often)}


def prior(size: int) -> Floats:
    """Prior variances of so many coefficients, in variances of one aim, `(size,)`."""
    return np.where(np.arange(size) < _KNOTS, _SHARED, _OWN)


def regression(
    phi: Floats, aim: Floats, variances: Floats, unit: float, rng: np.random.Generator
) -> Floats:
    """Mean and tempered draws of a Bayesian linear regression, `(1 + DRAWS, d)`.

    Parameters
    ----------
    phi
        `(n, d)`.
    aim
        `(n, 1)`, or `(n, 1 + DRAWS)` where each draw aims at something else.
    variances
        Of the prior, in units, `(d,)`.
    unit
        Variance of an aim.
    """
    factor = np.linalg.cholesky(phi.T @ phi + np.diag(1.0 / variances))
    mean = np.linalg.solve(factor.T, np.linalg.solve(factor, phi.T @ aim)).T
    noise = np.linalg.solve(factor.T, rng.normal(size=(len(variances), DRAWS))).T
    found = np.tile(mean, (1 + DRAWS, 1)) if len(mean) == 1 else mean.copy()
    found[1:] += np.sqrt(TEMPERATURE * unit) * noise
    return np.asarray(found)
