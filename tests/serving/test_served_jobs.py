"""A served job is a job: the same candidates in the same order, checks and outputs."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from served import LONGEST, plan_of, workflow

import flexiflow
from flexiflow.candidates import candidate
from flexiflow.planning import Plan
from flexiflow.serving import serve

CHAIN = """
flow(x)
a = (a0 | a1)(x)
b = (b0 | b1 | b2)(a)
assert good_b(b), "b is bad"
c = (c0 | c1)(b)
assert good_c(c, a)
"""
DIAMOND = """
flow(x)
a = (a0 | a1)(x)
b = (b0 | b1 | b2)(a)
c = (c0 | c1)(a)
assert good_b(b)
d = (d0)(b, c)
assert good_c(d, a)
"""
NAMES = ("a0", "a1", "b0", "b1", "b2", "c0", "c1", "d0")
ALIKE = ("step", "node", "candidate", "kind", "reason", "memo", "rolled_back_from", "upstream",
         "version", "seed", "decision")  # fmt: skip


def flow(text: str, bad: frozenset[tuple[str, str]], **options: Any) -> flexiflow.Workflow:
    """Models that append their name; an output is bad where the draw says so."""

    def tag(name: str) -> Any:
        def run(*values: str) -> str:
            if (name, "raises") in bad:
                raise ValueError(name)
            return "".join(values) + name

        return run

    def many(name: str) -> Any:
        one = tag(name)
        return candidate(lambda *columns: [one(*row) for row in zip(*columns, strict=True)],
                         batch=4, name=name)  # fmt: skip

    models: dict[str, Any] = {n: (many if n.endswith("1") else tag)(n) for n in NAMES}
    models["good_b"] = lambda b: (b[-2:], b[:2]) not in bad
    models["good_c"] = lambda c, a: (c[-2:], a[-2:]) not in bad
    return workflow(text, models, **options)


def table(made: flexiflow.Workflow) -> pl.DataFrame:
    jobs = made.store.read("jobs").select("job_id", "number")
    attempts = made.store.read("attempts").join(jobs, on="job_id")
    return attempts.sort("number", "step").select("number", *ALIKE)


INPUTS = ["a0", "a1", "c0", "c1", "x"]
WRONG = st.frozensets(
    st.tuples(st.sampled_from(NAMES[2:]), st.sampled_from([*INPUTS, "raises"])), max_size=14
)
ORDERS = [dict(zip("abc", c, strict=True)) for c in itertools.product(
    ("a0", "a1"), ("b0", "b1", "b2"), ("c0", "c1"))]  # fmt: skip


@settings(max_examples=25)
@given(bad=WRONG, first=st.sampled_from(ORDERS))
def test_the_same_course_as_a_run_in_the_same_order(
    bad: frozenset[tuple[str, str]], first: dict[str, str]
) -> None:
    run, planned = flow(CHAIN, bad), flow(CHAIN, bad)
    plan = plan_of(run.graph, first)
    run.run([{"x": x} for x in INPUTS], seed=3, progress=False, sampler=flexiflow.Fixed([first]))
    with serve(planned, plan, seed=3) as server:
        outcomes = [server.submit({"x": x}).result(LONGEST) for x in INPUTS]
    assert table(planned).equals(table(run))
    ended = ["status", "passed", "output", "error", "switches", "rollbacks", "attempts"]
    expected = run.store.read("jobs").sort("number").select(ended)
    assert planned.store.read("jobs").sort("number").select(ended).equals(expected)
    assert [o.job.output for o in outcomes] == expected["output"].to_list()
    verdicts = ["step", "assertion", "result", "reason", "memo"]
    assert (
        planned.store.read("verdicts")
        .select(verdicts)
        .equals(run.store.read("verdicts").select(verdicts))
    )


@settings(max_examples=15)
@given(bad=WRONG)
def test_branches_side_by_side_end_as_with_any_executor(bad: frozenset[tuple[str, str]]) -> None:
    run, served = flow(DIAMOND, bad), flow(DIAMOND, bad)
    with ThreadPoolExecutor(4) as threads:
        run.run([{"x": x} for x in INPUTS], seed=3, executor=threads, progress=False)
    with serve(served, seed=3) as server:
        for x in INPUTS:
            server.submit({"x": x}).result(LONGEST)
    ended = ["status", "passed", "output"]
    expected = run.store.read("jobs").sort("number").select(ended)
    assert served.store.read("jobs").sort("number").select(ended).equals(expected)


def test_many_at_once_keep_their_answers_and_nothing_is_computed_twice() -> None:
    made = flow(CHAIN, frozenset({("b1", "a1"), ("c0", "a0")}))
    plan: Plan = plan_of(made.graph, {"a": "a1", "b": "b1", "c": "c0"}, {"a": 4, "b": 4},
                         {"a": 2, "b": 2, "c": 1}, rate=10_000.0)  # fmt: skip
    with serve(made, plan, seed=1) as server:
        futures = [server.submit({"x": f"{k}."}) for k in range(60)]
        outputs = [f.result(LONGEST).output for f in futures]
    assert all(out.startswith(f"{k}.") for k, out in enumerate(outputs))
    ran = made.store.read("attempts").filter(~pl.col("memo"))
    assert not ran.select("job_id", "candidate", "upstream").is_duplicated().any()
    assert made.store.read("jobs")["job_id"].n_unique() == 60


def test_it_learns_and_the_log_is_not_learned_twice() -> None:
    jobs = [{"x": x} for x in INPUTS * 4]
    bad = frozenset({("b0", "a0"), ("c1", "a1"), ("c0", "c0")})
    served, still = (flow(CHAIN, bad, sampler=flexiflow.Hybrid()) for _ in range(2))
    with serve(served, seed=3) as server, serve(still, seed=3, learn=False) as other:
        blank = still.sampler.state
        for job in jobs:
            server.submit(job).result(LONGEST)
            other.submit(job).result(LONGEST)
        assert still.sampler.state == blank
    fresh = flow(CHAIN, bad, sampler=flexiflow.Hybrid(), store=served.store)
    assert served._learner.learned() == served.sampler.state
    known = served.sampler.about("flow"), fresh._learner.learned()
    assert known[0].evidence == fresh.sampler.about("flow").evidence > 0
    still._learner.learned()
    assert still.sampler.about("flow").evidence > 0
