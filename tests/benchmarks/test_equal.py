"""Costs at equal accuracy, against lines and errors worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from flexiflow.benchmarks.equal import cost_at, frugal, level
from flexiflow.benchmarks.frugal import plan
from tests.benchmarks.test_frugal import answers


def test_the_cost_lies_on_the_line_between_two_points():
    curve = np.array([(0.6, 0.1), (0.7, 0.3), (0.9, 0.5)])
    for accuracy in (0.6, 0.65, 0.7, 0.83, 0.9):
        wanted = np.interp(accuracy, curve[:, 0], curve[:, 1])
        assert cost_at(curve, accuracy) == pytest.approx(wanted)


def test_the_first_crossing_counts_and_what_is_not_reached_is_none():
    curve = np.array([(0.5, 0.1), (0.8, 0.4), (0.6, 0.5), (0.9, 0.9)])
    assert cost_at(curve, 0.65) == pytest.approx(0.25)
    assert cost_at(curve, 0.5) == 0.1
    assert cost_at(curve, 0.4) is cost_at(curve, 0.91) is None


def test_the_error_is_that_of_a_mean_where_curves_are_moved_up_and_down():
    rng = np.random.default_rng(0)
    line = np.stack([np.linspace(0.5, 0.9, 5), np.linspace(0.2, 1.0, 5)], axis=1)
    dear = rng.normal(0.0, 0.1, 12)
    curves = np.stack([line + np.array([0.0, extra]) for extra in dear])
    cost, error = level(curves, np.full(12, 0.72))
    assert cost == pytest.approx(0.2 + 0.22 / 0.4 * 0.8 + dear.mean())
    assert error == pytest.approx(dear.std(ddof=1) / np.sqrt(12))


def test_what_is_to_be_reached_counts_on_the_same_jobs():
    rng = np.random.default_rng(1)
    line = np.stack([np.linspace(0.5, 0.9, 5), np.linspace(0.2, 1.0, 5)], axis=1)
    more, wanted = rng.normal(0.0, 0.02, 9), 0.72 + rng.normal(0.0, 0.02, 9)
    curves = np.stack([line + np.array([extra, 0.0]) for extra in more])
    missing, slope = wanted - more, 0.8 / 0.4
    cost, error = level(curves, wanted)
    assert cost == pytest.approx(0.2 + slope * (missing.mean() - 0.5))
    assert error == pytest.approx(slope * missing.std(ddof=1) / 3)


def test_what_one_curve_or_one_left_out_cannot_tell_is_none():
    line = np.array([[(0.5, 0.2), (0.8, 0.6)]])
    assert level(line, np.array([0.8])) == (pytest.approx(0.6), None)
    assert level(line, np.array([0.9])) == (None, None)
    better = np.concatenate([line, line + np.array([0.2, 0.0])])
    cost, error = level(better, np.full(2, 0.85))
    assert cost is not None
    assert error is None  # without the better curve it is not reached


def test_frugal_tells_accuracy_and_cost_on_the_jobs_it_was_not_fitted_on():
    it, known, asked = answers(200, 3), np.arange(120), np.arange(120, 200)
    curve, unit = frugal(it, known, asked), it.cost[0, it.best]
    assert curve.shape == (41, 2)
    for at, worth in ((0, 1.0), (20, 32**0.5), (40, 32.0)):
        right, cost = plan(it, known, worth * unit).answers(it, asked)
        assert curve[at].tolist() == pytest.approx([right.mean(), cost.mean() / unit])
    assert curve[-1, 1] > curve[0, 1]
