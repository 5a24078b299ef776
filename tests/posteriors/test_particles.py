"""States and their weights against the enumeration of one item at a time."""

import itertools

import numpy as np
import pytest
import torch

from flexiflow.posteriors.particles import reweighed, states_of
from flexiflow.samplers.blame import Item

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def drawn(candidates, items, seed):
    """Chances to be good, three judged configurations of two nodes an item, and verdicts."""
    rng = np.random.default_rng(seed)
    half = candidates // 2
    judged = np.stack(
        [rng.integers(half, size=(items, 3)), half + rng.integers(half, size=(items, 3))], axis=2
    )
    verdicts = rng.integers(-1, 2, size=(items, 3))
    return rng.uniform(0.1, 0.9, candidates), judged, verdicts


def one_by_one(good, judged, verdicts):
    """P(candidate good) of each item by enumeration, `(items, candidates)`."""
    found = []
    for configurations, results in zip(judged, verdicts, strict=True):
        item = Item(good)
        for rows, result in zip(configurations, results, strict=True):
            if result:
                item.verdict(tuple(rows.tolist()), passed=bool(result > 0))
        found.append(item.marginals())
    return np.array(found)


def at_once(good, judged, verdicts, most, device="cpu", dtype=torch.float64):
    """The same by shared states, and how many equal particles each item's weights are worth."""
    generator = torch.Generator(device).manual_seed(0)
    states, weights = states_of(torch.tensor(good, dtype=dtype, device=device), most, generator)
    given = (torch.tensor(x, device=device) for x in (judged, verdicts))
    found = reweighed(states, weights, *given)
    worth = 1.0 / (found**2).sum(dim=1)
    return (found @ states.to(weights)).cpu().numpy(), worth.cpu().numpy()


def test_few_candidates_are_enumerated_with_the_product_of_their_chances():
    good = [0.9, 0.2, 0.5]
    states, weights = states_of(torch.tensor(good, dtype=torch.float64))
    assert sorted(states.tolist()) == [list(s) for s in itertools.product([False, True], repeat=3)]
    for state, weight in zip(states.tolist(), weights.tolist(), strict=True):
        each = [p if held else 1.0 - p for p, held in zip(good, state, strict=True)]
        assert weight == pytest.approx(np.prod(each))


def test_enumerated_states_agree_with_one_item_at_a_time():
    given = drawn(8, 40, 1)
    assert at_once(*given, most=256)[0] == pytest.approx(one_by_one(*given), abs=1e-12)


def test_particles_agree_with_the_enumeration_up_to_chance():
    given = drawn(12, 40, 2)
    (found, worth), exact = at_once(*given, most=4000), one_by_one(*given)
    error = np.sqrt(exact * (1.0 - exact) / worth[:, None])
    assert (np.abs(found - exact) < 5.0 * error + 0.01).all()
    assert np.median(error) < 0.02
    assert np.abs(exact - given[0]).mean() > 0.05  # the verdicts did say something


def test_no_verdict_changes_nothing():
    good, judged, verdicts = drawn(6, 5, 3)
    found, _ = at_once(good, judged, 0 * verdicts, most=64)
    assert found == pytest.approx(np.tile(good, (5, 1)))


def test_the_error_rates_count():
    """By Bayes for one candidate: P(good | fail) = g f / (g f + (1 - g) (1 - e))."""
    states, weights = states_of(torch.tensor([0.6], dtype=torch.float64))
    judged, fails = torch.zeros((1, 1, 1), dtype=torch.int64), torch.tensor([[-1]])
    found = reweighed(states, weights, judged, fails, false_pass=0.3, false_fail=0.25)
    good = 0.6 * 0.25
    assert found[0, states[:, 0]].item() == pytest.approx(good / (good + 0.4 * 0.7))


def test_many_verdicts_leave_weights_that_sum_to_one():
    states, weights = states_of(torch.full((20,), 0.5), 256, torch.Generator().manual_seed(1))
    judged = torch.randint(20, (10, 400, 3), generator=torch.Generator().manual_seed(2))
    found = reweighed(states, weights, judged, torch.where(judged[..., 0] < 10, -1, 1))
    assert found.shape == (10, 256)
    assert bool(found.isfinite().all())
    assert found.sum(dim=1).tolist() == pytest.approx([1.0] * 10, abs=1e-5)


@needs_cuda
def test_a_gpu_agrees_with_a_cpu():
    given = drawn(8, 40, 4)
    found, _ = at_once(*given, most=256, device="cuda", dtype=torch.float32)
    assert found == pytest.approx(one_by_one(*given), abs=1e-4)
