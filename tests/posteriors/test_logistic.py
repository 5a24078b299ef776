"""Online Laplace against SciPy's optimum, numerical integration, plain loops and moments."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from online_laplace import known, laplace, seeded, some_covariance, verdicts
from scipy import optimize
from scipy.special import expit, log_expit

from flexiflow.errors import BadInput
from flexiflow.posteriors.laplace import mode_of, moderated, modes_of
from flexiflow.posteriors.logistic import Logistic


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("logit", [-6.0, -1.0, 0.0, 2.5, 8.0])
@pytest.mark.parametrize("passed", [True, False])
def test_one_update_is_the_exact_laplace_step(d, logit, passed):
    rng = np.random.default_rng(d)
    covariance, phi = some_covariance(d, rng), rng.normal(size=d)
    mean = logit * phi / (phi @ phi)
    beliefs = known(mean, covariance)
    beliefs.update([0], phi[None], passed)
    exact_mean, exact_covariance = laplace(mean, covariance, phi, passed)
    np.testing.assert_allclose(beliefs.mean[0], exact_mean, atol=1e-8)
    np.testing.assert_allclose(beliefs.covariance[0], exact_covariance, atol=1e-8)


@pytest.mark.parametrize("passed", [True, False])
def test_a_known_part_of_the_logit_is_a_feature_whose_weight_is_sure(passed):
    covariance, phi = some_covariance(2, rng := np.random.default_rng(4)), rng.normal(size=2)
    mean, offset = rng.normal(size=2), -1.7
    beliefs = known(mean, covariance)
    predicted = beliefs.update([0], phi[None], passed, offset)
    whole = np.zeros((3, 3))
    whole[:2, :2], whole[2, 2] = covariance, 1e-9
    begun, seen = np.array([*mean, 1.0]), np.array([*phi, offset])
    exact_mean, exact_covariance = laplace(begun, whole, seen, passed)
    np.testing.assert_allclose(beliefs.mean[0], exact_mean[:2], atol=1e-6)
    np.testing.assert_allclose(beliefs.covariance[0], exact_covariance[:2, :2], atol=1e-6)
    assert predicted == pytest.approx(moderated(mean @ phi + offset, phi @ covariance @ phi))


@pytest.mark.parametrize("variance", [1e-9, 1e-3, 1.0, 30.0, 130.0, 1e4, 1e6])
@pytest.mark.parametrize("passed", [True, False])
def test_the_mode_is_found_however_great_the_surprise(variance, passed):
    logits = [-200.0, -60.0, -10.0, -3.0, 0.0, 1.0, 7.0, 25.0, 300.0]

    def exact(logit):
        def slope(z):
            return (z - logit) / variance - (passed - expit(z))

        return optimize.brentq(
            slope, logit - variance - 1, logit + variance + 1, xtol=1e-12, rtol=1e-13
        )

    expected = [exact(logit) for logit in logits]
    ours = [mode_of(logit, variance, passed) for logit in logits]
    np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-7)
    tensor = torch.tensor(logits, dtype=torch.float64)
    each = modes_of(tensor, torch.full_like(tensor, variance), torch.tensor([passed] * 9))
    np.testing.assert_allclose(each, expected, rtol=1e-7, atol=1e-7)


@given(st.integers(0, 1000))
def test_many_updates_are_a_plain_loop_of_such_steps(seed):
    rng = np.random.default_rng(seed)
    phi, passed = verdicts(12, 3, rng)
    prior = [4.0, 1.0, 0.1]
    beliefs, mean, covariance = Logistic([prior]), np.zeros(3), np.diag(prior)
    for x, held in zip(phi, passed, strict=True):
        chance = beliefs.predict(x[None]).item()
        assert beliefs.update([0], x[None], held) == pytest.approx(chance, rel=1e-9)
        mean, covariance = laplace(mean, covariance, x, held)
    np.testing.assert_allclose(beliefs.mean[0], mean, atol=1e-6)
    np.testing.assert_allclose(beliefs.covariance[0], covariance, atol=1e-6)


def test_the_online_posterior_is_near_the_exact_one():
    """Integrated on a grid. It is an approximation: off by a part of the posterior's deviation."""
    w = np.stack(np.meshgrid(*[np.linspace(-6, 6, 161)] * 2, indexing="ij"), -1).reshape(-1, 2)
    off, wider = [], []
    for seed in range(20):
        phi, passed = verdicts(60, 2, np.random.default_rng(seed))
        beliefs = Logistic([[4.0, 1.0]])
        for x, held in zip(phi, passed, strict=True):
            beliefs.update([0], x[None], held)
        log = log_expit(np.where(passed, 1.0, -1.0) * (w @ phi.T)).sum(1)
        log -= (w**2 / np.array([4.0, 1.0])).sum(1) / 2
        share = np.exp(log - log.max()) / np.exp(log - log.max()).sum()
        mean = share @ w
        deviation = np.sqrt(share @ (w - mean) ** 2)
        off.append(np.abs(beliefs.mean[0].numpy() - mean) / deviation)
        wider.append(beliefs.covariance[0].diagonal().sqrt().numpy() / deviation)
    assert np.max(off) < 1.0
    assert np.mean(off) < 0.4
    assert np.mean(wider) == pytest.approx(1.0, abs=0.15)


def test_moderated_output_is_near_the_integral():
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    for logit in np.linspace(-8, 8, 17):
        for variance in (0.0, 0.3, 1.0, 4.0, 16.0, 64.0):
            exact = expit(logit + math.sqrt(variance) * nodes) @ weights / weights.sum()
            assert moderated(logit, variance) == pytest.approx(exact, abs=0.02)
            ours = known([logit], [[variance]]).predict([[1.0]]).item()
            assert ours == pytest.approx(moderated(logit, variance), rel=1e-12)


def test_logits_are_those_of_the_blocks_asked_for():
    rng = np.random.default_rng(0)
    beliefs = Logistic(np.ones((2, 3)))
    means, covariances = rng.normal(size=(2, 3)), [some_covariance(3, rng) for _ in range(2)]
    beliefs.mean[:], beliefs.covariance[:] = (
        torch.tensor(means),
        torch.tensor(np.stack(covariances)),
    )
    phi = rng.normal(size=(4, 3))
    mean, variance = beliefs.logits(phi, [1, 0, 1, 1])
    for k, b in enumerate([1, 0, 1, 1]):
        assert mean[k].item() == pytest.approx(phi[k] @ means[b])
        assert variance[k].item() == pytest.approx(phi[k] @ covariances[b] @ phi[k])
    torch.testing.assert_close(beliefs.predict(phi), beliefs.predict(phi, [0] * 4))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_likelihood_is_exact_for_the_surest_verdicts(dtype):
    beliefs = known([20.0], [[1e-8]], dtype=dtype)
    for logit, passed in ((20.0, False), (-20.0, True), (20.0, True), (-20.0, False), (5.0, False)):
        ours = beliefs.log_likelihood([[logit / 20]], [passed])
        exact = log_expit(logit if passed else -logit)
        assert ours.item() == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_draws_have_the_moments_of_the_belief(temperature):
    rng = np.random.default_rng(1)
    covariance = some_covariance(3, rng)
    beliefs = known([1.0, -2.0, 0.5], covariance)
    draws = beliefs.sample(100_000, seeded(2), temperature)[:, 0]
    np.testing.assert_allclose(draws.mean(0), [1.0, -2.0, 0.5], atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T) / temperature, covariance, atol=0.03)
    lower = beliefs.factor()[0]
    np.testing.assert_allclose(lower @ lower.T, covariance, atol=1e-12)
    assert torch.equal(beliefs.sample(2, seeded(3)), beliefs.sample(2, seeded(3)))


def test_a_factor_is_found_although_rounding_spoiled_the_covariance():
    for dtype in ("float64", "float32"):
        for d in (2, 8, 64):
            beliefs = Logistic(np.full((1, d), 4.0), dtype=dtype)
            beliefs.covariance[0] = 4.0  # rank one: all other eigenvalues are 0
            beliefs.covariance[0].diagonal().sub_(1e-5)
            lower = beliefs.factor()[0]
            np.testing.assert_allclose(lower @ lower.T, np.full((d, d), 4.0), atol=1e-2)
            assert bool(beliefs.sample(10, seeded(0)).isfinite().all())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_long_life_stays_sound(dtype):
    """100 000 verdicts: noise, separable, all alike, and all against what was learned."""
    beliefs, rng = Logistic([[4.0] + [1.0] * 7], dtype=dtype), np.random.default_rng(1)
    phi, noise = verdicts(100_000, 8, rng)
    side = phi @ rng.normal(size=8) > 0
    labels = np.concatenate([noise[:25_000], side[:25_000], np.ones(25_000, bool), ~side[:25_000]])
    for x, passed in zip(phi.astype(dtype)[:, None], labels, strict=True):
        beliefs.update([0], x, passed)
    covariance = beliefs.covariance[0].double()
    assert torch.equal(covariance, covariance.T)
    assert torch.linalg.cholesky_ex(covariance)[1] == 0
    assert bool(beliefs.mean.isfinite().all())
    assert 0 < covariance.diagonal().min() <= covariance.diagonal().max() < 0.01
    chances = beliefs.predict(phi[:100])
    assert bool(((chances >= 0) & (chances <= 1)).all())
    assert bool(beliefs.log_likelihood(phi[:100], [False] * 100).isfinite().all())


@pytest.mark.parametrize(
    ("variances", "options", "said"),
    [
        ([1.0, 2.0], {}, r"\(blocks, d\) table"),
        ([[1.0, -2.0]], {}, "0 or more"),
        ([[1.0, math.nan]], {}, "0 or more"),
        ([[1.0, math.inf]], {}, "Prior variances"),
        ([[1.0]], {"dtype": "float16"}, "dtype"),
    ],
)
def test_a_bad_prior_is_refused(variances, options, said):
    with pytest.raises(BadInput, match=said):
        Logistic(variances, **options)
