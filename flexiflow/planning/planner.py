"""The best plan for a demand, and the whole front of accuracy and cost.

What is believed of seconds is uncertain; a plan is asked to keep the SLA with a probability
(a chance constraint). Fronts are made with each offer's seconds at several levels of
pessimism, and of their plans only those are taken that keep the SLA with that probability in a
simulation over the beliefs. A plan that none of the levels finds may be better still; one that
is given holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from flexiflow.errors import BadInput
from flexiflow.planning.choices import Choices, choices, gain_of, taken
from flexiflow.planning.curves import Floats
from flexiflow.planning.infeasible import explained, levels
from flexiflow.planning.plans import Plan, placed
from flexiflow.planning.problem import Demand, Joint, Problem
from flexiflow.planning.solving import above, cheapest, front

_LEAST = 1e-300  # an accuracy of 0 has no logarithm


def plan(
    problem: Problem, demand: Demand, confidence: float | None = 0.95, weight: float = 0.0
) -> Plan:
    """The most accurate plan that meets a demand, the cheapest of these.

    Parameters
    ----------
    problem, demand
        What is to be served, and what has to be met.
    confidence
        Probability with which the SLA is to hold, given what is believed of seconds; None
        takes them as expected.
    weight
        Accuracy that is given up for one unit of cost, beta over alpha in the published
        objective; at 0 cost decides between equals only.

    Raises
    ------
    Infeasible
        If there is no such plan; it says what is in the way, and what could be met.
    """
    if not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
        raise BadInput(f"weight must be a number, 0 or more. Got {weight!r}.")

    best: Plan | None = None
    for level in levels(confidence):
        least = -np.inf if best is None else best.accuracy - weight * best.cost
        fits = False
        for plans in _best_first(problem, demand, level, weight, least):
            fits = True
            good = [p for p in plans if confidence is None or p.feasible >= confidence]
            if good and good[0].accuracy - weight * good[0].cost > least:
                best = good[0]
                if best is plans[0]:
                    return best  # nothing more pessimistic is better
                break
        if not fits:
            break  # nor is any of these
    if best is None:
        raise explained(problem, demand, confidence)
    return best


@dataclass(frozen=True)
class Pareto:
    """Plans of which none is both cheaper and as accurate, ascending by cost."""

    plans: tuple[Plan, ...]

    def __len__(self) -> int:
        return len(self.plans)

    def __getitem__(self, k: int) -> Plan:
        return self.plans[k]

    def table(self) -> pl.DataFrame:
        """A row a plan.

        Returns
        -------
        polars.DataFrame
            ``cost``, ``accuracy``, ``latency`` (seconds planned for), ``feasible`` (the
            probability that the SLA holds), ``cores``, ``plan`` (a list of structs: node,
            variant, batch, replicas, cores).
        """
        return pl.DataFrame(
            [
                {
                    "cost": p.cost,
                    "accuracy": p.accuracy,
                    "latency": p.latency,
                    "feasible": p.feasible,
                    "cores": p.cores,
                    "plan": p.table()
                    .select("node", "variant", "batch", "replicas", "cores")
                    .to_dicts(),
                }
                for p in self.plans
            ]
        )


def pareto(problem: Problem, demand: Demand, confidence: float | None = None) -> Pareto:
    """All plans that meet a demand and are best for their cost; exact.

    Of graphs too entangled for the search up to 25 of them, each exact; see :mod:`.solving`.

    Parameters
    ----------
    problem, demand
        As for :func:`plan`; a budget bounds the cost.
    confidence
        Probability with which the SLA is to hold for every one of them; None takes seconds as
        expected (each plan says with which probability it holds).

    Raises
    ------
    Infeasible
        If no plan fits.
    """
    good: list[Plan] = []
    for level in levels(confidence):
        plans = _front(problem, demand, level, good)
        sure = [p for p in plans if confidence is None or p.feasible >= confidence]
        good += sure
        if len(sure) == len(plans):
            break  # what is more pessimistic is no better than these
    kept: list[Plan] = []
    for p in sorted(good, key=lambda p: (p.cost, -p.accuracy)):
        if not kept or p.accuracy > kept[-1].accuracy:
            kept.append(p)
    if not kept:
        raise explained(problem, demand, confidence)
    return Pareto(tuple(kept))


def _front(problem: Problem, demand: Demand, level: float, had: list[Plan]) -> list[Plan]:
    """The front at a level of pessimism, but for what is no better than plans that are had."""
    every = choices(problem, demand, level)
    if problem.joint:
        return _learned(problem, demand, level, every, problem.joint)
    known = np.array([p.cost for p in had]), np.array([_gain(p) for p in had])
    found = front(every, problem.paths, problem.order, demand.sla, demand.budget, known)
    return [placed(problem, demand, every, row, level) for row in found.picks.tolist()]


def _gain(made: Plan) -> float:
    """What its choices add up to, as in :class:`flexiflow.planning.choices.Choices`."""
    return math.fsum(
        gain_of(made.problem, np.array([p.offer.accuracy])).item() for p in made.placed
    )


def _best_first(
    problem: Problem, demand: Demand, level: float, weight: float, least: float
) -> Iterator[list[Plan]]:
    """More and more of the plans of a front, each time those worth most first."""
    if problem.joint:
        yield from filter(None, [_by_worth(_front(problem, demand, level, []), weight)])
        return
    product = problem.accuracy == "product"

    def worth(cost: Floats, gain: Floats) -> Floats:
        return (np.exp(gain) if product else gain) - weight * cost

    def gain(cost: Floats, worth: Floats) -> Floats:
        needed = worth + weight * cost
        return np.log(np.maximum(needed, _LEAST)) if product else needed

    every = choices(problem, demand, level)
    paths, order, sla, budget = problem.paths, problem.order, demand.sla, demand.budget
    parts = above(every, paths, order, sla, budget, worth, gain, least, weighed=weight > 0)
    for found in parts:
        plans = [placed(problem, demand, every, row, level) for row in found.picks.tolist()]
        yield _by_worth(plans, weight)


def _by_worth(plans: list[Plan], weight: float) -> list[Plan]:
    worth = np.array([p.accuracy - weight * p.cost for p in plans])
    return [plans[k] for k in np.argsort(-worth, kind="stable").tolist()]


def _learned(
    problem: Problem, demand: Demand, level: float, every: list[Choices], joint: Joint
) -> list[Plan]:
    """Configuration by configuration, the best first: each has to cost less than all before."""
    found: list[Plan] = []
    budget = demand.budget
    for variants, _ in sorted(joint.items(), key=lambda known: -known[1][0]):
        only = [
            np.flatnonzero([step.offers[k].variant == name for k in stage.offer.tolist()])
            for step, stage, name in zip(problem.steps, every, variants, strict=True)
        ]
        if not all(len(at) for at in only):
            continue
        part = [taken(stage, at) for stage, at in zip(every, only, strict=True)]
        picks = cheapest(part, problem.paths, problem.order, demand.sla, budget)
        if picks is None:
            continue
        made = placed(problem, demand, part, picks.tolist(), level)
        if not found or made.cost < found[-1].cost:
            found.append(made)
            budget = made.cost
    return found[::-1]
