"""Whether the two goals are reached, on figures written by hand."""

from typing import Any

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.lessons.goals import goals
from flexiflow.examples.lessons.policies import Fared, in_order, single
from flexiflow.examples.lessons.report import Lesson
from tests.examples.test_lessons_report import HAND


def fared(right: Any, seconds: float) -> Fared:
    array = np.array([right], dtype=float)
    return Fared("", array, array > 0, np.full(array.shape, seconds), np.ones(array.shape))


def on(flow: Fared, blind: Fared, plain: Fared | None) -> Lesson:
    """HAND, where the best path alone takes 6 s, trial from it on 6.75 s, the oracle 4.5 s."""
    trial = in_order(HAND, [1, 0], "", reuse=False)
    assert (trial.right.mean(), trial.seconds.mean()) == (0.75, 6.75)
    return Lesson(HAND, 1.0, single(HAND, 1), trial, flow, blind, plain, ())


def test_a_quarter_more_beside_one_of_the_two_is_enough() -> None:
    told = goals(on(fared([1, 1, 1, 0], 5.0), fared([1, 1, 1, 0], 3.0), fared([1, 1, 0, 0], 1.0)))
    more, less = told.splitlines()
    assert "+50% beside plain Thompson (50.0%) and +0% beside the best single path (75.0%)" in more
    assert "the oracle +50% and +0%" in more
    assert more.endswith("either: reached")
    assert "26% with labels (75.0% right), 56% without (75.0% right)" in less
    assert "the oracle 33%" in less
    assert less.endswith(": reached without")


def test_less_time_at_less_accuracy_does_not_count() -> None:
    told = goals(on(fared([1, 1, 0, 0], 1.0), fared([1, 1, 0, 0], 1.0), fared([1, 1, 0, 0], 1.0)))
    assert [line.endswith("not reached") for line in told.splitlines()] == [True, True]


def test_a_baseline_that_is_never_right_is_no_division_by_zero() -> None:
    told = goals(on(fared([1, 0, 0, 0], 3.0), fared([0, 0, 0, 0], 3.0), fared([0] * 4, 1.0)))
    assert "+inf% beside plain Thompson (0.0%)" in told


def test_one_step_has_no_such_goals() -> None:
    with pytest.raises(BadInput, match="several steps"):
        goals(on(single(HAND, 1), single(HAND, 0), None))
