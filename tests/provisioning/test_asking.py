from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

import flexiflow
from flexiflow.errors import BadInput
from flexiflow.language import read
from flexiflow.planning import (
    Demand,
    Infeasible,
    Offer,
    Plan,
    Problem,
    Profile,
    Seconds,
    Step,
    poisson,
    simulate,
)
from flexiflow.provisioning import pareto, plan, problem_of, profile_of

OFFER = Offer("v", 1, 1.0, Seconds.of([0.1]), 0.9)
TEXT = """
greet(x)
word = (quick | careful)(x)
loud = (shout | whisper)(word)
assert loud.isupper()
"""


def quick(x: str) -> str:
    return x


def careful(x: str) -> str:
    time.sleep(0.002)
    return x


def shout(x: str) -> str:
    return x.upper() if x != "b" else x


def whisper(x: str) -> str:
    return x.upper() if x == "b" else x


MODELS = {"quick": quick, "careful": careful, "shout": shout, "whisper": whisper}


@pytest.fixture(scope="module")
def greet() -> Any:
    made = flexiflow.Workflow(read(TEXT.strip(), MODELS), store=flexiflow.MemoryStore())
    made.run(["a", "c", "d", "b"] * 25, seed=1, progress=False)
    return made


def test_a_plan_takes_the_candidates_that_pass(greet: Any) -> None:
    found = plan(greet, sla=2.0, rate=5.0)
    assert [p.node for p in found.placed] == ["word", "loud"]
    assert found.placed[1].offer.variant == "shout"
    assert {p.offer.batch for p in found.placed} == {1}
    low, high = found.interval("accuracy")
    assert low <= found.accuracy <= high
    assert found.feasible >= 0.95
    load = simulate(found, poisson(5.0, 200, seed=1))
    assert load.misses(2.0) < 0.01


def test_learned_accuracy_is_that_of_whole_configurations(greet: Any) -> None:
    problem = problem_of(greet, "learned")
    assert problem.joint is not None
    assert set(problem.joint) == {
        (w, s) for w in ("quick", "careful") for s in ("shout", "whisper")
    }
    found = plan(greet, sla=2.0, rate=5.0, accuracy="learned")
    assert found.accuracy == max(mean for mean, _ in problem.joint.values())
    assert found.placed[1].offer.variant == "shout"
    assert 0.5 < found.accuracy <= 1.0


def test_the_beliefs_are_left_as_they_were(greet: Any) -> None:
    before = greet.sampler.state
    problem_of(greet, "learned")
    assert greet.sampler.state == before


def test_the_front_is_a_table(greet: Any) -> None:
    table = pareto(greet, sla=2.0, rate=300.0).table()
    assert table["cost"].is_sorted()
    assert table["accuracy"].is_sorted()
    assert (table["feasible"] >= 0.95).all()


def test_the_log_fills_what_a_profile_lacks(greet: Any) -> None:
    frame = pl.DataFrame({"node": ["word"], "variant": ["quick"], "seconds": [0.5], "runs": [100]})
    known = profile_of(greet, frame)
    assert known.seconds("word", "quick", 1).mean == pytest.approx(0.5, rel=0.01)
    assert 0.002 < known.seconds("word", "careful", 1).mean < 0.1
    assert plan(greet, 5.0, 5.0, profile=Profile(frame)).latency < 5.0


def test_a_demand_that_cannot_be_met(greet: Any) -> None:
    with pytest.raises(Infeasible) as caught:
        plan(greet, sla=1e-7, rate=5.0, confidence=None)
    assert caught.value.binding == "latency"
    nearest = caught.value.sla
    assert nearest is not None
    assert plan(greet, sla=nearest, rate=5.0, confidence=None).latency <= nearest * (1 + 1e-6)


def test_bad_input(greet: Any) -> None:
    with pytest.raises(BadInput, match="sla must be"):
        plan(greet, sla=0.0, rate=5.0)
    with pytest.raises(BadInput, match="rate must be"):
        plan(greet, sla=1.0, rate=0.0)
    with pytest.raises(BadInput, match="no option 'head'"):
        plan(greet, sla=1.0, rate=1.0, head=2.0)
    fresh = flexiflow.Workflow(read(TEXT.strip(), MODELS), store=flexiflow.MemoryStore())
    with pytest.raises(BadInput, match="run some jobs"):
        plan(fresh, sla=1.0, rate=5.0)
    other = flexiflow.Workflow(
        read(TEXT.strip(), MODELS), store=flexiflow.MemoryStore(), sampler=flexiflow.Random()
    )
    other.run(["a"] * 30, progress=False)
    with pytest.raises(BadInput, match="needs the sampler Hybrid"):
        plan(other, sla=1.0, rate=5.0, accuracy="learned")


def test_a_workflow_plans_by_itself_and_its_plans_know_it(greet: Any) -> None:
    found = greet.plan(sla=2.0, rate=5.0)
    assert found == plan(greet, sla=2.0, rate=5.0)
    assert found.workflow is greet
    front = greet.pareto(sla=2.0, rate=300.0, confidence=None)
    assert all(p.workflow is greet for p in front.plans)
    assert front.table()["cost"].to_list() == [p.cost for p in front.plans]
    assert list(front.figure().data[2].y) == [p.accuracy for p in front.plans]
    view = front.view()
    view.rate.value = 600.0
    assert view.plan.workflow is greet
    assert view.plan.demand.rate == 600.0
    view.close_all()


def test_what_is_banned_is_not_offered(greet: Any) -> None:
    greet.ban("loud", "shout")
    try:
        (word, loud) = problem_of(greet).steps
        assert {o.variant for o in loud.offers} == {"whisper"}
        assert {o.variant for o in word.offers} == {"quick", "careful"}
        assert greet.plan(sla=2.0, rate=5.0).placed[1].offer.variant == "whisper"
    finally:
        greet.ban("loud", "shout", on=False)


def test_a_plan_is_applied_by_its_workflow() -> None:
    class Asked:
        def serve(self, plan: Any, **options: Any) -> Any:
            return plan, options

    bare = Plan(Problem((Step("n", (OFFER,)),)), Demand(1.0, 1.0), ())
    asked = replace(bare, workflow=Asked())
    assert asked.apply(port=0) == (asked, {"port": 0})
    with pytest.raises(BadInput, match="of no workflow"):
        bare.apply()
