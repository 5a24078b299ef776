"""Blocks of weights: verdicts seen through several, merging, growing, copies and devices."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from online_laplace import known, laplace, verdicts

from flexiflow.errors import BadInput
from flexiflow.posteriors.flat import split, spread
from flexiflow.posteriors.logistic import Logistic


def learned(prior, n: int, seed: int, **options) -> Logistic:
    """Beliefs that have seen n verdicts, each through all blocks."""
    beliefs, rng = Logistic(prior, **options), np.random.default_rng(seed)
    blocks, d = beliefs.shape
    for _ in range(n):
        beliefs.update(range(blocks), rng.normal(size=(blocks, d)), rng.random() < 0.3)
    return beliefs


def same(ours: Logistic, theirs: Logistic, **close) -> None:
    for name in ("prior", "mean", "covariance"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        torch.testing.assert_close(mine, other, **(close or {"rtol": 1e-9, "atol": 1e-9}))


def test_one_verdict_through_two_blocks_is_the_step_of_the_whole_less_what_crosses_them():
    """Over and over: a plain loop takes the full step and drops the blocks off the diagonal."""
    rng = np.random.default_rng(0)
    prior = np.array([[4.0, 1.0, 0.5], [1.0, 0.3, 2.0]])
    beliefs, mean, covariance = Logistic(prior), np.zeros(6), np.diag(prior.ravel())
    kept = np.kron(np.eye(2), np.ones((3, 3)))
    for phi, passed in zip(*verdicts(25, 6, rng), strict=True):
        beliefs.update([0, 1], phi.reshape(2, 3), passed)
        mean, covariance = laplace(mean, covariance, phi, passed)
        covariance = covariance * kept
        np.testing.assert_allclose(beliefs.mean, mean.reshape(2, 3), atol=1e-6)
        for b, at in enumerate((slice(0, 3), slice(3, 6))):
            np.testing.assert_allclose(beliefs.covariance[b], covariance[at, at], atol=1e-6)


def test_a_verdict_tells_nothing_to_blocks_it_was_not_seen_through():
    beliefs = learned(np.ones((3, 2)), 10, 1)
    before = copy.deepcopy(beliefs)
    beliefs.update([2], [[1.0, 2.0]], True)
    for name in ("mean", "covariance"):
        assert torch.equal(getattr(beliefs, name)[:2], getattr(before, name)[:2])
        assert not torch.equal(getattr(beliefs, name)[2], getattr(before, name)[2])


@given(st.integers(0, 1000))
def test_a_block_alone_is_a_whole_model(seed):
    rng = np.random.default_rng(seed)
    both, alone = Logistic([[4.0, 1.0]] * 2), Logistic([[4.0, 1.0]])
    for phi, passed in zip(*verdicts(15, 2, rng), strict=True):
        both.update([1], phi[None], passed)
        alone.update([0], phi[None], passed)
        if rng.random() < 0.5:
            both.update([0], rng.normal(size=(1, 2)), True)
    assert torch.equal(both.mean[1], alone.mean[0])
    assert torch.equal(both.covariance[1], alone.covariance[0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_verdicts_of_different_blocks_are_learned_at_once(dtype):
    one, all_at_once = (Logistic(np.full((5, 3), 9.0), dtype=dtype) for _ in range(2))
    rng = np.random.default_rng(2)
    for _ in range(20):
        blocks = rng.permutation(5)[:3]
        phi, passed = np.clip(rng.normal(size=(3, 3)) * 2, -4, 4), rng.random(3) < 0.5
        for b, x, held in zip(blocks, phi, passed, strict=True):
            one.update([b], x[None], held)
        all_at_once.update_each(torch.from_numpy(blocks), torch.from_numpy(phi), passed)
    close = 1e-9 if dtype == "float64" else 1e-3
    same(all_at_once, one, rtol=close, atol=close)


def test_a_weight_that_is_not_there_stays_away():
    beliefs = Logistic([[4.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    rng = np.random.default_rng(0)
    for k in range(50):
        beliefs.update([0, 1], rng.normal(size=(2, 3)), k % 3 == 0)
    beliefs.merge(copy.deepcopy(beliefs))
    for values in (beliefs.mean, beliefs.sample(5)):
        assert not values[..., 0, 1].any()
        assert not values[..., 1, 2].any()
    assert not beliefs.covariance[0, 1].any()
    assert not beliefs.covariance[0, :, 1].any()


def gaussian(prior, phi, seen, noise: float) -> Logistic:
    """Beliefs after readings of the logit itself with normal noise: a linear regression."""
    precision = np.diag(1 / np.asarray(prior)) + phi.T @ phi / noise
    covariance = np.linalg.inv(precision)
    beliefs = known(covariance @ phi.T @ seen / noise, covariance)
    beliefs.prior[0] = torch.tensor(prior)
    return beliefs


@given(st.integers(0, 1000), st.integers(0, 20))
def test_merging_is_exact_for_evidence_that_is_gaussian(seed, cut):
    rng = np.random.default_rng(seed)
    phi, seen, prior = rng.normal(size=(20, 3)), rng.normal(size=20), [4.0, 1.0, 0.25]
    first = gaussian(prior, phi[:cut], seen[:cut], 0.5)
    first.merge(gaussian(prior, phi[cut:], seen[cut:], 0.5))
    same(first, gaussian(prior, phi, seen, 0.5))


def test_merging_with_one_who_saw_nothing_changes_nothing():
    prior = [[4.0, 0.0, 1.0], [1.0, 0.3, 0.1]]
    beliefs = learned(prior, 30, 3)
    before = copy.deepcopy(beliefs)
    beliefs.merge(Logistic(prior))
    same(beliefs, before)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_merged_verdicts_come_near_those_of_one_worker(dtype):
    phi, passed = verdicts(400, 4, np.random.default_rng(4))
    one, first, second = (Logistic([[4.0, 1.0, 1.0, 1.0]], dtype=dtype) for _ in range(3))
    for k, (x, held) in enumerate(zip(phi, passed, strict=True)):
        one.update([0], x[None], held)
        (first if k % 2 else second).update([0], x[None], held)
    first.merge(second)
    np.testing.assert_allclose(first.predict(phi), one.predict(phi), atol=0.1)
    assert abs(first.predict(phi) - one.predict(phi)).mean() < 0.03
    assert torch.linalg.cholesky_ex(first.covariance)[1] == 0
    first.update([0], phi[:1], True)  # it goes on learning
    assert first.predict(phi[:1]).isfinite().all()


def test_beliefs_of_another_prior_are_not_merged():
    for other in (Logistic([[1.0, 2.0]]), Logistic([[1.0, 1.0]] * 2)):
        with pytest.raises(BadInput, match="same prior"):
            Logistic([[1.0, 1.0]]).merge(other)


def test_growing_keeps_what_was_known():
    prior = np.array([[4.0, 1.0, 0.0], [1.0, 0.5, 2.0]])
    beliefs, wider = learned(prior, 40, 5), np.full((4, 5), 0.7)
    before = copy.deepcopy(beliefs)
    beliefs.grow(wider)
    expected = wider.copy()
    expected[:2, :3] = np.where(prior > 0, prior, 0.7)
    np.testing.assert_array_equal(beliefs.prior, expected)
    there = before.prior > 0
    torch.testing.assert_close(beliefs.mean[:2, :3][there], before.mean[there], rtol=0, atol=0)
    features = np.random.default_rng(6).normal(size=(2, 3)) * there.numpy()
    padded = np.pad(features, [(0, 0), (0, 2)])
    for grown, known_before in zip(
        beliefs.logits(padded, [0, 1]), before.logits(features, [0, 1]), strict=True
    ):
        torch.testing.assert_close(grown, known_before)
    # What is new stands at its prior, and learns.
    assert not beliefs.mean[2:].any()
    assert not beliefs.mean[:, 3:].any()
    np.testing.assert_allclose(beliefs.covariance[3], 0.7 * np.eye(5))
    assert beliefs.covariance[0, 2].tolist() == [0, 0, 0.7, 0, 0]
    beliefs.update([0, 3], np.ones((2, 5)), True)
    assert bool((beliefs.mean[3] > 0).all())


def test_beliefs_do_not_shrink():
    for smaller in (np.ones((1, 3)), np.ones((2, 2))):
        with pytest.raises(BadInput, match="cannot shrink"):
            Logistic(np.ones((2, 3))).grow(smaller)


def test_a_longer_block_knows_what_the_shorter_one_knew():
    beliefs = learned([[4.0, 0.0, 1.0, 0.5]], 30, 9)
    longer = spread(beliefs, np.full((1, 6), 0.3), [5, 0, 1, 2])
    phi = np.random.default_rng(10).normal(size=(8, 4)) * [1, 0, 1, 1]
    scattered = np.zeros((8, 6))
    scattered[:, [5, 0, 1, 2]] = phi
    for ours, theirs in zip(longer.logits(scattered), beliefs.logits(phi), strict=True):
        torch.testing.assert_close(ours, theirs)
    np.testing.assert_allclose(longer.prior, [[0.3, 1.0, 0.5, 0.3, 0.3, 4.0]])
    assert longer.covariance[0, 0].tolist() == [0.3, 0, 0, 0, 0, 0]
    longer.update([0], np.ones((1, 6)), True)
    assert longer.mean[0, 0] > 0


def test_a_block_is_cut_into_blocks_that_forget_what_crosses_them():
    beliefs = learned([[4.0, 1.0, 0.5, 1.0, 0.0, 2.0]], 30, 11)
    cut = split(beliefs, (2, 3))
    assert cut.shape == (2, 3)
    assert torch.equal(cut.prior.ravel(), beliefs.prior[0])
    assert torch.equal(cut.mean.ravel(), beliefs.mean[0])
    for b, at in enumerate((slice(0, 3), slice(3, 6))):
        assert torch.equal(cut.covariance[b], beliefs.covariance[0, at, at])
    before = beliefs.mean.clone()
    cut.update([0, 1], np.ones((2, 3)), True)
    assert torch.equal(beliefs.mean, before)
    assert not torch.equal(cut.mean.ravel(), before[0])


def test_beliefs_can_be_taken_over_from_numbers():
    prior = [[4.0, 0.0, 1.0], [1.0, 0.3, 0.1]]
    beliefs, again = learned(prior, 20, 12), Logistic(prior)
    again.believe(beliefs.mean.tolist(), beliefs.covariance.tolist())
    same(again, beliefs)
    for one in (beliefs, again):
        one.update([0, 1], np.ones((2, 3)), True)
    same(again, beliefs)


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [
        ([[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]]),
        ([[0.0, 0.0]], [[[1.0, 0.0], [0.5, 1.0]]]),
        ([[0.0, 0.0]], [[[1.0, 0.0], [0.0, float("nan")]]]),
        ([[0.0, float("nan")]], [[[1.0, 0.0], [0.0, 1.0]]]),
        ([[0.0]], [[[1.0]]]),
    ],
    ids=["indefinite", "not symmetric", "covariance not finite", "mean not finite", "shape"],
)
def test_numbers_that_are_no_beliefs_are_refused_and_change_nothing(mean, covariance):
    beliefs = learned(np.ones((1, 2)), 5, 13)
    before = copy.deepcopy(beliefs)
    with pytest.raises(ValueError, match=r"[a-z]"):
        beliefs.believe(mean, covariance)
    same(beliefs, before)


@pytest.mark.parametrize(
    "make", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_a_copy_learns_by_itself(make):
    beliefs = learned(np.ones((2, 2)), 5, 7)
    before = beliefs.mean.clone()
    double = make(beliefs)
    predicted = double.predict([[1.0, 1.0]])
    double.update([0], [[1.0, 1.0]], True)
    assert torch.equal(beliefs.mean, before)
    assert double.predict([[1.0, 1.0]]) > predicted
    beliefs.update([0], [[1.0, 1.0]], True)
    same(double, beliefs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_gpu_gives_what_the_cpu_gives(dtype):
    prior = np.array([[4.0, 1.0, 0.5, 0.0]] * 6)
    here, there = (Logistic(prior, dtype=dtype, device=d) for d in ("cpu", "cuda"))
    rng = np.random.default_rng(8)
    close = {"rtol": 1e-8, "atol": 1e-8} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-3}
    for _ in range(50):
        phi, passed = np.clip(rng.normal(size=(3, 4)) * 2, -4, 4), rng.random(3) < 0.5
        blocks = rng.permutation(6)[:3]
        for beliefs in (here, there):
            beliefs.update(blocks[:2], phi[:2], bool(passed[0]))
            at = torch.from_numpy(blocks).to(beliefs.mean.device)
            beliefs.update_each(at, torch.from_numpy(phi), passed)
    for name in ("mean", "covariance"):
        torch.testing.assert_close(getattr(there, name).cpu(), getattr(here, name), **close)
    phi = rng.normal(size=(10, 4))
    torch.testing.assert_close(there.predict(phi).cpu(), here.predict(phi), **close)
    draws = there.sample(50_000, torch.Generator("cuda").manual_seed(1)).cpu()
    torch.testing.assert_close(draws.mean(0), here.mean, rtol=0.0, atol=0.05)
    for beliefs in (here, there):
        beliefs.merge(copy.deepcopy(beliefs))
        beliefs.grow(np.full((7, 5), 0.5))
    torch.testing.assert_close(there.covariance.cpu(), here.covariance, **close)
