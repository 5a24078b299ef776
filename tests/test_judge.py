"""Comparisons with thresholds as they are made on a job, and what is noted of them."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from cells import cell

from flexiflow.samplers import Fixed
from flexiflow.samplers.base import Advice, Ask
from flexiflow.samplers.going import has_failed


class Adviser(Fixed):
    """Tries candidates in the order written and gives the advice it is told to."""

    def __init__(self, number: Any = None, worth: float = 0.0) -> None:
        super().__init__()
        self.number, self.worth = number, worth
        self.asked: list[Ask] = []

    def advise(self, ask: Ask) -> Advice | None:
        self.asked.append(ask)
        number = self.number(ask) if callable(self.number) else self.number
        return None if number is None else Advice(number, self.worth)


def asked(test, *values, number=None, text="f(x)\ny = any_of(models)(x)\nassert {test}", **names):
    """The verdicts of one job whose models give these values in turn, and what was asked."""
    models = {f"m{k}": (lambda x, v=v: v) for k, v in enumerate(values)}
    sampler = Adviser(number)
    it = cell(text.format(test=test), {"models": models, **names}, sampler=sampler)
    run = it.run([{"x": 0}], seed=1, clock=lambda *_: 0.0)
    return run.verdicts.rows(named=True), sampler.asked, run


@pytest.mark.parametrize(
    ("test", "results"),
    [
        ("y >= threshold(9)", [False, False, True]),
        ("y > threshold(9)", [False, False, True]),
        ("threshold(9) <= y", [False, False, True]),
        ("threshold(9) < y", [False, False, True]),
    ],
)
def test_what_equals_a_learned_number_is_accepted_whichever_sign_is_written(test, results):
    rows, asks, _ = asked(test, 1.0, 1.5, 2.0, number=2.0)
    assert [r["result"] for r in rows] == results
    assert [r["statistic"] for r in rows] == [a.statistic for a in asks] == [1.0, 1.5, 2.0]
    assert all(r["threshold"] == pytest.approx(2.0, abs=1e-12) for r in rows)
    mirrored = test.translate(str.maketrans("<>", "><"))
    rows, _, _ = asked(mirrored, 3.0, 2.0, number=2.0)
    assert [r["result"] for r in rows] == [False, True]


def test_the_number_written_is_compared_as_it_is_written():
    assert [r["result"] for r in asked("y > threshold(2)", 2.0, 2.5)[0]] == [False, True]
    assert [r["result"] for r in asked("y >= threshold(2)", 2.0)[0]] == [True]


def test_the_sampler_is_told_who_what_and_whether_something_failed_before():
    rows, asks, run = asked("y >= threshold(9, by=x)", 1.0, 2.0, 3.0, number=2.5)
    assert [r["result"] for r in rows] == [False, False, True]
    assert [a.later for a in asks] == [False, True, True]
    assert [a.group for a in asks] == [r["group"] for r in rows] == ["0"] * 3
    assert [a.member for a in asks] == [("y", f) for f in run.attempts["fingerprint"]]
    assert {a.seed for a in asks} == {asks[0].seed}
    assert {r["threshold"] for r in rows} == {2.5}


def test_asked_later_or_not_as_the_log_will_tell_it():
    sampler = Adviser(1.0)
    sampler.order = ({"one": "a", "two": "c"}, {"one": "b", "two": "c"})
    names = {k: (lambda x, k=k: k) for k in "abcd"} | {"size": lambda two: 2.0}
    text = (
        "f(x)\none = (a | b)(x)\ntwo = (c | d)(x)\nassert one + two != 'ac'\n"
        "assert size(two) >= threshold(0)"
    )
    it = cell(text, names, sampler=sampler)
    it(0)
    (verdict,) = (v for v in it.last.verdicts if v.statistic is not None)
    # It was checked after the other had failed, on a value from before.
    assert [a.later for a in sampler.asked] == [has_failed(it.last, verdict.step)] == [False]


def test_an_attempt_that_broke_counts_as_something_that_failed():
    def broken(x):
        raise RuntimeError("no")

    sampler = Adviser(1.0)
    names = {"broken": broken, "good": lambda x: 2.0}
    it = cell("f(x)\ny = (broken | good)(x)\nassert y > threshold(0)", names, sampler=sampler)
    it(0)
    assert [a.later for a in sampler.asked] == [True]


@pytest.mark.parametrize(
    ("value", "statistic"),
    [
        (np.float32(0.75), 0.75),
        (np.int64(3), 3.0),
        (np.array(0.75), 0.75),
        (True, 1.0),
        (Decimal("0.75"), 0.75),
        (Fraction(3, 4), 0.75),
    ],
)
def test_statistics_are_numbers_of_any_kind(value, statistic):
    rows, asks, _ = asked("y >= threshold(9)", value, number=0.5)
    assert [(r["result"], r["statistic"], r["threshold"]) for r in rows] == [(True, statistic, 0.5)]
    assert type(asks[0].statistic) is float


@pytest.mark.parametrize(
    ("value", "result", "reason"),
    [
        (math.nan, False, "y >= threshold(0.5)"),
        (math.inf, True, None),
        (-math.inf, False, "y >= threshold(0.5)"),
        (10**400, True, None),
        ("0.9", False, "raised TypeError"),
        ("text", False, "raised TypeError"),
        ([0.9], False, "raised TypeError"),
        (np.array([0.9, 0.8]), False, "raised ValueError"),
    ],
)
def test_other_statistics_are_compared_with_the_number_written(value, result, reason):
    rows, asks, _ = asked("y >= threshold(0.5)", value, number=-5.0)
    assert asks == []
    (row,) = rows
    assert (row["result"], row["threshold"], row["statistic"]) == (result, None, None)
    assert row["reason"] is None if reason is None else reason in row["reason"]


@pytest.mark.parametrize(
    ("value", "group"),
    [
        (None, "None"),
        (True, "True"),
        (np.bool_(False), "False"),
        (np.int64(7), "7"),
        (0.5, "0.5"),
        ("w" * 200, "w" * 80),
        ("日本語 🎉\n", "日本語 🎉\n"),
        ((1, 2), "[1.0, 2.0]"),
    ],
)
def test_groups_are_short_texts(value, group):
    rows, asks, _ = asked("y >= threshold(9, by=kind)", 1.0, number=0.5,
                          text="f(x, kind=given)\ny = any_of(models)(x)\nassert {test}",
                          given=value)  # fmt: skip
    assert [r["group"] for r in rows] == [a.group for a in asks] == [group]


def test_a_group_that_is_neither_number_nor_text_fails_the_check_and_says_why():
    rows, asks, _ = asked("y >= threshold(9, by=odd(y))", 1.0, number=0.5, odd=lambda y: object())
    assert asks == []
    assert "a feature must be a number, a category or a short vector" in rows[0]["reason"]


def test_with_another_test_beside_it_the_number_stays_as_written():
    rows, asks, _ = asked("y >= threshold(2) and good(y)", 1.0, 3.0, number=0.5, good=bool)
    assert asks == []
    assert [(r["result"], r["threshold"], r["statistic"]) for r in rows] == [
        (False, None, None), (True, None, None),
    ]  # fmt: skip


def test_a_message_tells_the_number_that_was_in_force():
    test = "y >= threshold(9, 'least'), f'{y} is not {threshold(9, \"least\")} ({x})'"
    rows, _, _ = asked(test, 1.0, 2.0, number=2.0)
    assert [r["reason"] for r in rows] == ["1.0 is not 2.0 (0)", None]
    rows, _, _ = asked(test, 1.0)
    assert [r["reason"] for r in rows] == ["1.0 is not 9.0 (0)"]
    rows, _, _ = asked("y >= threshold(9), nothing[y]", 1.0, 1.5, number=2.0, nothing={})
    assert "its message raised KeyError" in rows[0]["reason"]


def test_comparisons_that_share_a_threshold_are_asked_apart_and_set_together():
    sampler = Adviser(lambda ask: 1.0 + ask.assertion)
    it = cell(
        "f(x)\ny = a(x)\nassert y >= threshold(9, 'least')\n"
        "assert y + 1 >= threshold(9, 'least')",
        {"a": lambda x: x}, sampler=sampler,
    )  # fmt: skip
    run = it.run([{"x": 1.5}], seed=0)
    assert run.verdicts["threshold"].to_list() == [1.0, 2.0]
    assert run.passed == 1
    it.thresholds["least"] = 2.0
    run = it.run([{"x": 1.5}], seed=0)
    assert run.verdicts["threshold"].to_list() == [2.0]
    assert run.verdicts["result"].to_list() == [False]
    assert len(sampler.asked) == 2
    it.thresholds.free("least")
    assert it.run([{"x": 1.5}], seed=0).passed == 1


def test_a_check_of_the_input_asks_nobody():
    sampler = Adviser(5.0)
    it = cell("f(x)\nassert x >= threshold(1)\ny = a(x)", {"a": lambda x: x}, sampler=sampler)
    run = it.run([{"x": 2}, {"x": 0}], seed=0)
    assert run.jobs["status"].to_list() == ["passed", "invalid"]
    assert sampler.asked == []


def test_of_equal_values_each_candidate_is_asked_for_by_its_own_number():
    read, sampler = [], Adviser(1.0)
    names = {"sure": lambda x: 1.0, "doubtful": lambda x: x + 1.0, "other": lambda x: x + 2.0}
    names["score"] = lambda y: read.append(y) or y
    text = "f(x)\ny = (doubtful | sure | other)(x)\nassert score(y) >= threshold(9)"
    it = cell(text, names, sampler=sampler)
    doubtful = it.graph.nodes[0].candidates[0].fingerprint
    sampler.number = lambda ask: 2.0 if ask.member[1] == doubtful else 1.0
    run = it.run([{"x": 0}], seed=0)
    assert run.verdicts["threshold"].to_list() == [2.0, 1.0]
    assert run.verdicts["result"].to_list() == [False, True]
    assert read == [1.0]  # what is compared is worked out once
    sampler.number = 2.0
    run = it.run([{"x": 0}], seed=0)
    assert run.verdicts["result"].to_list() == [False, False, True]
    assert read == [1.0, 1.0, 2.0]


@pytest.mark.parametrize("score", ["y", "one + y"])
def test_of_equal_values_of_a_candidate_the_verdict_is_recalled(score):
    names = {"grey": lambda x: 0.0, "black": lambda x: 0.0, "read": lambda one: 1.0}
    sampler = Adviser(lambda ask: 0.5 if ask.later else 2.0)
    text = f"f(x)\none = (grey | black)(x)\ny = read(one)\nassert {score} >= threshold(9)"
    run = cell(text, names, sampler=sampler).run([{"x": 0}], seed=0)
    assert len(sampler.asked) == 1
    assert run.verdicts["result"].to_list() == [False] * run.verdicts.height
    assert run.jobs["status"].to_list() == ["exhausted"]


def test_while_labels_wait_the_best_attempt_is_the_one_expected_to_be_worth_most():
    sampler = Adviser(10.0)
    sampler.advise = lambda ask: Advice(10.0, -abs(ask.statistic - 2.0))
    names = {"models": {f"m{k}": (lambda x, k=k: float(k)) for k in range(4)}}
    text = "f(x, truth=None)\ny = any_of(models)(x)\nassert y >= threshold(0)\nmaximize(y == truth)"
    it = cell(text, names, sampler=sampler)
    assert it(0) == 2.0
    assert it.last.job.status == "exhausted"


def test_what_labels_will_say_of_rejected_outputs_is_kept_or_known():
    text = (
        "f(x, truth=None)\ny = any_of(models)(x)\nassert y >= threshold(2)\n"
        "maximize(y == truth)\nmaximize(y / (x + 10))\nminimize(cost)"
    )
    it = cell(text, {"models": {"one": lambda x: 1.0, "two": lambda x: 2.0}}, sampler=Adviser())
    it(0)
    rejected, accepted = it.last.verdicts
    assert it.last.rejected == {0: {"y": 1.0}}
    assert rejected.terms == {"y == truth": None, "y / (x + 10)": 0.1}
    assert accepted.terms is None
    it(0, truth=1.0)
    rejected, accepted = it.last.verdicts
    assert it.last.rejected == {}
    assert rejected.terms == {"y == truth": 1.0, "y / (x + 10)": 0.1}
