"""Runs beside what doing without them would have brought."""

import numpy as np
import polars as pl
import pytest
from cells import cell
from scipy import stats

import flexiflow
from flexiflow import BadInput, MemoryStore

TEXT = """
    w(x, label=None)
    a = (a1 | a2)(x)
    b = (b1 | b2)(a)
    assert good(b)
    maximize(b == label, weight=2)
    minimize(runtime, weight=0.5)
"""
MODELS = {
    "a1": lambda x: x,
    "a2": lambda x: x + 1000,
    "b1": lambda a: a % 3 != 0,
    "b2": lambda a: a < 1000,
    "good": bool,
}


def clock(number, node, candidate):
    return {"a1": 0.1, "a2": 0.2, "b1": 0.05, "b2": 0.4}[candidate]


@pytest.fixture
def made():
    return cell(TEXT, MODELS, max_attempts=3)


def ran(workflow, jobs=60, label=True, seed=1, **options):
    rows = [{"x": k, "label": label} for k in range(jobs)]
    return workflow.run(rows, seed=seed, clock=clock, progress=False, **options)


def test_a_run_is_told_as_its_table_has_it(made):
    run = ran(made)
    row = flexiflow.compare(run).row(0, named=True)
    assert row["of"] == f"w {run.run_id}"
    assert (row["policy"], row["jobs"]) == ("as it ran", 60)
    for name, column in (("passed", "passed"), ("seconds", "seconds"), ("attempts", "attempts"),
                         ("objective", "reward")):  # fmt: skip
        assert row[name] == pytest.approx(run.jobs[column].cast(pl.Float64).mean())


def test_the_intervals_are_those_of_a_beta_and_of_a_mean():
    run = ran(cell(TEXT, MODELS, max_attempts=2))
    told = flexiflow.compare(run)["interval"][0]
    passed, seconds = run.jobs["passed"].sum(), run.jobs["seconds"].to_numpy()
    beta = stats.beta(passed + 0.5, 60 - passed + 0.5)
    assert beta.cdf(told["passed"]) == pytest.approx([0.1, 0.9], abs=0.002)
    normal = stats.norm(np.mean(seconds), stats.sem(seconds))
    assert told["seconds"] == pytest.approx(normal.ppf([0.1, 0.9]), rel=1e-6)
    worth = run.jobs["reward"].to_numpy()
    normal = stats.norm(np.mean(worth), stats.sem(worth))
    assert told["objective"] == pytest.approx(normal.ppf([0.1, 0.9]), rel=1e-6)


def test_the_baselines_are_those_that_the_dashboard_shows(made):
    run = ran(made)
    live = run.watch.snapshot()
    gains = live.get("gains", live)
    rows = flexiflow.compare(run).rows(named=True)[1:]
    assert [row["policy"].split(":")[0] for row in rows] == [
        "best single configuration",
        "best fixed order",
    ]
    for row, kind, text in zip(rows, ("single", "fixed"), ("configuration", "order"), strict=True):
        told = gains[kind]
        assert row["policy"].endswith(f": {told[text]}")
        for name, key in (("passed", "passed"), ("seconds", "seconds"), ("objective", "worth")):
            assert [row[name], *row["interval"][name]] == pytest.approx(told[key])
        assert row["attempts"] is None


def test_the_best_fixed_order_is_near_what_it_really_brings():
    """a1 > b1 passes two jobs of three, a2 > b1 the rest, at 0.15 s and 0.25 s more."""
    made = cell(TEXT, MODELS)
    ran(made, jobs=400)
    row = made.compare().row(2, named=True)
    assert row["policy"].startswith("best fixed order: a=a1 > b=b1, then a=a2 > b=b1,")
    assert row["passed"] == pytest.approx(1.0, abs=0.01)
    assert row["seconds"] == pytest.approx(0.15 + 0.25 / 3, rel=0.05)


def test_a_workflow_is_all_its_runs_and_stands_beside_others(made):
    first, second = ran(made), ran(made, jobs=20, seed=2)
    found = made.compare(first, second)
    tops = found.filter(policy="as it ran")
    assert tops["of"].to_list() == ["w", f"w {first.run_id}", f"w {second.run_id}"]
    assert tops["jobs"].to_list() == [80, 60, 20]
    both = first.jobs["seconds"].sum() + second.jobs["seconds"].sum()
    assert tops["seconds"][0] == pytest.approx(both / 80)


def test_names_can_be_given(made):
    run = ran(made, jobs=10)
    found = flexiflow.compare(made, mine=run)
    assert found["of"].unique(maintain_order=True).to_list() == ["w", "mine"]
    assert found.columns == flexiflow.compare(made).columns


def test_labels_that_came_late_count(made):
    run = ran(made, jobs=12, label=None)
    before = flexiflow.compare(run)
    assert before["objective"].to_list() == [None, None, None]
    for job_id in run.jobs["job_id"]:
        made.feedback(job_id, label=True)
    after = flexiflow.compare(run)
    expected = (2.0 * run.jobs["passed"] - 0.5 * run.jobs["seconds"]).mean()
    assert after["objective"][0] == pytest.approx(expected)
    assert after["objective"].null_count() == 0


def test_without_an_objective_there_is_none():
    bare = cell("w(x)\nb = (b1 | b2)(x)\nassert good(b)", MODELS)
    bare.run(range(20), seed=1, progress=False)
    found = bare.compare()
    assert found["objective"].null_count() == len(found) == 3
    assert found["interval"].struct.field("objective").null_count() == 3


def test_few_jobs_are_told_without_estimates(made):
    assert flexiflow.compare(ran(made, jobs=3)).height == 1
    empty = flexiflow.compare(cell(TEXT, MODELS, store=MemoryStore())).row(0, named=True)
    assert empty["jobs"] == 0
    assert empty["passed"] is None
    assert empty["interval"]["passed"] is None


@pytest.mark.parametrize("these", [(), (3,), ("w",)])
def test_what_cannot_be_compared_is_refused(these):
    with pytest.raises(BadInput, match=r"nothing to compare|Only workflows and runs"):
        flexiflow.compare(*these)
