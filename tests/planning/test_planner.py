from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import ladder, offer

from flexiflow.errors import BadInput
from flexiflow.planning import (
    Demand,
    Infeasible,
    Offer,
    Plan,
    Problem,
    Seconds,
    Step,
    erlang_c,
    mean_wait,
    pareto,
    plan,
    tail_wait,
)
from flexiflow.planning.problem import Accuracy


def small(seed: int, accuracy: Accuracy = "product") -> Problem:
    """A diamond of three variants a node, in batches of 1 and 4."""
    rng = np.random.default_rng(seed)
    steps = []
    for name, parents in (("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c"))):
        made = []
        for k in range(3):
            right, seconds = rng.uniform(0.5, 1.0), rng.uniform(0.02, 0.3)
            cores = float(rng.integers(1, 4))
            made += [offer(f"v{k}", right, seconds * (0.4 + 0.6 * b), b, cores) for b in (1, 4)]
        steps.append(Step(name, tuple(made), parents))
    joint = None
    if accuracy == "learned":
        every = itertools.product(("v0", "v1", "v2"), repeat=4)
        joint = {names: (float(rng.uniform(0.3, 1.0)), 0.001) for names in every}
    return Problem(tuple(steps), accuracy, joint)


def one_by_one(problem: Problem, demand: Demand) -> list[tuple[float, float, float]]:
    """Latency, cost and accuracy of all plans with the least replicas, without the planner."""
    found = []
    for picked in itertools.product(*(s.offers for s in problem.steps)):
        seconds, cost = {}, 0.0
        for step, o in zip(problem.steps, picked, strict=True):
            n = max(math.ceil(demand.headroom * demand.rate * o.seconds.mean / o.batch), 1)
            seconds[step.name] = o.seconds.quantile(demand.tail) + (o.batch - 1) / demand.rate
            cost += n * o.cores
        latency = seconds["a"] + max(seconds["b"], seconds["c"]) + seconds["d"]
        right = [o.accuracy for o in picked]
        whole = math.prod(right) if problem.accuracy == "product" else sum(right) / 4
        if problem.joint:
            whole = problem.joint[tuple(o.variant for o in picked)][0]
        found.append((latency, cost, whole))
    return found


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    accuracy=st.sampled_from(["product", "average", "learned"]),
    sla=st.floats(0.3, 2.0),
    budget=st.one_of(st.none(), st.floats(5.0, 60.0)),
)
def test_the_plan_is_the_best_of_all(
    seed: int, accuracy: Accuracy, sla: float, budget: float | None
) -> None:
    problem = small(seed, accuracy)
    demand = Demand(sla, 10.0, budget, waiting=False)
    fit = [
        (cost, right)
        for latency, cost, right in one_by_one(problem, demand)
        if latency <= sla and (budget is None or cost <= budget)
    ]
    if not fit:
        with pytest.raises(Infeasible):
            plan(problem, demand, None)
        return
    top = max(right for _, right in fit)
    found = plan(problem, demand, None)
    assert found.accuracy == pytest.approx(top)
    assert found.cost == pytest.approx(min(c for c, right in fit if right >= top - 1e-12))
    weighed = plan(problem, demand, None, weight=0.02)
    assert weighed.accuracy - 0.02 * weighed.cost == pytest.approx(
        max(r - 0.02 * c for c, r in fit)
    )
    for p in pareto(problem, demand).plans:
        assert p.accuracy == pytest.approx(max(r for c, r in fit if c <= p.cost + 1e-9))


def fits(problem: Problem, demand: Demand) -> bool:
    return any(
        latency <= demand.sla and (demand.budget is None or cost <= demand.budget)
        for latency, cost, _ in one_by_one(problem, demand)
    )


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_nearest_demands_are_those_of_all_plans(seed: int, share: float) -> None:
    problem, rate = small(seed), 10.0
    every = one_by_one(problem, Demand(1.0, rate))
    cheapest = min(cost for _, cost, _ in every)
    fastest = min(t for t, _, _ in every)
    sla, budget = fastest * 1.05, cheapest + 1.0
    demand = Demand(sla, rate, budget * share, waiting=False)
    assert not fits(problem, demand)
    with pytest.raises(Infeasible) as caught:
        plan(problem, demand, None)
    told = caught.value
    inside = [t for t, cost, _ in every if cost <= budget * share]
    assert (told.sla is None) == (not inside)
    if inside:
        assert told.sla == pytest.approx(min(inside), rel=1e-3)
    assert told.budget == pytest.approx(min(c for t, c, _ in every if t <= sla))
    assert told.binding == ("latency and budget" if inside else "budget")
    if told.rate is not None:
        assert fits(problem, replace(demand, rate=told.rate))
        assert not fits(problem, replace(demand, rate=told.rate * 1.01))


def test_what_is_too_slow_for_any_budget_says_so() -> None:
    problem = small(1)
    with pytest.raises(Infeasible, match="even the fastest") as caught:
        plan(problem, Demand(0.01, 10.0, waiting=False), None)
    assert (caught.value.binding, caught.value.budget) == ("latency", None)
    wanted = min(t for t, _, _ in one_by_one(problem, Demand(0.01, 10.0)))
    assert caught.value.sla == pytest.approx(wanted, rel=1e-3)


def unsure(variant: str, accuracy: float, seconds: float) -> Offer:
    return Offer(variant, 1, 1.0, Seconds(math.log(seconds), 4.0, 3.0, 0.03), accuracy, 0.001)


def test_a_plan_holds_with_its_probability() -> None:
    offers = tuple(unsure(f"v{k}", 0.5 + 0.04 * k, 0.05 * (1 + k)) for k in range(10))
    problem = Problem((Step("a", offers), Step("b", offers, ("a",))))
    demand = Demand(1.0, 5.0)
    bold, sure = plan(problem, demand, None), plan(problem, demand, 0.95)
    assert sure.feasible >= 0.95 > bold.feasible
    assert sure.accuracy < bold.accuracy
    assert drawn(sure, 1.0) == pytest.approx(sure.feasible, abs=0.02)
    assert drawn(bold, 1.0) == pytest.approx(bold.feasible, abs=0.02)
    assert all(p.feasible >= 0.95 for p in pareto(problem, demand, 0.95).plans)
    low, high = sure.interval("accuracy")
    assert low < sure.accuracy < high


def drawn(made: Plan, sla: float) -> float:
    """The probability that a plan of single jobs keeps the SLA, by other draws and formulae."""
    rng, kept = np.random.default_rng(11), 0
    for _ in range(4_000):
        total = 0.0
        for p in made.placed:
            s = p.offer.seconds
            s2 = s.beta / rng.gamma(s.alpha)
            m = rng.normal(s.centre, math.sqrt(s2 / s.kappa))
            mean, rate = math.exp(m + s2 / 2), made.demand.rate
            total += math.exp(m + 2.3263478740408408 * math.sqrt(s2))
            busy = erlang_c(p.replicas, rate * mean)
            spare = p.replicas / mean - rate
            if spare <= 0:
                total = math.inf
            elif busy > 0.01:
                total += math.log(busy / 0.01) / spare * (1 + math.expm1(s2)) / 2
        kept += total <= sla
    return kept / 4_000


def test_confidence_can_be_in_the_way() -> None:
    problem = Problem((Step("a", (unsure("v", 0.9, 0.1),)),))
    expected = plan(problem, Demand(9.0, 5.0), None).latency
    with pytest.raises(Infeasible, match=r"probability 0\.99") as caught:
        plan(problem, Demand(expected, 5.0, spare=0), 0.99)
    assert caught.value.binding == "confidence"
    nearest = caught.value.sla
    assert nearest is not None
    assert plan(problem, Demand(nearest * 1.001, 5.0, spare=0), 0.99).feasible >= 0.99


def test_more_replicas_are_bought_to_wait_less() -> None:
    problem = Problem((Step("a", (offer("v", 0.9, 0.1),)),))
    few = plan(problem, Demand(9.0, 6.0), None)
    many = plan(problem, Demand(0.2, 6.0), None)
    assert many.placed[0].replicas > few.placed[0].replicas
    assert many.latency <= 0.2


def test_waits_of_known_queues() -> None:
    assert erlang_c(1, 0.6) == pytest.approx(0.6)
    load, c = 7.0, 9
    terms = [load**k / math.factorial(k) for k in range(c)]
    last = load**c / math.factorial(c) * c / (c - load)
    assert erlang_c(c, load) == pytest.approx(last / (sum(terms) + last))
    assert mean_wait(1, 0.6, 1.0, services=0.0) == pytest.approx(0.6 / (2 * 0.4))
    assert mean_wait(2, 3.0, 1.0) == math.inf
    exact = math.log(erlang_c(600, 590.0) / 0.01) / 10.0
    assert float(tail_wait(600, 590.0, 1.0, 0.99)) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Demand(0.0, 1.0), "sla must be"),
        (lambda: Demand(1.0, 0.0), "rate must be"),
        (lambda: Demand(1.0, math.nan), "rate must be"),
        (lambda: Demand(1.0, 1.0, 0.0), "budget must be"),
        (lambda: Demand(1.0, 1.0, headroom=0.9), "headroom must be"),
        (lambda: Problem(()), "needs nodes"),
        (lambda: Problem((Step("a", ()),)), "has no offer"),
        (lambda: Problem((Step("a", (offer("v", 1.2, 0.1),)),)), "from 0 to 1"),
        (lambda: Problem((Step("a", (offer("v", 1, 0.1),), ("z",)),)), "which is no node"),
        (
            lambda: Problem(
                (
                    Step("a", (offer("v", 1, 0.1),), ("b",)),
                    Step("b", (offer("v", 1, 0.1),), ("a",)),
                )
            ),
            "in a circle",
        ),
        (lambda: Problem((Step("a", (offer("v", 1, 0.1),)),), "learned"), "goes with joint="),
        (lambda: plan(ladder(1, 1), Demand(9.0, 1.0), 0.2), "confidence must be"),
        (lambda: plan(ladder(1, 1), Demand(9.0, 1.0), weight=-1), "weight must be"),
    ],
)
def test_bad_input(call: Callable[[], object], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        call()
