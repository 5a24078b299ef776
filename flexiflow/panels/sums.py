"""Sums of weighed observations, and the means with intervals that follow from them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from flexiflow.panels.betas import SHARE, Floats, Z, quantiles

FEWEST = 5.0  # observations, or what they are worth, that an estimate is made from

Estimate = tuple[float, float, float]
"""A mean and the ends of its 80 % interval."""


class Estimates(NamedTuple):
    """What a policy would have brought a job; ``worth`` is None where it is not known."""

    size: float  #: effective number of observations
    seconds: Estimate
    passed: Estimate
    worth: Estimate | None


WIDTH = 10  # sums in a row


def gather(
    row: list[float], weight: float, passed: bool, seconds: float, worth: float | None
) -> None:
    """Add one observation to a row of sums: of weights, and of each quantity's moments."""
    square = weight * weight
    row[0] += weight
    row[1] += square
    if passed:
        row[2] += weight
    row[3] += weight * seconds
    row[4] += square * seconds
    row[5] += square * seconds * seconds
    if worth is None:
        row[9] += 1.0
    else:
        row[6] += weight * worth
        row[7] += square * worth
        row[8] += square * worth * worth


def regather(row: list[float], weight: float, before: float | None, worth: float | None) -> None:
    """Put what an observation is worth in the place of what was held of it."""
    square = weight * weight
    for value, sign in ((before, -1.0), (worth, 1.0)):
        if value is None:
            row[9] += sign
        else:
            row[6] += sign * weight * value
            row[7] += sign * square * value
            row[8] += sign * square * value * value


def estimated(sums: Floats) -> Estimates | None:
    """Self-normalised means of the rows added up, `(WIDTH,)`; None where they are too few.

    The effective size of n weights is (sum w)^2 / sum w^2. A pass rate's interval is that of
    the Beta with so many observations and Jeffreys' prior; the others' come from the
    delta method.
    """
    w, ww, wy, ws, wws, wwss, wr, wwr, wwrr, unknown = sums.tolist()
    size = w * w / ww if ww > 0 else 0.0
    if size < FEWEST:
        return None
    rate = wy / w
    ends = quantiles(size * rate + 0.5, size * (1 - rate) + 0.5, [0.5 - SHARE / 2, 0.5 + SHARE / 2])
    seconds = _ratio(w, ww, ws, wws, wwss, size)
    return Estimates(
        size,
        (seconds[0], max(seconds[1], 0.0), seconds[2]),
        (rate, float(min(ends[0, 0], rate)), float(max(ends[0, 1], rate))),
        None if unknown else _ratio(w, ww, wr, wwr, wwrr, size),
    )


def _ratio(w: float, ww: float, wx: float, wwx: float, wwxx: float, size: float) -> Estimate:
    mean = wx / w
    spread = max(wwxx - 2 * mean * wwx + mean * mean * ww, 0.0) / (w * w)
    off = Z * math.sqrt(spread * size / (size - 1.0))
    return mean, mean - off, mean + off


def plain(estimates: Estimates) -> dict[str, list[float] | None]:
    """An estimate as plain lists, as the dashboard reads it."""
    worth = None if estimates.worth is None else [round(x, 6) for x in estimates.worth]
    return {
        "seconds": [round(x, 6) for x in estimates.seconds],
        "passed": [round(x, 6) for x in estimates.passed],
        "worth": worth,
    }


def of_draws(mean: float, draws: Floats) -> Estimate:
    """A mean with the ends of the middle 80 % of bootstrap draws, `(n,)`."""
    low, high = np.quantile(draws, [0.5 - SHARE / 2, 0.5 + SHARE / 2])
    return mean, float(min(low, mean)), float(max(high, mean))
