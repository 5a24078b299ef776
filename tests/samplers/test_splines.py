"""Splines against SciPy's, and the regression on them against least squares."""

from __future__ import annotations

import numpy as np
import pytest
from comparisons import KNOTS, OWN, SHARED, shaped

from flexiflow.samplers.splines import DRAWS, basis, frequent, prior, regression


@pytest.mark.parametrize("groups", [{}, {"a": 0, "b": 1}])
def test_the_splines_are_a_partition_of_unity_and_groups_have_the_same_again(groups):
    rng = np.random.default_rng(1)
    knots = np.sort(np.round(rng.normal(size=40), 1))  # with ties
    at = np.concatenate([knots, [-100.0, 100.0], rng.normal(size=30)])
    of = [("a", "b", "other", None)[k % 4] for k in range(len(at))]
    phi = basis(at, of, knots, groups)
    assert phi.shape == (len(at), KNOTS * (1 + len(groups)))
    assert np.all(phi >= 0)
    np.testing.assert_allclose(phi[:, :KNOTS].sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(phi[:, :KNOTS], shaped(at, knots), atol=1e-12)
    for row, group in zip(phi, of, strict=True):
        expected = np.zeros((len(groups), KNOTS))
        if group in groups:
            expected[groups[group]] = row[:KNOTS]
        np.testing.assert_array_equal(row[KNOTS:].reshape(-1, KNOTS), expected)


def test_one_group_has_no_spline_of_its_own_and_only_the_most_frequent_have():
    assert frequent(["a"] * 40) == frequent([]) == {}
    names = [f"g{k:02}" for k in range(40)]
    found = frequent(names + names[5:])
    assert list(found.values()) == list(range(32))
    assert list(found) == names[5:37]  # the more frequent, then in the order of their names


def test_the_first_spline_varies_more_than_those_of_groups():
    np.testing.assert_array_equal(prior(3 * KNOTS), [SHARED] * KNOTS + [OWN] * 2 * KNOTS)


@pytest.mark.parametrize("columns", [1, 1 + DRAWS])
def test_the_mean_is_that_of_least_squares_with_the_prior_as_further_rows(columns):
    rng = np.random.default_rng(4)
    phi, aim = rng.normal(size=(30, 12)), rng.normal(size=(30, columns))
    variances = rng.uniform(0.1, 3.0, 12)
    found = regression(phi, aim, variances, 0.0, rng)  # nothing is drawn around the mean
    assert found.shape == (1 + DRAWS, 12)
    rows = np.vstack([phi, np.diag(variances**-0.5)])
    expected = np.linalg.lstsq(rows, np.vstack([aim, np.zeros((12, columns))]))[0]
    np.testing.assert_allclose(found, np.broadcast_to(expected.T, (1 + DRAWS, 12)), atol=1e-10)


def test_aims_of_their_own_are_not_written_into():
    aim = np.ones((5, 1 + DRAWS))
    first = regression(np.eye(5), aim, np.ones(5), 1.0, np.random.default_rng(0))
    again = regression(np.eye(5), aim, np.ones(5), 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    assert (aim == 1.0).all()
