"""What a plan says of each node, and what is counted of the jobs."""

from __future__ import annotations

import pytest
from served import place, plan_of, workflow

from flexiflow.candidates import candidate
from flexiflow.candidates.batch import LONGEST_WAIT
from flexiflow.serving.measured import KEPT, Tally
from flexiflow.serving.places import places
from flexiflow.serving.station import Station

TEXT = """
f(x)
a = (a0 | a1)(x)
b = (b0 | b1)(a)
"""
MODELS = {"a0": str.upper, "a1": candidate(lambda xs: xs, batch=6), "b0": str.title,
          "b1": candidate(str.lower, rerolls=2)}  # fmt: skip


def test_a_plan_is_laid_out() -> None:
    made = workflow(TEXT, MODELS)
    plan = plan_of(made.graph, {"b": "b1", "a": "a1"}, {"a": 4}, {"a": 2, "b": 3}, rate=100.0)
    a, b = places(made.graph, plan)
    assert (a.choice, a.batch, a.replicas) == (1, 4, 2)
    assert a.timeout == pytest.approx(3 / 100)
    assert (b.choice, b.batch, b.timeout, b.replicas) == (1, 1, 0.0, 3)
    assert b.first is made.graph.nodes[1].candidates[1]
    other = made.graph.nodes[0].candidates[0]
    assert a.first is not None
    assert (a.room(a.first), a.patience(a.first)) == (4, a.timeout)
    assert (a.room(other), a.patience(other)) == (1, 0.0)
    assert a.plain() == {"node": "a", "variant": "a1", "batch": 4, "timeout": a.timeout,
                         "replicas": 2}  # fmt: skip


def test_without_a_plan() -> None:
    made = workflow(TEXT, MODELS)
    a, _ = places(made.graph, None)
    batched = made.graph.nodes[0].candidates[1]
    assert (a.choice, a.first, a.replicas) == (None, None, 1)
    assert (a.room(batched), a.patience(batched)) == (6, LONGEST_WAIT)
    assert a.plain()["variant"] is None


def test_quantiles_and_misses() -> None:
    tally = Tally(began=5.0, sla=0.905)
    for k in range(1, 101):
        tally.end(k / 100, passed=k % 2 == 0, late=k > 98)
    stats = tally.stats(15.0, [])
    assert (stats.seconds, stats.done, stats.passed, stats.late) == (10.0, 100, 50, 2)
    assert stats.p50 == pytest.approx(0.505)
    assert stats.p95 == pytest.approx(0.01 + 0.95 * 0.99)
    assert stats.p99 == pytest.approx(0.01 + 0.99 * 0.99)
    assert stats.misses == pytest.approx(0.10)


def test_only_the_latest_jobs_are_kept_and_none_is_no_error() -> None:
    tally = Tally(began=0.0)
    idle = Station(place(None), lambda: 0.0)
    empty = tally.stats(0.0, [idle])
    idle.close()
    assert (empty.p50, empty.misses, empty.sla) == (None, None, None)
    assert empty.nodes["node"]["utilisation"] == empty.nodes["node"]["filled"] == 0.0
    assert empty.table()["node"].to_list() == ["node"]
    for _ in range(KEPT):
        tally.end(9.0, passed=True, late=False)
    for _ in range(KEPT):
        tally.end(1.0, passed=True, late=False)
    assert tally.stats(1.0, []).p99 == 1.0
