"""At which cost an accuracy is reached, between the points of a curve of both.

A policy told that a right answer is worth more pays more and is right more often: a curve of
accuracy and cost. Two such policies are best compared where they are equally accurate.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from flexiflow.benchmarks.answers import Answers
from flexiflow.benchmarks.frugal import plan
from flexiflow.benchmarks.recording import Floats, Ints

_WORTHS = np.geomspace(1.0, 32.0, 41)  # of a right answer, in prices of the best service


def cost_at(curve: Floats, accuracy: float) -> float | None:
    """The cost at which an accuracy is reached first, by linear interpolation.

    Parameters
    ----------
    curve
        Accuracy and cost by growing worth of a right answer, `(worths, 2)`.
    accuracy
        What is to be reached.

    Returns
    -------
    None if no point reaches it, or the first one exceeds it: what lies beyond a curve's ends is
    not known.

    Examples
    --------
    >>> curve = np.array([(0.25, 0.5), (0.5, 1.0), (1.0, 4.0)])
    >>> cost_at(curve, 0.75), cost_at(curve, 0.2), cost_at(curve[:2], 0.75)
    (2.5, None, None)
    """
    reached = np.flatnonzero(curve[:, 0] >= accuracy)
    if not len(reached):
        return None
    first = int(reached[0])
    if first == 0:
        return float(curve[0, 1]) if curve[0, 0] == accuracy else None
    (low, less), (high, more) = curve[first - 1], curve[first]
    return float(less + (accuracy - low) / (high - low) * (more - less))


def level(curves: Floats, accuracies: Floats) -> tuple[float | None, float | None]:
    """The cost at which accuracies are reached on average, and its standard error.

    Parameters
    ----------
    curves
        Of each shuffle, `(shuffles, worths, 2)`.
    accuracies
        What is to be reached in each, on the same jobs, `(shuffles,)`.

    Returns
    -------
    Both, or None where they cannot be told. The error is that of the jackknife, how much the
    cost moves as one shuffle after the other is left out (Efron & Stein, 1981, Annals of
    Statistics 9(3), https://doi.org/10.1214/aos/1176345462); rough for few shuffles, where the
    cost moves from one stretch of the curve to another.
    """
    beyond, n = curves - np.stack([accuracies, np.zeros(len(curves))], axis=1)[:, None], len(curves)
    found = cost_at(beyond.mean(axis=0), 0.0)
    if n < 2:
        return found, None
    without = [cost_at(np.delete(beyond, k, axis=0).mean(axis=0), 0.0) for k in range(n)]
    left = [cost for cost in without if cost is not None]
    whole = found is not None and len(left) == n
    return found, sqrt((n - 1) * float(np.var(left))) if whole else None


def frugal(it: Answers, known: Ints, asked: Ints) -> Floats:
    """The curve of FrugalML on some jobs, given all labels of others, `(worths, 2)`.

    Parameters
    ----------
    it
        What each service said.
    known, asked
        The jobs it is fitted on, and those it answers.

    Returns
    -------
    Accuracy, and cost in prices of the best service.
    """
    price = float(it.cost[:, it.best].mean())
    found = [plan(it, known, worth * price).answers(it, asked) for worth in _WORTHS]
    return np.array([(right.mean(), cost.mean() / price) for right, cost in found])
