"""What an adapter is compared with: plans that stay, that only scale, that only switch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from flexiflow.planning import Adapter, Demand, Plan, Problem, plan
from flexiflow.planning.adapting import GRID, Predictor, checked, on_grid
from flexiflow.planning.choices import Choices, planned_for
from flexiflow.planning.planner import pareto
from flexiflow.planning.plans import placed
from flexiflow.planning.solving import front


class Stays:
    """One plan, whatever the load."""

    def __init__(self, made: Plan) -> None:
        self.present = made

    def decide(self, loads: ArrayLike) -> Plan:
        """The plan."""
        return self.present


class Switches:
    """The replicas of a plan stay; variants and batch sizes follow the load.

    Parameters
    ----------
    made
        Whose replicas.
    predictor
        Of the load of the next interval.
    weight
        Accuracy given up for a unit of cost.
    """

    def __init__(self, made: Plan, predictor: Predictor, weight: float) -> None:
        self.present, self.predictor, self.weight = made, predictor, weight
        self._replicas = [p.replicas for p in made.placed]
        self._known: dict[int, Plan | None] = {}

    def decide(self, loads: ArrayLike) -> Plan:
        """The best plan with these replicas; the one before where none meets the load."""
        step = on_grid(self.predictor(checked(loads)))
        if step not in self._known:
            self._known[step] = self._planned(replace(self.present.demand, rate=GRID**step))
        self.present = self._known[step] or self.present
        return self.present

    def _planned(self, demand: Demand) -> Plan | None:
        problem = self.present.problem
        every = []
        for step, n in zip(problem.steps, self._replicas, strict=True):
            rate = demand.rate * step.visits
            latency = [planned_for(o.seconds, o.batch, n, rate, demand) for o in step.offers]
            at = np.flatnonzero(np.isfinite(latency))
            those = [step.offers[k] for k in at.tolist()]
            every.append(
                Choices(
                    at, np.full(len(at), n), np.array(latency)[at],
                    np.array([n * o.cores for o in those]),
                    np.array([math.log(max(o.accuracy, 1e-12)) for o in those]),
                )
            )  # fmt: skip
        if not all(len(c.cost) for c in every):
            return None
        found = front(every, problem.paths, problem.order, demand.sla).picks.tolist()
        plans = [placed(problem, demand, every, picks, 0.5) for picks in found]
        return max(plans, key=lambda p: p.accuracy - self.weight * p.cost, default=None)


def held(problem: Problem, made: Plan) -> Problem:
    """The same problem with the variants of a plan alone."""
    names = {p.node: p.offer.variant for p in made.placed}
    steps = [
        s._replace(offers=tuple(o for o in s.offers if o.variant == names[s.name]))
        for s in problem.steps
    ]
    return replace(problem, steps=tuple(steps))


def deciders(
    problem: Problem, demand: Demand, peak: float, predictor: Predictor, weight: float
) -> Mapping[str, Callable[[], Adapter | Stays | Switches]]:
    """All that are compared, by name; each made anew when called.

    Fixed plans are made for the ``peak``: the cheapest and the most accurate of its front. The
    others begin at the rate of the demand: *scale-only* holds the variants of the plan that the
    adapter begins with, *switch-only* the replicas of the adapter's plan for the peak.
    """
    most = replace(demand, rate=peak)
    ends = pareto(problem, most, None)

    def scaling() -> Adapter:
        return Adapter(
            held(problem, plan(problem, demand, None, weight)), demand, predictor, weight
        )

    return {
        "fixed-cheapest": lambda: Stays(ends[0]),
        "fixed-best": lambda: Stays(ends[len(ends) - 1]),
        "scale-only": scaling,
        "switch-only": lambda: Switches(plan(problem, most, None, weight), predictor, weight),
        "adapter": lambda: Adapter(problem, demand, predictor, weight),
    }
