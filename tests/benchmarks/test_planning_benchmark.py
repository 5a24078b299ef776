"""Files that planning is measured on, what it is compared with, and what the tables hold."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexiflow.benchmarks import planning, planning_instances, planning_solvers
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.planning_baselines import Stays, Switches, held
from flexiflow.benchmarks.planning_knowing import picked
from flexiflow.benchmarks.planning_profiles import adopted, problems, sla_of, windows
from flexiflow.errors import BadInput
from flexiflow.planning import Demand, Offer, Problem, Seconds, Step, pareto, plan, search, solving
from flexiflow.planning.adapting import holds, last_two

POLICIES = [
    "fixed-cheapest", "fixed-best", "scale-only", "switch-only", "adapter", "all-knowing",
]  # fmt: skip


def published(**more: Any) -> pl.DataFrame:
    """A table in the published form: two stages, batches that were full and one that was not."""
    rows = [
        ("video/crop", "yolov5n", 1, 1, 20, 12.5, 0.08),
        ("video/crop", "yolov5n", 4, 1, 20, 16.0, 0.25),
        ("video/crop", "yolov5n", 32, 1, 20, 16.0, 0.30),  # 32 in 0.3 s would be 107 a second
        ("video/crop", "yolov5x", 1, 4, 20, 2.7, 0.36),
        ("video/classification", "resnet18", 1, 2, 40, 22.0, 0.045),
        ("video/classification", "resnet152", 1, 2, 20, 5.0, None),
        ("video/classification", "unheard-of", 1, 2, 20, 5.0, 0.2),
    ]
    names = ["stage", "model_variant", "max_batch_size", "cpu_request", "load", "throughput_max"]
    table = pl.DataFrame(rows, schema=[*names, "model_latencies_avg"], orient="row")
    return table.with_columns(**{k: pl.lit(v) for k, v in more.items()})


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    counts = np.concatenate([rng.poisson(4, 300), rng.poisson(16, 200)])
    trace = pl.DataFrame({"pattern": "step", "t": np.arange(500), "raw": counts * 8, "n": counts})
    profiles, load = tmp_path / "profiles.parquet", tmp_path / "trace.parquet"
    published().write_parquet(profiles)
    trace.write_parquet(load)
    return profiles, load


def test_batches_that_were_not_full_are_left_out() -> None:
    known = adopted(published())
    assert known.filter(variant="yolov5n")["batch"].to_list() == [1, 4]
    assert known.filter(variant="resnet152")["seconds"].item() == pytest.approx(1 / 5.0)
    assert "unheard-of" not in known["variant"].to_list()
    assert known.filter(variant="yolov5x")["accuracy"].item() == 0.689
    own = adopted(published(accuracy=0.5))
    assert set(own["accuracy"]) == {0.5}
    assert "unheard-of" in own["variant"].to_list()


def test_chains_and_their_sla(files: tuple[Path, Path]) -> None:
    (problem,) = problems(files[0]).values()
    assert [s.name for s in problem.steps] == ["video/crop", "video/classification"]
    assert problem.steps[1].parents == ("video/crop",)
    wanted = 5 * ((0.08 + 0.36) / 2 + (0.045 + 0.2) / 2)
    assert sla_of(problem) == pytest.approx(wanted, rel=0.02)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    table = {"node": ["a", "b", "b"], "variant": ["x", "y", "z"], "seconds": [0.1, 0.2, 0.3],
             "accuracy": [0.9, 0.8, 0.7]}  # fmt: skip
    pl.DataFrame(table).write_parquet(tmp_path / "mine.parquet")
    (problem,) = problems(tmp_path / "mine.parquet").values()
    assert [len(s.offers) for s in problem.steps] == [1, 2]
    assert problem.steps[1].offers[1].accuracy == 0.7


def test_windows_of_a_trace(files: tuple[Path, Path], tmp_path: Path) -> None:
    last, raw = windows(files[1])["step"], windows(files[1], "raw")["step"]
    assert (raw == 8 * last).all()
    pl.DataFrame({"t": [1, 0], "jobs": [5, 3]}).write_parquet(tmp_path / "plain.parquet")
    assert windows(tmp_path / "plain.parquet")["plain"].tolist() == [3.0, 5.0]


def test_the_symmetric_error_is_that_of_the_formula() -> None:
    loads = np.array([4.0, 6.0, 3.0, 5.0])
    wanted = np.mean([2 * abs(p - a) / (p + a) for p, a in ((6, 3), (6, 5))])
    assert planning.symmetric_error(loads, last_two, first=2) == pytest.approx(wanted)


def problem_of(files: tuple[Path, Path]) -> Problem:
    return problems(files[0])["video"]


def test_who_only_scales_holds_its_variants(files: tuple[Path, Path]) -> None:
    problem = problem_of(files)
    best = plan(problem, Demand(sla_of(problem), 4.0), None)
    names = {o.variant for s in held(problem, best).steps for o in s.offers}
    assert names == {p.offer.variant for p in best.placed}


def test_who_only_switches_holds_its_replicas(files: tuple[Path, Path]) -> None:
    problem = problem_of(files)
    best = plan(problem, Demand(sla_of(problem), 4.0), None)
    only = Switches(best, last_two, 0.001)
    heavy = only.decide([6.0])
    assert [p.replicas for p in heavy.placed] == [p.replicas for p in best.placed]
    assert holds(heavy, Demand(sla_of(problem), 6.0))
    assert heavy.accuracy < best.accuracy
    assert only.decide([1e6]) is heavy  # nothing with these replicas meets that
    assert only.decide([1.0]).accuracy == pytest.approx(best.accuracy)
    assert Stays(best).decide([9.0]) is best


def test_each_policy_has_a_row_and_the_adapter_is_between(files: tuple[Path, Path]) -> None:
    counts = windows(files[1])["step"]
    rows = {
        r["policy"]: r for r in planning.compared(problem_of(files), counts, last_two, weight=0.004)
    }
    assert list(rows) == POLICIES
    low, high, mine = rows["fixed-cheapest"], rows["fixed-best"], rows["adapter"]
    assert low["accuracy"] <= mine["accuracy"] <= high["accuracy"]
    assert low["cost"] <= mine["cost"] < high["cost"]
    assert (low["gained"], rows["scale-only"]["dearer"]) == (0.0, 0.0)
    assert mine["gained"] == pytest.approx(mine["accuracy"] / low["accuracy"] - 1)
    assert low["changes"] == high["changes"] == 0 < mine["changes"]
    knowing = rows["all-knowing"]
    assert knowing["cost"] <= 1.05 * rows["scale-only"]["cost"]
    assert knowing["accuracy"] <= high["accuracy"] + 1e-12
    assert planning.judged(rows.values())["at most"] == knowing["gained"]


def test_the_goal_needs_all_three() -> None:
    good = {"policy": "adapter", "gained": 0.3, "dearer": 0.0, "misses": 0.0}
    most = {"policy": "all-knowing", "gained": 0.3}
    assert planning.judged([good, most])["goal"] == "reached"
    for name, value in (("gained", 0.2), ("dearer", 0.05), ("misses", 0.01)):
        assert planning.judged([good | {name: value}, most])["goal"] == "missed"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.2))
def test_the_all_knowing_spends_its_budget_nearly_as_well_as_can_be(
    seed: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    names = [f"v{k}" for k in range(4)]
    right = {
        name: float(x) for name, x in zip(names, np.sort(rng.uniform(0.5, 0.9, 4)), strict=True)
    }
    offered = [
        Offer(n, 1, float(k + 1), Seconds.of([0.05 * (k + 1)] * 50), right[n])
        for k, n in enumerate(names)
    ]
    problem = Problem((Step("n", tuple(offered)),))
    loads = rng.uniform(1.0, 40.0, 3)
    fronts = [pareto(problem, Demand(1.0, rate)) for rate in loads.tolist()]
    cheap, dear = (np.mean([f[k].cost for f in fronts]) for k in (0, -1))
    most = cheap + share * (dear - cheap)
    found = picked(fronts, loads, most)
    every = []
    for picks in itertools.product(*(range(len(f)) for f in fronts)):
        chosen = [f[k] for f, k in zip(fronts, picks, strict=True)]
        told = sum(p.accuracy * x for p, x in zip(chosen, loads, strict=True))
        every.append((float(np.mean([p.cost for p in chosen])), told, picks))
    ((cost, told),) = [(c, a) for c, a, picks in every if list(picks) == found]
    assert cost <= most * (1 + 1e-9)
    assert told == pytest.approx(max(a for c, a, _ in every if c <= cost * (1 + 1e-9)))  # for it
    if share >= 1:
        assert told == pytest.approx(max(a for _, a, _ in every))


def test_both_solvers_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning_instances, "SIZES", ((4, 3),))
    rows = list(planning_solvers.compared(2))
    assert [row["shape"] for row in rows] == ["chain", "branched", "forked"]
    for row in rows:
        assert row["apart"] < 1e-7
        assert row["plans"] >= row["points"] >= 1
        assert row["solver front ms"] > 0
    assert [len(p) for p in planning_instances.branched(4, 3, 0).paths] == [3, 3]
    assert [set(p) for p in planning_instances.forked(6, 3, 0).paths] == [
        {0, 1, 3, 5},
        {0, 2, 4, 5},
    ]
    monkeypatch.setattr(planning_solvers, "_SMALL", 0)
    monkeypatch.setattr(search, "_BRANCHED", 0)
    monkeypatch.setattr(solving, "_WORK", 0)
    _, given_up, _ = planning_solvers.compared(1)
    assert given_up["search ms"] is None
    assert given_up["plans"] is None
    assert given_up["solver front ms"] is None
    assert given_up["solver plan ms"] > 0


def test_random_chains_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning_instances, "SIZES", ((2, 3),))
    (row,) = planning_instances.timed(2)
    assert (row["nodes"], row["variants"], row["instances"]) == (2, 3, 2)
    assert all(row[k] > 0 for k in ("plan ms", "front ms", "sure ms", "plans"))
    problem = planning_instances.chain(2, 3, seed=1)
    assert problem == planning_instances.chain(2, 3, seed=1)
    assert math.prod(len(s.offers) for s in problem.steps) == (3 * 7) ** 2


def test_the_command_prints_rows(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(planning_instances, "SIZES", ((2, 3),))
    monkeypatch.setattr(planning, "PREDICTORS", {"max of two": last_two})
    files_given = ["--profiles", str(files[0]), "--trace", str(files[1])]
    assert main(["planning", "--instances", "1", *files_given, "--weight", "0.001", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r.get("policy") for r in rows] == [*[None] * 5, *POLICIES, None]
    assert 0 < rows[4]["SMAPE max of two"] < 1
    assert rows[-1]["goal"] in ("reached", "missed", "out of reach of these profiles")
    assert main(["planning", "--instances", "1"]) == 0
    assert "front ms" in capsys.readouterr().out


def test_bad_input(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        problems(tmp_path / "none.parquet")
    other = tmp_path / "other.parquet"
    pl.DataFrame({"node": ["a"], "variant": ["x"], "seconds": [0.1]}).write_parquet(other)
    with pytest.raises(BadInput, match="'accuracy' is missing"):
        problems(other)
    published().filter(stage="video/crop").write_parquet(other)
    with pytest.raises(BadInput, match="no chain of stages"):
        problems(other)
    with pytest.raises(BadInput, match="'jobs' is missing"):
        windows(files[1], "jobs")
    assert main(["planning", "--profiles", str(files[0])]) == 1
