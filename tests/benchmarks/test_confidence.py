"""Confidence against learned thresholds, measured on small sets made here."""

from __future__ import annotations

import argparse
import json

import numpy as np
import polars as pl
import pytest

from flexiflow.benchmarks import __main__ as program
from flexiflow.benchmarks import confidence
from flexiflow.benchmarks.confidence import Setting, load, rows, stream
from flexiflow.errors import BadInput

COST = {"quick": 1.0, "careful": 4.0}


def frame(jobs=32, seed=0):
    """Two services of one node: the quick one is right where it is sure of it."""
    rng = np.random.default_rng(seed)
    found = []
    for j in range(jobs):
        for name, cost in COST.items():
            sure = float(rng.random()) if name == "quick" else 0.95
            right = sure > 0.5 if name == "quick" else bool(rng.random() < 0.95)
            label = "ab"[int(rng.integers(2))]
            found.append((f"j{j:04}", "face", name, right, cost, sure, label))
    return pl.DataFrame(found, confidence._COLUMNS, orient="row")


def written(folder, table, name="faces"):
    table.write_parquet(folder / f"{name}.outcomes.parquet")
    return folder / name


@pytest.fixture
def prefix(tmp_path):
    return written(tmp_path, frame().sample(fraction=1.0, shuffle=True, seed=1))


SETTING = Setting(worth=2.0, labels=0.5, delay=3, start=0.75, seed=0)


def test_a_set_is_read_as_it_was_written(prefix):
    table = frame()
    for path in (prefix, prefix.with_name("faces.outcomes.parquet")):
        it = load(path)
        assert (it.name, sorted(it.services), len(it.label)) == ("faces", ["careful", "quick"], 32)
        for k, service in enumerate(it.services):
            mine = table.filter(pl.col("candidate") == service)
            for column in ("confidence", "correct", "cost", "label"):
                assert getattr(it, column)[:, k].tolist() == mine[column].to_list()
        assert it.services[it.best] == "careful"


@pytest.mark.slow
def test_a_stream_says_of_each_job_what_it_brought_and_cost(prefix):
    it = load(prefix)
    found = stream(it, SETTING)
    assert found.shape == (32, 3)
    assert set(found[:, 1]) <= {1.0, 4.0, 5.0}
    assert set(found[:, 0]) == {0.0, 1.0}
    assert np.array_equal(found, stream(it, SETTING))
    assert not np.array_equal(found, stream(it, SETTING._replace(seed=1)))


def test_a_fixed_number_accepts_just_what_reaches_it(prefix):
    it = load(prefix)
    found = stream(it, SETTING._replace(fixed=True, start=0.0, labels=0.0))
    assert found[:, 2].all()
    assert set(found[:, 1]) <= {1.0, 4.0}  # whoever is asked first
    found = stream(it, SETTING._replace(fixed=True, start=0.99, labels=0.0))
    order = np.random.default_rng([SETTING.seed, 7]).permutation(32)
    passed = (it.confidence >= 0.99).any(axis=1)[order]
    assert found[:, 2].tolist() == passed.tolist()
    assert set(found[~passed, 1]) == {5.0}


@pytest.mark.slow
def test_each_setting_has_a_row_beside_the_best_service(prefix):
    it = load(prefix)
    settings = {"by class": SETTING, "one": SETTING._replace(grouped=False)}
    alone, *others = rows(it, settings, shuffles=2)
    assert alone["policy"] == "careful alone"
    right = float(it.correct[:, it.best].mean())
    assert (alone["whole_right"], alone["last_right"], alone["whole_share"]) == (right, right, 1.0)
    assert [row["policy"] for row in others] == ["by class", "one"]
    for row, setting in zip(others, settings.values(), strict=True):
        streams = [stream(it, setting._replace(seed=k)) for k in range(2)]
        rights = [s[:, 0].mean() for s in streams]
        assert row["whole_right"] == pytest.approx(np.mean(rights))
        assert row["whole_right_se"] == pytest.approx(np.std(rights, ddof=1) / np.sqrt(2))
        assert row["last_share"] == pytest.approx(np.mean([s[-8:, 1].mean() for s in streams]) / 4)
        assert row["passed"] == pytest.approx(np.mean([s[:, 2] for s in streams]))
    assert "± " in confidence.shown([alone, *others])
    (single,) = list(rows(it, {"by class": SETTING}, shuffles=1))[1:]
    assert "whole_right_se" not in single


def asked(prefix, *more):
    parser = argparse.ArgumentParser()
    confidence.add_arguments(parser)
    return parser.parse_args([str(prefix), *more])


def test_the_command_line_prints_rows(prefix, capsys):
    options = ["--worth", "2,4", "--shuffles", "1", "--labels", "0.3", "--delay", "2"]
    program.main(["confidence", str(prefix), *options, "--json"])
    table = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["policy"] for row in table] == [
        "careful alone", "learned by class, right worth 2", "learned by class, right worth 4",
        "one number each, right worth 4", "fixed at 0.75, worth 4",
    ]  # fmt: skip
    for row in table:
        assert 0 <= row["whole_right"] <= 1
        assert 0 < row["last_share"] <= 1.25  # both services are asked at most
    confidence.report(asked(prefix, "--worth", "3", "--shuffles", "1"))
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("faces: right answers and cost")
    assert len(said) == 2 + 4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--worth", "2,much"], "--worth takes numbers separated by commas"),
        (["--worth", "0,2"], "Give each --worth a number above 0"),
        (["--worth", "nan"], "Give each --worth a number above 0"),
        (["--worth", "inf"], "Give each --worth a number above 0"),
        (["--labels", "1.5"], "--labels must be a share from 0 to 1"),
        (["--labels", "nan"], "--labels must be a share from 0 to 1"),
        (["--start", "nan"], "--start must be a finite number"),
        (["--shuffles", "0"], "shuffles must be a whole number"),
        (["--delay", "-1"], "delay must be a whole number"),
    ],
)
def test_options_that_cannot_be_are_refused(prefix, options, told):
    with pytest.raises(BadInput) as refused:
        confidence.report(asked(prefix, *options))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (frame().drop("label"), "'label' is missing, or null"),
        (frame().with_columns(confidence=pl.lit(None)), "'confidence' is missing, or null"),
        (frame().with_columns(confidence=pl.lit("much")), "'confidence' must hold finite numbers"),
        (frame().with_columns(cost=pl.lit(float("nan"))), "'cost' must hold finite numbers"),
        (frame().with_columns(correct=pl.lit("yes")), "'correct' must hold true or false"),
        (frame().with_columns(cost=pl.lit(0.0)), "costs nothing"),
        (frame().with_columns(cost=-pl.col("cost")), "costs nothing"),
        (frame().clear(), "one node was expected, got 0"),
        (pl.concat([frame(), frame().with_columns(node=pl.lit("more"))]), "expected, got 2"),
        (frame()[:-1], "not every candidate has one row on every job"),
    ],
)
def test_sets_that_cannot_be_measured_are_refused(tmp_path, table, told):
    with pytest.raises(BadInput) as refused:
        load(written(tmp_path, table))
    assert told in str(refused.value)
    assert str(refused.value).startswith("faces: ")


def test_a_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"no file .*none\.outcomes\.parquet'. Give DIR/NAME"):
        load(tmp_path / "none")
    (tmp_path / "torn.outcomes.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="cannot be read as a Parquet file"):
        load(tmp_path / "torn")
