"""From a workflow's own plan to its server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from served import LONGEST, workflow

import flexiflow
from flexiflow.errors import BadInput
from flexiflow.planning import Plan

TEXT = """
greet(x)
word = (quick | twice)(x)
loud = (shout | whisper)(word)
assert loud.isupper()
"""
MODELS = {"quick": lambda x: x, "twice": lambda x: x + x,
          "shout": lambda x: x.upper() if x != "b" else x, "whisper": str.upper}  # fmt: skip


@pytest.fixture(scope="module")
def greet() -> flexiflow.Workflow:
    made = workflow(TEXT, MODELS, sampler=flexiflow.Hybrid())
    made.run(["a", "c", "d", "b"] * 15, seed=1, progress=False)
    return made


def test_a_plan_is_applied(greet: flexiflow.Workflow) -> None:
    plan = greet.plan(sla=2.0, rate=5.0)
    variants = {p.node: p.offer.variant for p in plan.placed}
    with plan.apply(learn=False, seed=3) as server:
        assert server.plan is plan
        outcome = server.submit({"x": "a"}).result(LONGEST)
        assert asyncio.run(server("b")).isupper()
        assert server.describe()["accuracy"] == plan.accuracy
        rows = server.stats().nodes
    assert dict(outcome.job.configuration) == variants
    assert {n: row["variant"] for n, row in rows.items()} == variants
    assert {n: row["replicas"] for n, row in rows.items()} == {
        p.node: p.replicas for p in plan.placed
    }


def test_a_front_is_served_plan_by_plan(greet: flexiflow.Workflow) -> None:
    front: Any = greet.pareto(sla=2.0, rate=50.0)
    with greet.serve() as server:
        for plan in front.plans:
            server.apply(plan)
            first = {p.node: p.offer.variant for p in plan.placed}
            outcome = server.submit({"x": "c"}).result(LONGEST)
            begun = {a.node: a.candidate for a in outcome.attempts if a.decision == 0}
            assert begun == first


def test_a_plan_of_no_workflow_is_not_applied(greet: flexiflow.Workflow) -> None:
    plan = greet.plan(sla=2.0, rate=5.0)
    bare = Plan(plan.problem, plan.demand, plan.placed)
    with pytest.raises(BadInput, match="of no workflow"):
        bare.apply()
