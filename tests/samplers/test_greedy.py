"""Greedy takes the best mean per price and never looks back."""

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from worlds import chain, outcome

from flexiflow.samplers import Greedy, JobState
from flexiflow.samplers.space import Space


class TestGreedy(SamplerContract):
    make = Greedy


def test_its_index_is_the_posterior_mean_per_price():
    graph, sampler = chain(3), Greedy()
    seen = {0: (7, 3, 1.0), 1: (2, 6, 0.5), 2: (0, 0, 0.0)}
    for k, (passes, fails, seconds) in seen.items():
        for n in range(passes + fails):
            sampler.update([outcome(graph, (k,), n < passes, (seconds,))])
    beliefs = sampler.believe(Space(graph), draws=64, seed=1)
    pooled = [(2 + 1) / (8 + 2), (7 + 1) / (10 + 2), (9 + 1) / (18 + 2)]
    holds = [(7 + 2 * pooled[0]) / 12, (2 + 2 * pooled[1]) / 10, pooled[2]]
    ran = [(2 * (n_others + 1.9) / (n_others + 2) + n) / (n + 2)
           for n, n_others in ((10, 8), (8, 10), (0, 18))]  # fmt: skip
    np.testing.assert_allclose(beliefs.passes, [np.multiply(holds, ran)])
    np.testing.assert_allclose(beliefs.price, [(10 + 0.5) / 11, (4 + 1.0) / 9, 14 / 18])
    index = beliefs.passes[0] / beliefs.price
    decision = sampler.propose([JobState(graph, seed=5)])[0]
    assert decision.configuration == (int(index.argmax()),)
    assert decision.explain().path_propensity == 1.0
    assert decision.explain().orders == (tuple((-index).argsort().tolist()),)


def test_it_locks_in_on_what_passed_first():
    """Candidate 1 always passes and 0 on 6 jobs of 10, but 1 failed once at the start."""
    graph, sampler = chain(2), Greedy()
    sampler.update([outcome(graph, (1,), passed=False)])
    for job in range(200):
        decision = sampler.propose([JobState(graph, job)])[0]
        assert decision.configuration == (0,)
        sampler.update([outcome(graph, (0,), passed=job % 10 < 6)])


@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_nothing_is_left_to_chance(seed):
    graph, sampler = chain(2, 3), Greedy()
    for k in range(12):
        sampler.update([outcome(graph, (k % 2, k % 3), k % 3 == 2)])
    assert sampler.propose([JobState(graph, seed)])[0].configuration[1] == 2
