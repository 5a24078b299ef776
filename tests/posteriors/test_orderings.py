"""Orders against brute force over all of them, and chances of orders against integrals."""

import itertools

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from flexiflow.posteriors.orderings import ordering, orderings, tensor_orderings

JOBS = 20_000
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def one_by_one(betas, price, jobs, seed):
    rng = np.random.default_rng(seed)
    return np.array([ordering(betas, price, rng) for _ in range(jobs)])


def in_numpy(betas, price, jobs, seed):
    return orderings(betas, price, jobs, np.random.default_rng(seed))


def in_torch(betas, price, jobs, seed, device="cpu", dtype=torch.float64):
    generator = torch.Generator(device).manual_seed(seed)
    tables = (torch.tensor(x, dtype=dtype, device=device) for x in (betas, price))
    return tensor_orderings(*tables, jobs, generator).cpu().numpy()


every_way = pytest.mark.parametrize("draw", [one_by_one, in_numpy, in_torch])


def expected_price(order, chance, price):
    """Of trying candidates in order until one passes."""
    paid, reached = 0.0, 1.0
    for k in order:
        paid += reached * price[k]
        reached *= 1.0 - chance[k]
    return paid


def first_chance(betas, price):
    """P(p_0 / price_0 > p_1 / price_1) by integration over p_0."""
    (a0, a1), (b0, b1) = betas
    value, _ = integrate.quad(
        lambda x: stats.beta.pdf(x, a0, b0) * stats.beta.cdf(x * price[1] / price[0], a1, b1),
        0, 1, points=[min(price[0] / price[1], 1.0)], limit=200,
    )  # fmt: skip
    return value


@every_way
@pytest.mark.parametrize("seed", range(3))
def test_known_chances_give_the_order_that_costs_least(draw, seed):
    rng = np.random.default_rng(seed)
    chance, price = rng.uniform(0.05, 0.95, 6), rng.uniform(0.5, 5.0, 6)
    best = min(
        itertools.permutations(range(6)), key=lambda order: expected_price(order, chance, price)
    )
    found = draw(1e10 * np.stack([chance, 1.0 - chance]), price, 5, seed)
    assert found.tolist() == [list(best)] * 5


@every_way
@pytest.mark.parametrize(
    ("betas", "price"),
    [
        ([[3.0, 8.0], [2.0, 9.0]], [1.0, 0.7]),
        ([[1.0, 1.0], [1.0, 2.5]], [2.0, 1.0]),
        ([[0.3, 2.0], [0.2, 2.0]], [1.0, 1.0]),
        ([[120.0, 90.0], [40.0, 60.0]], [1.2, 1.0]),
    ],
    ids=["some counts", "the prior", "shapes below 1", "many counts"],
)
def test_each_comes_first_as_often_as_its_draw_is_better(draw, betas, price):
    jobs = JOBS // 4 if draw is one_by_one else JOBS
    found = draw(np.array(betas), np.array(price), jobs, 1)
    expected = first_chance(betas, price)
    error = (expected * (1.0 - expected) / jobs) ** 0.5
    assert (found[:, 0] == 0).mean() == pytest.approx(expected, abs=4.5 * error)


@every_way
@pytest.mark.parametrize("scale", [0.05, 1.0, 1e6])
def test_every_job_has_a_whole_order_whatever_the_counts(draw, scale):
    betas = scale * np.random.default_rng(2).uniform(1.0, 2.0, (2, 20))
    found = draw(betas, np.ones(20), 500, 3)
    assert (np.sort(found, axis=1) == np.arange(20)).all()
    assert len(np.unique(found, axis=0)) > 1


@every_way
def test_the_same_seed_gives_the_same_orders(draw):
    betas, price = np.full((2, 5), 2.0), np.ones(5)
    first, again, other = (draw(betas, price, 50, seed) for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_jobs_may_have_beliefs_and_prices_of_their_own():
    chance = torch.tensor([[0.2, 0.8], [0.8, 0.2], [0.2, 0.8]], dtype=torch.float64)
    betas = 1e10 * torch.stack([chance, 1.0 - chance])
    price = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 9.0]])
    assert tensor_orderings(betas, price, 3).tolist() == [[1, 0], [0, 1], [0, 1]]


@needs_cuda
def test_a_gpu_orders_as_a_cpu_does():
    betas, price = [[3.0, 8.0], [2.0, 9.0]], [1.0, 0.7]
    found = in_torch(betas, price, JOBS, 6, "cuda", torch.float32)
    expected = first_chance(betas, price)
    assert (found[:, 0] == 0).mean() == pytest.approx(expected, abs=0.02)
