"""Plan again as the load changes: predictors of the load, and when a new plan is worth it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from flexiflow.errors import BadInput
from flexiflow.planning.arriving import Floats, trace
from flexiflow.planning.choices import total_latency
from flexiflow.planning.infeasible import Infeasible
from flexiflow.planning.planner import plan
from flexiflow.planning.plans import Plan
from flexiflow.planning.problem import Demand, Problem
from flexiflow.planning.serving import simulate
from flexiflow.planning.waiting import tail_wait

Predictor = Callable[[Floats], float]  # loads of past intervals, oldest first -> the next one

_GRID = 1.05  # rates are planned for on a geometric grid, so that plans can be kept


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
    each = []
    for step, p in zip(made.problem.steps, made.placed, strict=True):
        seconds, batch, rate = p.offer.seconds, p.offer.batch, demand.rate * step.visits
        if p.replicas * batch < demand.headroom * rate * seconds.mean * (1.0 - 1e-9):
            return False
        wait = 0.0
        if demand.waiting:
            told = (p.replicas, rate / batch, seconds.mean, demand.tail, 1.0 / batch)
            wait = float(tail_wait(*told, seconds.variation))
        each.append(seconds.quantile(demand.tail) + (batch - 1) / rate + wait)
    latency = float(total_latency(made.problem.paths, np.array(each)))
    return latency <= demand.sla * (1.0 + 1e-9)


class Adapter:
    """Plans again for a predicted load, and changes plans only where that is worth it.

    Parameters
    ----------
    problem, demand
        What is served; the demand's rate is that of the first plan.
    predictor
        Of the load of the next interval from those of the past ones.
    weight
        Accuracy given up for a unit of cost; above 0, or plans never become cheaper.
    switching
        By how much accuracy less weighted cost has to grow for a new plan to be taken while the
        present one still meets the demand: what a change costs, so that plans do not flap.
    confidence
        As for :func:`flexiflow.planning.plan`.

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
    ) -> None:
        if not weight > 0 or not switching >= 0:
            raise BadInput(
                f"weight must be above 0, switching 0 or more. Got {weight}, {switching}."
            )
        self.problem, self.demand, self.predictor = problem, demand, predictor or linear()
        self.weight, self.switching, self.confidence = weight, switching, confidence
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
        given = np.asarray(loads, dtype=float)
        if not len(given) or not np.isfinite(given).all() or (given < 0).any():
            raise BadInput("loads must be jobs a second, 0 or more, at least one, without NaN.")
        step = int(np.ceil(np.log(max(self.predictor(given), 1e-3)) / np.log(_GRID) - 1e-9))
        demand = replace(self.demand, rate=_GRID**step)
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

    def _worth(self, made: Plan) -> float:
        return made.accuracy - self.weight * made.cost

    def _planned(self, step: int, demand: Demand) -> Plan | None:
        if step not in self._known:
            try:
                self._known[step] = plan(self.problem, demand, self.confidence, self.weight)
            except Infeasible:
                self._known[step] = None
        return self._known[step]


def follow(adapter: Adapter, counts: ArrayLike, interval: int = 10, seed: int = 0) -> pl.DataFrame:
    """Simulate an adapter over a trace; each interval begins with empty queues.

    Parameters
    ----------
    counts
        Jobs in each second, `(seconds,)`.
    interval
        Seconds between two decisions.

    Returns
    -------
    polars.DataFrame
        A row an interval after the first: ``start`` (seconds), ``rate``, ``accuracy``, ``cost``,
        ``jobs``, ``misses`` (share over the SLA), ``changed``.
    """
    given = np.asarray(counts, dtype=float)
    rows, loads = [], [float(given[:interval].mean())]
    for k in range(1, len(given) // interval):
        part, before = given[k * interval : (k + 1) * interval], adapter.changes
        made = adapter.decide(loads)
        arrivals = trace(part, seed=seed + k)
        missed = simulate(made, arrivals, seed=k).misses(made.demand.sla) if len(arrivals) else 0.0
        rows.append(
            {
                "start": k * interval, "rate": float(part.mean()), "accuracy": made.accuracy,
                "cost": made.cost, "jobs": len(arrivals), "misses": missed,
                "changed": adapter.changes > before,
            }
        )  # fmt: skip
        loads.append(float(part.mean()))
    return pl.DataFrame(rows)
