"""Plan again as the load changes: predictors of the load, and when a new plan is worth it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from flexiflow.errors import BadInput
from flexiflow.planning.arriving import Floats, trace
from flexiflow.planning.choices import planned_for, total_latency
from flexiflow.planning.infeasible import Infeasible
from flexiflow.planning.planner import plan
from flexiflow.planning.plans import Plan
from flexiflow.planning.problem import Demand, Problem
from flexiflow.planning.serving import layout

Predictor = Callable[[Floats], float]  # loads of past intervals, oldest first -> the next one

_PAST = 60  # intervals whose predictions are remembered
GRID = 1.05  # rates are planned for on a geometric grid, so that plans can be kept


def last_two(loads: Floats) -> float:
    """The larger of the last two."""
    return float(loads[-2:].max())


def smoothed(share: float = 0.5) -> Predictor:
    """An exponentially weighted mean that gives the latest load this share."""

    def predict(loads: Floats) -> float:
        weights = share * (1.0 - share) ** np.arange(len(loads))[::-1]
        weights[0] += 1.0 - weights.sum()
        return float(weights @ loads)

    return predict


def linear(order: int = 12) -> Predictor:
    """Linear in the last ``order`` loads, AR(order), fitted to all loads so far.

    The larger of the last two until there are enough to fit.
    """

    def predict(loads: Floats) -> float:
        rows = len(loads) - order
        if rows < 2 * (order + 1):
            return last_two(loads)
        past = np.lib.stride_tricks.sliding_window_view(loads, order)
        x = np.column_stack([np.ones(rows), past[:rows]])
        ridge = 1e-6 * rows * float((loads**2).mean() + 1.0) * np.eye(order + 1)
        found = np.linalg.solve(x.T @ x + ridge, x.T @ loads[order:])
        return max(float(found[0] + found[1:] @ past[-1]), 0.0)

    return predict


def holds(made: Plan, demand: Demand) -> bool:
    """Whether a plan, as it is, meets another demand, by the seconds that are expected."""
    each = [
        planned_for(p.offer.seconds, p.offer.batch, p.replicas, demand.rate * s.visits, demand)
        for s, p in zip(made.problem.steps, made.placed, strict=True)
    ]
    latency = float(total_latency(made.problem.paths, np.array(each)))
    return latency <= demand.sla * (1.0 + 1e-9)


def checked(loads: ArrayLike) -> Floats:
    """Loads of past intervals, `(intervals,)`, if they can be."""
    given = np.asarray(loads, dtype=float)
    if not len(given) or not np.isfinite(given).all() or (given < 0).any():
        raise BadInput("loads must be jobs a second, 0 or more, at least one, without NaN.")
    return given


def on_grid(rate: float) -> int:
    """The step of the grid of rates that is at or above a rate."""
    return int(np.ceil(np.log(max(rate, 1e-3)) / np.log(GRID) - 1e-9))


class Adapter:
    """Plans again for a predicted load, and changes plans only where that is worth it.

    Parameters
    ----------
    problem, demand
        What is served; the demand's rate is that of the first plan.
    predictor
        Of the load of the next interval from those of the past ones: :func:`last_two` (the
        default, which follows a burst soonest), :func:`linear` or :func:`smoothed`.
    weight
        Accuracy given up for a unit of cost; above 0, or plans never become cheaper.
    switching
        By how much accuracy less weighted cost has to grow for a new plan to be taken while the
        present one still meets the demand: what a change costs, so that plans do not flap.
    confidence
        As for :func:`flexiflow.planning.plan`.
    reserve
        Share of the intervals whose load is to stay within what is planned for: predictions
        are raised by that quantile of load over prediction in the last 60 intervals. At 0
        they are taken as they are.

    Attributes
    ----------
    present
        The plan in force.
    changes
        How often it has changed.
    """

    def __init__(
        self,
        problem: Problem,
        demand: Demand,
        predictor: Predictor | None = None,
        weight: float = 0.001,
        switching: float = 0.01,
        confidence: float | None = None,
        reserve: float = 0.95,
    ) -> None:
        if not 0 <= reserve < 1:
            raise BadInput(f"reserve must be from 0 to below 1. Got {reserve!r}.")
        if not weight > 0 or not switching >= 0:
            raise BadInput(
                f"weight must be above 0, switching 0 or more. Got {weight}, {switching}."
            )
        self.problem, self.demand, self.predictor = problem, demand, predictor or last_two
        self.weight, self.switching, self.confidence = weight, switching, confidence
        self.reserve = reserve
        self._said: float | None = None  # what was predicted for the interval now over
        self._ratios: deque[float] = deque([1.0], maxlen=_PAST)
        self._known: dict[int, Plan | None] = {}
        self.present = plan(problem, demand, confidence, weight)
        self.changes = 0

    def decide(self, loads: ArrayLike) -> Plan:
        """The plan for the next interval.

        Parameters
        ----------
        loads
            Jobs a second in past intervals, oldest first.
        """
        step = on_grid(self._expected(checked(loads)))
        demand = replace(self.demand, rate=GRID**step)
        best = self._planned(step, demand)
        if best is None:  # nothing meets such a load: go on with what is there
            return self.present
        gained = self._worth(best) - self._worth(self.present)
        if best.placed != self.present.placed and (
            gained > self.switching or not holds(self.present, demand)
        ):
            self.present = best
            self.changes += 1
        return self.present

    def _expected(self, loads: Floats) -> float:
        """The load to plan for: as predicted, raised by how far predictions fell short."""
        if self._said is not None:
            self._ratios.append(float(loads[-1]) / max(self._said, 1e-9))
        self._said = self.predictor(loads)
        return self._said * max(float(np.quantile(list(self._ratios), self.reserve)), 1.0)

    def _worth(self, made: Plan) -> float:
        return made.accuracy - self.weight * made.cost

    def _planned(self, step: int, demand: Demand) -> Plan | None:
        if step not in self._known:
            try:
                self._known[step] = plan(self.problem, demand, self.confidence, self.weight)
            except Infeasible:
                self._known[step] = None
        return self._known[step]


class Decider(Protocol):
    """Who says which plan comes next: an :class:`Adapter`, or something to compare it with."""

    def decide(self, loads: ArrayLike) -> Plan:
        """The plan for the next interval, from the jobs a second in past ones, oldest first."""
        ...


def follow(adapter: Decider, counts: ArrayLike, interval: int = 10, seed: int = 0) -> pl.DataFrame:
    """Simulate who adapts over a trace, in one course: what waits when plans change waits on.

    Parameters
    ----------
    adapter
        Decides before each interval after the first, which it only sees.
    counts
        Jobs in each second, `(seconds,)`.
    interval
        Seconds between two decisions.
    seed
        Of the places of arrivals within their second, and of how long batches take.

    Returns
    -------
    polars.DataFrame
        A row an interval after the first: ``start`` (seconds), ``rate``, ``accuracy``, ``cost``,
        ``jobs``, ``misses`` (share of those that arrive in it that take longer than the SLA),
        ``changed``.
    """
    given = np.asarray(counts, dtype=float)
    intervals = len(given) // interval if given.ndim == 1 else 0
    if intervals < 2:
        raise BadInput(f"A trace must have two intervals of {interval} s. Got {given.shape}.")
    loads = given[: intervals * interval].reshape(intervals, interval).mean(axis=1)
    plans = [adapter.decide(loads[:k]) for k in range(1, intervals)]
    arrivals = trace(given[interval : intervals * interval], seed=seed, exact=True)
    at = np.minimum((arrivals / interval).astype(int), intervals - 2)
    jobs = np.bincount(at, minlength=intervals - 1)
    missed = np.zeros(intervals - 1)
    if len(arrivals):
        changes = [
            (float(k * interval), layout(made))
            for k, made in enumerate(plans)
            if k and made.placed != plans[k - 1].placed
        ]
        course = layout(plans[0]).run(arrivals, seed, changes=changes)
        late = course.latency > plans[0].demand.sla
        missed = np.bincount(at, weights=late, minlength=intervals - 1) / np.maximum(jobs, 1)
    return pl.DataFrame(
        {
            "start": interval * np.arange(1, intervals),
            "rate": loads[1:],
            "accuracy": [made.accuracy for made in plans],
            "cost": [made.cost for made in plans],
            "jobs": jobs,
            "misses": missed,
            "changed": [k > 0 and p.placed != plans[k - 1].placed for k, p in enumerate(plans)],
        }
    )
