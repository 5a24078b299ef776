"""Beliefs about seconds against closed forms, SciPy, plain loops and moments."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from flexiflow.errors import BadInput
from flexiflow.posteriors import LogSeconds, SecondsBeliefs

OBSERVED = st.lists(st.tuples(st.integers(0, 5), st.floats(1e-4, 1e4)), max_size=30)
PRIOR = {"mean": -1.0, "kappa": 0.5, "alpha": 1.5, "beta": 0.4}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def split(observed):
    return [at for at, _ in observed], [seconds for _, seconds in observed]


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


def test_a_first_run_counts_as_far_as_it_is_quick_and_until_there_are_others():
    beliefs = SecondsBeliefs(strength=1.0)
    rows = beliefs.table.rows([("n", "slow once"), ("n", "quick"), ("n", "new"), ("m", "other")])
    beliefs.update(("n", "slow once"), 9.0, cold=True)
    assert beliefs.mean(rows).tolist() == [9.0, 9.0, 9.0, 9.0]  # all that is known
    beliefs.update(("n", "quick"), 0.5, cold=True)
    assert beliefs.mean(rows)[:2].tolist() == [9.0, 0.5]
    beliefs.update(("n", "quick"), 0.3)
    beliefs.update(("m", "other"), 0.1, cold=True)
    mean = beliefs.mean(rows)
    assert mean[0] == mean[2] == 0.3  # as the others of its node
    assert mean[1] == pytest.approx(0.3)
    assert mean[3] == 0.1
    for _ in range(3):
        beliefs.update(("n", "slow once"), 0.2)
    assert beliefs.mean(rows)[0] == pytest.approx((0.6 + 0.3) / 4)
    assert beliefs.runs(rows).tolist() == [4, 2, 0, 1]


@given(OBSERVED, st.integers(1, 7))
def test_updates_are_the_conjugate_ones_made_one_by_one(observed, block):
    beliefs = LogSeconds((2, 3), **PRIOR)
    for start in range(0, len(observed), block):
        beliefs.update(*split(observed[start : start + block]))
    exact = np.tile(list(PRIOR.values()), (6, 1))
    for at, seconds in observed:
        mean, kappa, alpha, beta = exact[at]
        x = math.log(seconds)
        exact[at] = (
            (kappa * mean + x) / (kappa + 1),
            kappa + 1,
            alpha + 0.5,
            beta + kappa * (x - mean) ** 2 / (2 * (kappa + 1)),
        )
    for ours, theirs in zip(beliefs.parameters(), exact.T, strict=True):
        np.testing.assert_allclose(ours.flatten(), theirs, rtol=1e-9, atol=1e-9)


def some_known() -> LogSeconds:
    """One belief without, one with few and one with many observations."""
    beliefs = LogSeconds((3,), **PRIOR)
    rng = np.random.default_rng(4)
    beliefs.update([1] * 3 + [2] * 500, np.exp(rng.normal(2.0, 0.7, 503)))
    return beliefs


def predictives(beliefs: LogSeconds):
    mean, kappa, alpha, beta = (x.double().numpy() for x in beliefs.parameters())
    return stats.t(2 * alpha, mean, np.sqrt(beta * (kappa + 1) / (alpha * kappa)))


def test_the_predictive_is_a_student_t_of_log_seconds():
    beliefs = some_known()
    exact = predictives(beliefs)
    for seconds in (1e-5, 0.3, 7.0, 1e6):
        ours = beliefs.log_likelihood([0, 1, 2], [seconds] * 3)
        np.testing.assert_allclose(ours, exact.logpdf(math.log(seconds)), rtol=1e-10)


def test_the_predictive_averages_the_normal_over_the_posterior():
    beliefs = LogSeconds((), **PRIOR)
    beliefs.update([0] * 4, [0.1, 0.2, 0.5, 0.9])
    mean, kappa, alpha, beta = (x.item() for x in beliefs.parameters())

    m, log_variance = np.linspace(-6, 6, 601)[:, None], np.linspace(-8, 4, 401)
    variance = np.exp(log_variance)
    given_variance = stats.norm.pdf(m, mean, np.sqrt(variance / kappa))
    spread = stats.invgamma.pdf(variance, alpha, scale=beta) * variance
    joint = stats.norm.pdf(math.log(0.3), m, np.sqrt(variance)) * given_variance * spread
    exact = integrate.simpson(integrate.simpson(joint, x=m[:, 0], axis=0), x=log_variance)
    ours = beliefs.log_likelihood([0], [0.3]).item()
    assert ours == pytest.approx(math.log(exact), abs=1e-5)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12))
def test_predictives_one_after_the_other_make_the_evidence(seconds):
    """Murphy's closed form of the marginal likelihood, from the normalising constants."""
    beliefs, total = LogSeconds((), **PRIOR), 0.0
    for one in seconds:
        total += beliefs.log_likelihood([0], [one]).item()
        beliefs.update([0], [one])
    _, kappa, alpha, beta = (x.item() for x in beliefs.parameters())
    evidence = (
        math.lgamma(alpha) - math.lgamma(PRIOR["alpha"])
        + PRIOR["alpha"] * math.log(PRIOR["beta"]) - alpha * math.log(beta)
        + math.log(PRIOR["kappa"] / kappa) / 2 - len(seconds) / 2 * math.log(2 * math.pi)
    )  # fmt: skip
    assert total == pytest.approx(evidence, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("probability", [0.01, 0.5, 0.9, 0.999])
def test_intervals_are_the_quantiles_in_seconds(dtype, probability):
    beliefs = some_known()
    beliefs.dtype = getattr(torch, dtype)
    low, high = beliefs.interval(probability)
    exact = predictives(some_known()).interval(probability)
    close = 1e-9 if dtype == "float64" else 1e-6
    for ours, theirs in zip((low, high), exact, strict=True):
        np.testing.assert_allclose(ours, np.exp(theirs), rtol=close)


def test_intervals_hold_their_share_of_what_comes():
    rng = np.random.default_rng(5)
    beliefs = LogSeconds((400,))
    beliefs.update(torch.arange(400).repeat(8), np.exp(rng.normal(1.0, 0.4, 3200)))
    low, high = beliefs.interval(0.8)
    fresh = torch.from_numpy(np.exp(rng.normal(1.0, 0.4, (200, 400))))
    inside = ((fresh > low) & (fresh < high)).double().mean().item()
    assert inside == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_draws_are_those_of_the_posterior(dtype):
    beliefs = some_known()
    beliefs.dtype = getattr(torch, dtype)
    mean, kappa, alpha, beta = (x.double().numpy() for x in beliefs.parameters())
    of_mean = stats.t(2 * alpha, mean, np.sqrt(beta / (alpha * kappa)))
    for draw, exact in (
        (beliefs.sample, of_mean),
        (beliefs.sample_reading, predictives(beliefs)),
    ):
        draws = draw(40_000, seeded(6))
        assert draws.dtype == beliefs.dtype
        assert draws.shape == (40_000, 3)
        for share in (0.05, 0.25, 0.5, 0.75, 0.95):
            below = (draws.double() <= torch.from_numpy(exact.ppf(share))).double().mean(0)
            np.testing.assert_allclose(below, share, atol=0.01)
        assert draws[:, 2].double().mean().item() == pytest.approx(exact.mean()[2], abs=0.02)
        assert draws[:, 2].double().std().item() == pytest.approx(exact.std()[2], rel=0.02)


@given(OBSERVED, st.integers(0, 30))
def test_merging_is_exact(observed, cut):
    one, first, second = (LogSeconds((6,), **PRIOR) for _ in range(3))
    one.update(*split(observed))
    first.update(*split(observed[:cut]))
    second.update(*split(observed[cut:]))
    first.merge(second)
    for ours, theirs in zip(first.parameters(), one.parameters(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_a_reading_below_the_resolution_counts_as_the_resolution():
    coarse, plain = LogSeconds((1,), resolution=0.015625), LogSeconds((1,))
    coarse.update([0, 0, 0], [0.0, 0.001, 0.03125])
    plain.update([0, 0, 0], [0.015625, 0.015625, 0.03125])
    for ours, theirs in zip(coarse.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(coarse.log_likelihood([0], [0.0]), plain.log_likelihood([0], [0.015625]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_long_life_stays_sound(dtype):
    """All zero, all equal, tiny noise around a large value, and many orders of magnitude."""
    beliefs = LogSeconds((4,), dtype=dtype)
    rng, at = np.random.default_rng(7), torch.arange(4).repeat(1000)
    everything = []
    for _ in range(100):  # each belief sees 100 000 observations
        noise = rng.normal(size=(1000, 4)) * [0.0, 0.0, 1e-6, 8.0]
        seconds = np.exp(noise + np.array([0.0, 3.0, 20.0, -2.0]))
        seconds[:, 0] = 0.0
        beliefs.update(at, seconds.reshape(-1))
        everything.append(np.log(np.maximum(seconds, 1e-6)))
    logs = np.concatenate(everything)
    mean, kappa, alpha, beta = beliefs.parameters()
    np.testing.assert_allclose(mean, (logs.sum(0)) / (100_000 + 0.01), rtol=1e-6)
    pull = 0.01 * 1e5 / (1e5 + 0.01) * logs.mean(0) ** 2
    exact = 0.25 + (((logs - logs.mean(0)) ** 2).sum(0) + pull) / 2
    np.testing.assert_allclose(beta, exact, rtol=1e-6)
    assert bool((kappa > 0).all() & (alpha > 0).all() & (beta > 0).all())
    for draws in (beliefs.sample(500, seeded(1)), beliefs.sample_reading(500, seeded(1))):
        assert bool(draws.isfinite().all())
    for seconds in (0.0, 1.0, 1e12):
        assert bool(beliefs.log_likelihood(range(4), [seconds] * 4).isfinite().all())
    low, high = beliefs.interval(0.99)
    assert bool((low > 0).all() & (low < high).all() & high.isfinite().all())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mean": math.nan}, "mean must lie"),
        ({"kappa": 0.0}, "kappa must lie"),
        ({"alpha": 0.9}, "alpha must lie between 1"),
        ({"beta": -1.0}, "beta must lie"),
        ({"resolution": 0.0}, "resolution must lie"),
    ],
)
def test_a_bad_prior_is_refused(changed, said):
    with pytest.raises(BadInput, match=said):
        LogSeconds((3,), **changed)


def test_bad_seconds_and_probabilities_are_refused_and_change_nothing():
    beliefs = LogSeconds((3,))
    for seconds in ([-1.0], [math.nan], [math.inf], ["x"], [1.0, 2.0]):
        with pytest.raises(BadInput, match="seconds must"):
            beliefs.update([0], seconds)
    assert not beliefs.count.any()
    for probability in (0.0, 1.0, math.nan):
        with pytest.raises(BadInput, match="probability must"):
            beliefs.interval(probability)
