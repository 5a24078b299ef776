"""Beta beliefs against SciPy, closed forms, plain loops and moments."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flexiflow.errors import BadInput
from flexiflow.posteriors import BetaBeliefs, Betas

OBSERVED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def split(observed):
    return [at for at, _ in observed], [passed for _, passed in observed]


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


@given(OBSERVED, st.sampled_from([1.0, 0.9, 0.5, 0.0]), st.integers(1, 7))
def test_updates_are_a_plain_loop_over_observations(observed, discount, block):
    beliefs = Betas((2, 3), a=0.5, b=2.0, discount=discount)
    for start in range(0, len(observed), block):
        beliefs.update(*split(observed[start : start + block]))
    evidence = np.zeros((6, 2))
    for at, passed in observed:
        evidence[at] *= discount
        evidence[at, 0 if passed else 1] += 1
    a, b = beliefs.parameters()
    np.testing.assert_allclose(a, 0.5 + evidence[:, 0].reshape(2, 3), rtol=1e-12)
    np.testing.assert_allclose(b, 2.0 + evidence[:, 1].reshape(2, 3), rtol=1e-12)
    np.testing.assert_allclose(beliefs.mean(), a / (a + b), rtol=1e-12)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 5)])
def test_any_shape_is_filled_row_by_row(shape):
    size = math.prod(shape)
    beliefs = Betas(shape, a=torch.arange(1.0, size + 1).reshape(shape))
    beliefs.update([size - 1], [False])
    a, b = beliefs.parameters()
    assert a.shape == b.shape == shape
    assert a.flatten().tolist() == list(range(1, size + 1))
    assert b.flatten().tolist() == [1.0] * (size - 1) + [2.0]
    assert beliefs.sample(3, seeded(0)).shape == (3, *shape)


def test_a_prior_is_the_beliefs_own():
    prior = torch.ones(3, dtype=torch.float64)
    beliefs = Betas((3,), a=prior)
    prior += 5
    assert beliefs.parameters()[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_the_draws_are_those_of_the_betas(dtype, temperature):
    a, b = [0.02, 0.5, 8.0, 300.0], [0.03, 3.0, 4.0, 1.5]
    beliefs = Betas((4,), torch.tensor(a), torch.tensor(b), dtype=dtype)
    draws = beliefs.sample(60_000, seeded(3), temperature)
    assert draws.dtype == getattr(torch, dtype)
    for k in range(4):
        exact = stats.beta(a[k] / temperature, b[k] / temperature)
        assert draws[:, k].mean().item() == pytest.approx(exact.mean(), abs=4 * exact.std() / 245)
        assert draws[:, k].double().var().item() == pytest.approx(exact.var(), rel=0.05)
        # Away from 0 and 1, where a small a or b puts more mass than floats can tell apart.
        for p in (1e-3, 0.1, 0.5, 0.9, 0.99):
            share = (draws[:, k] <= p).double().mean().item()
            assert share == pytest.approx(exact.cdf(p), abs=0.01)


def test_draws_follow_from_the_generator():
    beliefs = Betas((3, 2))
    first, again, other = (beliefs.sample(4, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_predictive_is_the_beta_binomial():
    beliefs = Betas((2,), a=0.7, b=1.9)
    beliefs.update([1] * 9, [True] * 6 + [False] * 3)
    exact = stats.betabinom(1, [0.7, 6.7], [1.9, 4.9])
    for passed in (0, 1):
        ours = beliefs.log_likelihood([0, 1], [bool(passed)] * 2)
        np.testing.assert_allclose(ours, exact.logpmf(passed), rtol=1e-12)


@given(st.lists(st.booleans(), min_size=1, max_size=25))
def test_predictives_one_after_the_other_make_the_joint_one(passed):
    beliefs, total = Betas((), a=1.5, b=0.5), 0.0
    for one in passed:
        total += beliefs.log_likelihood([0], [one]).item()
        beliefs.update([0], [one])
    n, k = len(passed), sum(passed)
    joint = stats.betabinom(n, 1.5, 0.5).logpmf(k) - math.log(math.comb(n, k))
    assert total == pytest.approx(joint, rel=1e-9)


@given(OBSERVED, st.integers(0, 30))
def test_merged_tensors_are_those_of_one_worker_that_saw_all(observed, cut):
    one, first, second = (Betas((6,), a=2.0) for _ in range(3))
    one.update(*split(observed))
    first.update(*split(observed[:cut]))
    second.update(*split(observed[cut:]))
    first.merge(second)
    assert torch.equal(first.counts, one.counts)
    assert torch.equal(first.mean(), one.mean())


def test_discounted_beliefs_are_not_merged():
    with pytest.raises(BadInput, match=r"discount=1.*Got discounts 1.0 and 0.9"):
        Betas((2,)).merge(Betas((2,), discount=0.9))
    with pytest.raises(BadInput, match="in order"):
        Betas((2,), discount=0.9).merge(Betas((2,)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("discount", [1.0, 0.99])
def test_a_long_life_with_extreme_chances_stays_sound(dtype, discount):
    chance = torch.tensor([0.0, 1e-4, 0.5, 1 - 1e-4, 1.0], dtype=torch.float64)
    beliefs = Betas((5,), a=1e-3, b=1e-3, discount=discount, dtype=dtype)
    at = torch.arange(5).repeat(1000)
    for k in range(100):  # each belief sees 100 000 observations
        passed = torch.rand(5000, generator=seeded(k), dtype=torch.float64) < chance[at]
        beliefs.update(at, passed)
    a, b = beliefs.parameters()
    weight = 100_000 if discount == 1 else 1 / (1 - discount)
    np.testing.assert_allclose(a + b, [weight + 2e-3] * 5, rtol=1e-6)
    assert bool((a > 0).all() & (b > 0).all())
    np.testing.assert_allclose(beliefs.mean(), chance, atol=0.01 if discount == 1 else 0.2)
    for temperature in (1e-6, 0.1, 1.0, 1e6):
        draws = beliefs.sample(2000, seeded(1), temperature)
        assert bool(((draws >= 0) & (draws <= 1)).all())
    for passed in (True, False):
        known = beliefs.log_likelihood(range(5), [passed] * 5)
        assert bool((known.isfinite() & (known <= 0)).all())


def test_a_count_goes_on_beyond_what_float32_can_tell_apart():
    beliefs = Betas((1,), dtype="float32")
    beliefs.counts += 2.0**24
    before = beliefs.counts.clone()
    beliefs.update([0], [True])
    assert (beliefs.counts - before).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"a": 0.0}, "a must lie between"),
        ({"b": math.nan}, "b must lie between"),
        ({"a": "x"}, "a must be numbers"),
        ({"b": torch.ones(2)}, r"expanded to the shape \(3,\)"),
        ({"discount": 1.1}, "discount must lie between 0 and 1"),
        ({"discount": True}, "discount must lie"),
    ],
)
def test_a_bad_prior_is_refused(changed, said):
    with pytest.raises(BadInput, match=said):
        Betas((3,), **changed)


def test_bad_verdicts_and_temperatures_are_refused_and_change_nothing():
    beliefs = Betas((3,))
    for passed, said in (([1.0], "booleans"), ([True, False], "one entry for each of the 1")):
        with pytest.raises(BadInput, match=said):
            beliefs.update([0], passed)
        with pytest.raises(BadInput, match=said):
            beliefs.log_likelihood([0], passed)
    assert not beliefs.counts.any()
    for temperature in (0.0, math.nan, -1.0):
        with pytest.raises(BadInput, match="temperature"):
            beliefs.sample(1, temperature=temperature)
