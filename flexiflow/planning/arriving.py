"""When jobs arrive: at random at a steady rate, or as a trace has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flexiflow.errors import BadInput

Floats = NDArray[np.float64]


def poisson(rate: float, seconds: float, seed: int = 0) -> Floats:
    """Times of arrivals at random, ``rate`` a second, over so many seconds; ascending."""
    if not (math.isfinite(rate) and rate > 0 and math.isfinite(seconds) and seconds > 0):
        raise BadInput(f"rate and seconds must be above 0. Got {rate!r} and {seconds!r}.")
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0.0, seconds, rng.poisson(rate * seconds)))


def trace(counts: ArrayLike, width: float = 1.0, seed: int = 0, exact: bool = False) -> Floats:
    """Times of arrivals from a trace of how many there were in each span of ``width`` seconds.

    Parameters
    ----------
    counts
        Arrivals in each span, `(spans,)`.
    width
        Seconds of a span.
    seed
        Of the places within their span.
    exact
        Whether each span has just as many arrivals as counted, or a Poisson number with that
        mean.

    Examples
    --------
    >>> trace([3, 0, 2], exact=True).astype(int).tolist()
    [0, 0, 0, 2, 2]
    """
    given: Any = np.asarray(counts, dtype=float)
    if given.ndim != 1 or not np.isfinite(given).all() or (given < 0).any():
        raise BadInput("A trace must be a list of counts, 0 or more, without NaN.")
    rng = np.random.default_rng(seed)
    number = np.rint(given).astype(int) if exact else rng.poisson(given)
    start = np.repeat(np.arange(len(given)), number)
    return np.sort((start + rng.uniform(size=len(start))) * width)
