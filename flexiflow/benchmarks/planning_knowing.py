"""An all-knowing planner: the true load, plans changed at no cost, and so much to spend.

What it reaches is what profiles and trace allow: who predicts can do no better with the same
headroom. For each interval it has the whole front of plans for the load that comes. Among these
it takes the accuracy that is worth most at one price of cost for all intervals, the lowest at
which the mean cost is within what may be spent (Lagrangian relaxation of that bound).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flexiflow.planning import Demand, Infeasible, Pareto, Plan, Problem, pareto

Floats = NDArray[np.float64]

_STEPS = 40  # of the bisection for the price


class Knowing:
    """Decides by the loads that come.

    Parameters
    ----------
    problem, demand
        What is served; the rates are those of the loads.
    loads
        Jobs a second in each interval, `(intervals,)`; the first is only seen.
    most
        Bound on the mean cost over the intervals after the first. Where even the cheapest plans
        cost more, these are taken.
    """

    def __init__(self, problem: Problem, demand: Demand, loads: Floats, most: float) -> None:
        known: dict[float, Pareto] = {}
        for load in sorted({float(x) for x in loads[1:]}):
            try:
                known[load] = pareto(problem, replace(demand, rate=max(load, 1e-3)))
            except Infeasible:  # no plan at all: the most that could be met
                known[load] = known[max(known)]
        fronts = [known[float(x)] for x in loads[1:]]
        self._plans = [
            front[k] for front, k in zip(fronts, picked(fronts, loads[1:], most), strict=True)
        ]

    def decide(self, loads: ArrayLike) -> Plan:
        """The plan for the interval after as many as are given."""
        return self._plans[len(np.asarray(loads)) - 1]


def picked(fronts: Sequence[Pareto], loads: Floats, most: float) -> list[int]:
    """Which plan of each front: most accurate over all jobs, at a mean cost of at most ``most``.

    Parameters
    ----------
    fronts
        One an interval.
    loads
        Jobs a second in each, `(intervals,)`.
    most
        Bound on the mean cost; the cheapest where these cost more.
    """
    cost = [np.array([p.cost for p in front.plans]) for front in fronts]
    right = [
        np.array([p.accuracy for p in front.plans]) * load
        for front, load in zip(fronts, loads, strict=True)
    ]

    def at(price: float) -> list[int]:
        return [int(np.argmax(r - price * c)) for r, c in zip(right, cost, strict=True)]

    def spent(picks: Sequence[int]) -> float:
        return float(np.mean([c[k] for c, k in zip(cost, picks, strict=True)]))

    if spent(at(0.0)) <= most:
        return at(0.0)
    low, high = 0.0, float(max(r.max() for r in right)) / float(min(c.min() for c in cost))
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if spent(at(middle)) <= most else (middle, high)
    return at(high)
