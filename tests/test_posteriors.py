"""Beliefs against SciPy, closed forms and moments; restored state is checked."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flexiflow.errors import BadInput
from flexiflow.posteriors import BetaBeliefs, SecondsBeliefs, Table


def beliefs_with(passes: int, fails: int) -> BetaBeliefs:
    beliefs = BetaBeliefs()
    for k in range(passes + fails):
        beliefs.update(("n", "c"), k < passes)
    return beliefs


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_lone_row_is_the_conjugate_beta(passes, fails):
    beliefs = beliefs_with(passes, fails)
    a, b = beliefs.parameters(beliefs.table.rows([("n", "c")]))
    assert a[0] == pytest.approx(1 + passes)
    assert b[0] == pytest.approx(1 + fails)


def test_draws_have_the_moments_of_the_beta():
    beliefs = beliefs_with(7, 3)
    rows = beliefs.table.rows([("n", "c")])
    draws = beliefs.sample(rows, 200_000, np.random.default_rng(1))[:, 0]
    exact = stats.beta(8, 4)
    assert draws.mean() == pytest.approx(exact.mean(), abs=0.001)
    assert draws.var() == pytest.approx(exact.var(), rel=0.02)
    assert stats.kstest(draws[:5000], exact.cdf).pvalue > 0.001


def test_temperature_scales_the_variance_and_keeps_the_mean():
    beliefs = beliefs_with(30, 10)
    rows = beliefs.table.rows([("n", "c")])
    rng = np.random.default_rng(2)
    full, tempered = (beliefs.sample(rows, 100_000, rng, t)[:, 0] for t in (1.0, 0.1))
    assert tempered.mean() == pytest.approx(full.mean(), abs=0.002)
    # Var = m(1-m)/(n+1): n grows tenfold.
    assert full.var() / tempered.var() == pytest.approx((420 + 1) / (42 + 1), rel=0.05)


def test_an_untried_row_starts_at_the_mean_of_its_group_with_little_weight():
    beliefs = BetaBeliefs()
    for k in range(20):
        beliefs.update(("n", "old"), k < 15)
    for _ in range(9):
        beliefs.update(("other", "c"), False)
    a, b = beliefs.parameters(beliefs.table.rows([("n", "new")]))
    assert a[0] / (a[0] + b[0]) == pytest.approx((15 + 1) / (20 + 2))
    assert a[0] + b[0] == pytest.approx(2.0)


def test_long_runs_and_extremes_stay_finite():
    beliefs = BetaBeliefs()
    beliefs.table.add(("n", "c"), 0.0, 1e9)
    beliefs.table.add(("n", "d"), 1e9, 0.0)
    rows = beliefs.table.rows([("n", "c"), ("n", "d")])
    draws = beliefs.sample(rows, 1000, np.random.default_rng(0), temperature=0.01)
    assert np.isfinite(draws).all()
    assert ((draws >= 0) & (draws <= 1)).all()
    assert draws[:, 0].max() < 1e-6
    assert draws[:, 1].min() > 1 - 1e-6


def test_seconds_are_shrunken_means():
    beliefs = SecondsBeliefs(strength=1.0)
    for seconds in (1.0, 2.0, 3.0):
        beliefs.update(("n", "a"), seconds)
    beliefs.update(("n", "b"), 10.0)
    mean = beliefs.mean(beliefs.table.rows([("n", "a"), ("n", "b"), ("n", "c")]))
    assert mean[0] == pytest.approx((6.0 + 10.0) / 4)
    assert mean[1] == pytest.approx((10.0 + 2.0) / 2)
    assert mean[2] == pytest.approx(16.0 / 4)


def test_seconds_of_an_unknown_node_are_those_of_all_and_zero_readings_stay_positive():
    beliefs = SecondsBeliefs()
    assert beliefs.mean(beliefs.table.rows([("n", "a")]))[0] == 1.0
    for _ in range(100):
        beliefs.update(("n", "a"), 0.0)
    assert 0 < beliefs.mean(beliefs.table.rows([("n", "a")]))[0] < 1e-6


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40), st.integers(0, 40))
def test_merging_two_workers_is_one_worker_that_saw_both(seen, cut):
    one, first, second = BetaBeliefs(), BetaBeliefs(), BetaBeliefs()
    for at, (who, passed) in enumerate(seen):
        key = ("n", str(who))
        one.update(key, passed)
        (first if at < cut else second).update(key, passed)
    first.table.merge(second.table)
    keys = [("n", str(k)) for k in range(4)]
    for ours, theirs in zip(
        one.parameters(one.table.rows(keys)), first.parameters(first.table.rows(keys)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_state_survives_json():
    table = Table(2)
    for k in range(40):
        table.add(("n", str(k % 20)), 1.0, 0.5 * k)
    again = Table(2)
    again.load(json.loads(json.dumps(table.state())))
    np.testing.assert_array_equal(again.sums, table.sums)
    assert again.row(("n", "7")) == table.row(("n", "7"))


GOOD = {"keys": [["n", "a"], ["n", "b"]], "sums": [[1.0, 2.0], [0.0, 3.0]]}


@pytest.mark.parametrize(
    ("path", "bad"),
    [
        (("sums", 0, 0), float("nan")),
        (("sums", 0, 0), float("inf")),
        (("sums", 0, 0), -1.0),
        (("sums", 0, 0), "x"),
        (("sums", 1), [1.0]),
        (("keys", 1), ["n", "a"]),
        (("keys", 1), ["n"]),
        (("keys", 1), [1, 2]),
        (("keys",), [["n", "a"]]),
        (("sums",), 3),
        (("keys",), None),
    ],
)
def test_a_broken_state_is_refused_and_changes_nothing(path, bad):
    state = copy.deepcopy(GOOD)
    at = state
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = bad
    table = Table(2)
    table.add(("n", "z"), 1.0, 1.0)
    with pytest.raises(BadInput, match="saved"):
        table.load(state)
    assert len(table) == 1
