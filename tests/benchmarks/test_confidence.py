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
    assert (alone["whole_right"], alone["whole_share"], alone["last_share"]) == (right, 1.0, 1.0)
    assert alone["whole_right_se"] == alone["last_share_se"] == 0.0
    ends = [shuffled(it, SETTING._replace(seed=k))[0][-8:] for k in range(2)]
    assert alone["last_right"] == pytest.approx(it.correct[ends, it.best].mean())
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


def made(settings, it, monkeypatch):
    """Rows of streams whose worth of a right answer says on how many jobs they are right."""

    def at(it, setting):
        right = np.arange(len(it.label)) % 16 < 16 * (1.0 - 1.0 / setting.worth)
        cost = np.full(len(right), 1.0 if setting.fixed else setting.worth + setting.seed / 2)
        return np.stack([right, cost, right], axis=1).astype(float)

    monkeypatch.setattr(confidence, "stream", at)
    return list(rows(it, settings, shuffles=2))


def test_what_the_best_services_accuracy_costs_is_read_from_the_curve(tmp_path, monkeypatch):
    it = load(written(tmp_path, frame(64)))
    it.correct[:, it.best] = np.arange(64) % 8 > 0
    it.correct[:48:5, it.best] = False
    told = [np.random.default_rng(k).random(64) < 0.5 for k in range(2)]
    order, rng = np.arange(64), np.random.default_rng(0)
    monkeypatch.setattr(confidence, "shuffled", lambda _, s: (order, told[s.seed], rng))
    each = {f"worth {w:g}": SETTING._replace(worth=w) for w in (16.0, 4.0)}
    other = SETTING._replace(worth=8.0)
    each |= {"fixed": other._replace(fixed=True), "one": other._replace(grouped=False)}
    alone, *_, learned, some, half = made(each, it, monkeypatch)
    assert alone["last_right"] == 0.875
    # From .75 at 4 to .9375 at 16 prices of the dear service, which costs 4; half a price more
    # on the second stream, whose error is that of a mean of two.
    line = 4 + (0.875 - 0.75) / (0.9375 - 0.75) * 12
    assert learned["last_share"] == pytest.approx((line + 0.25) / 4)
    assert learned["last_share_se"] == pytest.approx(np.std([0.0, 0.5], ddof=1) / 2**0.5 / 4)
    assert learned["last_right"] == 0.875
    names = [f"FrugalML, {what} of jobs told, as right as careful" for what in ("50 %", "half")]
    assert [row["policy"] for row in (some, half)] == names
    known = [np.flatnonzero(t[:48]) for t in told]
    for row, jobs in ((some, known), (half, [order[:32]] * 2)):
        curves = np.stack([frugal(it, k, order[48:]) for k in jobs])
        assert (row["last_share"], row["last_share_se"]) == level(curves, np.full(2, 0.875))
        assert row["last_share"] is not None
        assert row["whole_share"] is row["passed"] is None


def test_an_accuracy_that_is_not_reached_has_no_cost(prefix, monkeypatch):
    each = {f"worth {w:g}": SETTING._replace(worth=w) for w in (2.0, 4.0)}
    learned = made(each, load(prefix), monkeypatch)[3]
    assert learned["policy"] == "learned by class, as right as careful"
    assert {learned[c] for c in ("last_right", "last_share", "last_share_se")} == {None}
    assert confidence.shown([learned]).count("– at –") == 2


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
