"""When no plan fits: which demand is in the way, and the nearest one that can be met."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Literal

import numpy as np

from flexiflow.errors import BadInput, FlexiFlowError
from flexiflow.planning.choices import choices
from flexiflow.planning.plans import Plan, placed
from flexiflow.planning.problem import Demand, Problem
from flexiflow.planning.solving import cheapest

Binding = Literal["latency", "budget", "latency and budget", "confidence"]

_CLOSE = 1e-4  # relative, to which the nearest demands are found
_FARTHEST = 1e3  # times the rate, up and down
_PATIENT = 1e6  # seconds, more than any plan takes
_SCORES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)  # standard scores of the levels


class Infeasible(FlexiFlowError):
    """No plan meets the demand.

    Attributes
    ----------
    binding
        ``"latency"`` (no budget would help), ``"budget"`` (the SLA can be met, for more),
        ``"latency and budget"`` (either alone can be met), or ``"confidence"`` (a plan is
        expected to fit, but not with the probability asked for).
    sla, rate, budget
        The nearest value of each at which a plan fits, the other two unchanged; None where
        there is none.
    """

    def __init__(
        self,
        message: str,
        binding: Binding,
        sla: float | None,
        rate: float | None,
        budget: float | None,
    ) -> None:
        super().__init__(message)
        self.binding, self.sla, self.rate, self.budget = binding, sla, rate, budget


def levels(confidence: float | None) -> tuple[float, ...]:
    """The levels of pessimism at which plans are looked for; see :mod:`.planner`."""
    if confidence is None:
        return (0.5,)
    if not 0.5 <= confidence < 1.0:
        raise BadInput(f"confidence must be from 0.5 to below 1, or None. Got {confidence!r}.")
    return tuple(NormalDist().cdf(z) for z in _SCORES)


def cheapest_plan(problem: Problem, demand: Demand, confidence: float | None) -> Plan | None:
    """The cheapest plan that meets a demand with a probability; None if none was found."""
    found = None
    for level in levels(confidence):
        every = choices(problem, demand, level)
        picks = cheapest(every, problem.paths, problem.order, demand.sla, demand.budget)
        if picks is None:
            break  # what is more pessimistic fits still less
        made = placed(problem, demand, every, picks.tolist(), level)
        good = confidence is None or made.feasible >= confidence
        if good and (found is None or made.cost < found.cost):
            found = made
    return found


def explained(problem: Problem, demand: Demand, confidence: float | None = None) -> Infeasible:
    """The error that says why a demand cannot be met."""
    rich, patient = replace(demand, budget=None), replace(demand, sla=_PATIENT)
    dearer = cheapest_plan(problem, rich, confidence)
    binding: Binding = "latency"
    if confidence is not None and cheapest_plan(problem, demand, None) is not None:
        binding = "confidence"
    elif dearer is not None:
        slower = cheapest_plan(problem, patient, confidence)
        binding = "budget" if slower is None else "latency and budget"
    sla = least_sla(problem, demand, confidence)
    rate = nearest_rate(problem, demand, confidence)
    budget = None if dearer is None else dearer.cost
    return Infeasible(
        _told(demand, binding, sla, rate, budget, confidence), binding, sla, rate, budget
    )


def _told(
    demand: Demand,
    binding: Binding,
    sla: float | None,
    rate: float | None,
    budget: float | None,
    confidence: float | None,
) -> str:
    asked = f"{demand.sla:g} s at {demand.rate:g} jobs a second"
    if demand.budget is not None:
        asked += f" for a cost of {demand.budget:g}"
    why = {
        "latency": "even the fastest choices take longer",
        "budget": "even the cheapest replicas cost more",
        "latency and budget": "what is fast enough costs more",
        "confidence": f"not with probability {confidence or 0.0:g}, as uncertain as seconds are",
    }[binding]
    ways = []
    if sla is not None and not math.isclose(sla, demand.sla):
        ways.append(f"sla={_rounded(sla, up=True)}")
    if rate is not None and not math.isclose(rate, demand.rate):
        ways.append(f"rate={_rounded(rate, up=rate > demand.rate)}")
    if budget is not None and demand.budget is not None and budget > demand.budget:
        ways.append(f"budget={_rounded(budget, up=True)}")
    instead = f" Possible, the rest unchanged: {', or '.join(ways)}." if ways else ""
    return f"No plan keeps {asked}: {why}.{instead}"


def _rounded(value: float, up: bool) -> str:
    """Four digits, rounded so that the demand can still be met."""
    digits = 3 - math.floor(math.log10(value))
    scaled = value * 10.0**digits
    whole = math.ceil(scaled - 1e-6) if up else math.floor(scaled + 1e-6)
    return f"{whole / 10.0**digits:.6g}"


def least_sla(problem: Problem, demand: Demand, confidence: float | None) -> float | None:
    """About the shortest SLA that a plan within the budget meets at the rate; never too short."""

    def met(plan: Plan) -> float:
        if confidence is None:
            return plan.latency
        return float(np.quantile(plan.drawn[0], confidence, method="higher"))

    first = cheapest_plan(problem, replace(demand, sla=_PATIENT), confidence)
    if first is None:
        return None
    low, high = 0.0, met(first)
    while high - low > _CLOSE * high:
        middle = (low + high) / 2
        found = cheapest_plan(problem, replace(demand, sla=middle), confidence)
        low, high = (middle, high) if found is None else (low, min(met(found), middle))
    return high


def nearest_rate(problem: Problem, demand: Demand, confidence: float | None) -> float | None:
    """About the rate nearest to the one asked for at which a plan fits.

    Mostly a lower one; a higher one where what cannot be met is the time batches take to fill.
    """

    def fits(factor: float) -> bool:
        asked = replace(demand, rate=demand.rate * factor)
        return cheapest_plan(problem, asked, confidence) is not None

    factor = 1.0
    while factor < _FARTHEST:
        last, factor = factor, factor * 1.5
        for good, bad in ((1.0 / factor, 1.0 / last), (factor, last)):
            if fits(good):
                while max(good / bad, bad / good) > 1.0 + _CLOSE:
                    middle = math.sqrt(good * bad)
                    good, bad = (middle, bad) if fits(middle) else (good, middle)
                return demand.rate * good
    return None
