"""A plan beside its simulation and beside the plan served; no figure of time is asserted."""

from __future__ import annotations

import asyncio
import json
import math

import numpy as np
import polars as pl
import pytest

import flexiflow
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.known_seconds import graph, order, problem, simulated
from flexiflow.benchmarks.load import awaited, posted
from flexiflow.benchmarks.serving import planned, served
from flexiflow.candidates import call
from flexiflow.language import read
from flexiflow.planning import Demand, Plan, Profile, plan
from flexiflow.serving import serve


@pytest.fixture(scope="module")
def profile() -> Profile:
    """Seconds by declared base and slope, of many runs."""
    lines = {"fast": (0.006, 0.0015), "fine": (0.012, 0.003)}
    sizes = [("text", n, b, base + slope * b) for n, (base, slope) in lines.items() for b in (1, 8)]
    sizes += [("label", "small", 1, 0.001), ("label", "large", 1, 0.003)]
    rows = [(n, v, b, seconds * off) for n, v, b, seconds in sizes for off in (0.98, 1.02) * 20]
    return Profile(pl.DataFrame(rows, ["node", "variant", "batch", "seconds"], orient="row"))


@pytest.fixture(scope="module")
def made(profile: Profile) -> Plan:
    return plan(problem(graph(), profile), Demand(0.5, 60.0))


@pytest.mark.slow
def test_the_command_prints_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--json", "--seconds", "0.8", "--rate", "30", "--runs", "2", "--sla", "30"]
    assert main(["serving", *given]) == 0
    head, *rows = map(json.loads, capsys.readouterr().out.splitlines())
    assert "text: " in head["plan"]
    ways = ["planned", "simulated", "served, awaited", "served, HTTP", "a thread overslept"]
    assert [row["what"] for row in rows] == ways
    assert rows[0]["p99_ms"] == pytest.approx(head["latency_ms"])
    for row in rows:
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert len({row["jobs"] for row in rows[1:4]}) == 1
    assert all(0 < row["text_busy_percent"] < 100 for row in rows[1:4])


def test_a_rate_that_cannot_be_met_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serving", "--sla", "1e-6", "--runs", "2"]) == 1
    assert "flexiflow.benchmarks: " in capsys.readouterr().err


def test_what_is_planned_for_is_the_plans_latency(made: Plan) -> None:
    assert planned(made, made.demand.tail) == pytest.approx(made.latency)
    assert planned(made, 0.5) < planned(made, 0.95) < made.latency


def test_candidates_pass_as_often_as_declared() -> None:
    it = graph()
    good = it.assertions[1].test.function
    for name, right in {"small": 0.9, "large": 0.98}.items():
        passed = sum(bool(good((x, name))) for x in range(4_000))
        assert abs(passed / 4_000 - right) < 4 * math.sqrt(right * (1 - right) / 4_000)


def test_the_plan_comes_first_then_what_differs_least(made: Plan) -> None:
    sampler = order(graph(), made)
    first = {p.node: p.offer.variant for p in made.placed}
    differ = [sum(c[n] != v for n, v in first.items()) for c in sampler.order]
    assert differ == [0, 1, 1, 2]


def test_the_simulation_knows_what_a_part_of_a_batch_takes(profile: Profile) -> None:
    text = next(s for s in problem(graph(), profile).steps if s.name == "text")
    wide = [o for o in text.offers if o.variant == "fast" and o.batch == 8]
    steps = tuple(s._replace(offers=tuple(wide)) if s.name == "text" else s
                  for s in problem(graph(), profile).steps)  # fmt: skip
    made = plan(type(problem(graph(), profile))(steps), Demand(5.0, 60.0))
    stations = {s.name: s for s in simulated(made, profile).stations}
    assert stations["text"].share == pytest.approx(0.006 / (0.006 + 8 * 0.0015), rel=0.05)
    assert stations["label"].share == 1.0


def test_jobs_that_are_refused_count_as_missed() -> None:
    it = read("f(x)\ny = (model)(x)", {"model": lambda x: x})
    flow = flexiflow.Workflow(it, store=flexiflow.MemoryStore(), sampler=flexiflow.Fixed())
    server = serve(flow, port=0, deadline=1e-9)
    with server:
        assert np.isinf(asyncio.run(awaited(server, np.array([0.0, 0.001])))).all()
        assert np.isinf(posted(server, np.array([0.0, 0.001]))).all()


def test_every_job_is_served_once(made: Plan) -> None:
    found, busy = served(graph(), made, np.linspace(0.0, 0.2, 12), http=False)
    assert np.isfinite(found).all()
    assert set(busy) == {"text", "label"}


def test_the_sleeping_candidates_take_their_seconds() -> None:
    fast = graph().nodes[0].candidates[0]
    told = call.run(fast, (1,), {}, 0)
    assert told.value == (1, "fast")
    assert told.seconds > 0.0075 * math.exp(-0.5)
