"""Confidence against learned thresholds, measured on small sets made here."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from flexiflow.benchmarks import __main__ as program
from flexiflow.benchmarks import confidence
from flexiflow.benchmarks.answers import load
from flexiflow.benchmarks.confidence import Setting, rows, shuffled, stream
from flexiflow.benchmarks.equal import frugal, level
from flexiflow.errors import BadInput
from tests.benchmarks.test_answers import frame, written


@pytest.fixture
def prefix(tmp_path):
    return written(tmp_path, frame().sample(fraction=1.0, shuffle=True, seed=1))


SETTING = Setting(worth=2.0, labels=0.5, delay=3, start=0.75, seed=0)


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
    alone, *others = list(rows(it, settings, shuffles=2))[:3]
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
    single = list(rows(it, {"by class": SETTING}, shuffles=1))[1]
    assert "whole_right_se" not in single


@pytest.mark.slow
def test_what_the_best_services_accuracy_costs_is_read_from_the_curves(prefix):
    it, each = load(prefix), {f"worth {w:g}": SETTING._replace(worth=w) for w in (9.0, 1.0)}
    each["fixed"] = SETTING._replace(fixed=True)
    learned, some, half = list(rows(it, each, shuffles=2))[4:]
    right = float(it.correct[:, it.best].mean())
    curves, known = [], {"some": [], "half": []}
    for k in range(2):
        ends = [stream(it, SETTING._replace(worth=w, seed=k))[-8:] for w in (1.0, 9.0)]
        curves.append([(end[:, 0].mean(), end[:, 1].mean() / 4) for end in ends])
        order, told, _ = shuffled(it, SETTING._replace(seed=k))
        known["some"].append(frugal(it, order[:24][told[:24]], order[24:], 4.0))
        known["half"].append(frugal(it, order[:16], order[24:], 4.0))
    names = ["learned by class", "FrugalML, 50 % of jobs told", "FrugalML, half of jobs told"]
    for row, name, curve in zip(
        (learned, some, half), names, (curves, *known.values()), strict=True
    ):
        share, error = level(np.array(curve), right)
        assert row["policy"] == f"{name}, as right as careful"
        assert (row["last_right"], row["last_share"], row["last_share_se"]) == (right, share, error)
        assert row["whole_share"] is row["passed"] is None
    assert "–" in confidence.shown([learned])


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
        *(f"{name}, as right as careful" for name in
          ("learned by class", "FrugalML, 30 % of jobs told", "FrugalML, half of jobs told")),
    ]  # fmt: skip
    for row in table[:5]:
        assert 0 <= row["whole_right"] <= 1
        assert 0 < row["last_share"] <= 1.25  # both services are asked at most
    confidence.report(asked(prefix, "--worth", "3", "--shuffles", "1"))
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("faces: right answers and cost")
    assert len(said) == 2 + 4 + 3
    confidence.report(asked(prefix, "--worth", "3", "--shuffles", "1", "--labels", "0"))
    assert len(capsys.readouterr().out.splitlines()) == 2 + 4 + 2  # nobody told FrugalML of any


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
