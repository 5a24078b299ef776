"""KL-UCB: its bounds against a root finder, and that it learns a cascade."""

import math

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats
from worlds import chain, outcome

from flexiflow.benchmarks.cascade import draw, excess
from flexiflow.errors import BadInput
from flexiflow.samplers import KLUCB, UCB, JobState, Random
from flexiflow.samplers.kl_ucb import kl, kl_upper
from flexiflow.samplers.space import Space


class TestKLUCB(SamplerContract):
    make = KLUCB


def divergence(p, q):
    return float(special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q))


def root(p, budget):
    """The upper bound by Brent's method."""
    top = math.nextafter(1.0, 0.0)
    if p >= top or divergence(p, top) <= budget:
        return 1.0
    if budget == 0.0:
        return p
    return optimize.brentq(lambda q: divergence(p, q) - budget, p, top, xtol=1e-15)


shares = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1e-9, 0.5, 1 - 1e-9, 1.0]))


@given(st.lists(st.tuples(shares, st.floats(0, 20)), min_size=1, max_size=8))
def test_the_bound_is_the_root_that_brent_finds(cases):
    p, budget = np.array(cases).T
    found = kl_upper(p, budget)
    np.testing.assert_allclose(found, [root(*c) for c in cases], rtol=1e-9, atol=1e-7)
    assert (found >= p).all()
    assert (found <= 1).all()
    # Tighter than the bound of Hoeffding, by Pinsker's inequality.
    assert (found <= p + np.sqrt(budget / 2) + 1e-12).all()


def test_the_bound_is_exact_over_the_usual_range():
    p = np.repeat(np.linspace(0.0, 0.98, 15), 20)
    budget = np.tile(np.geomspace(1e-4, 3.0, 20), 15)
    expected = [root(*c) for c in zip(p.tolist(), budget.tolist(), strict=True)]
    np.testing.assert_allclose(kl_upper(p, budget), expected, atol=1e-11)


def test_the_divergence_is_that_of_scipy():
    p, q = np.array([0.0, 0.2, 0.9, 1.0]), np.array([0.3, 0.3, 0.3, 0.3])
    for ours, a, b in zip(kl(p, q), p, q, strict=True):
        assert ours == pytest.approx(stats.entropy([a, 1 - a], [b, 1 - b]))


def test_both_bounds_of_a_candidate_are_roots():
    graph, sampler = chain(3), KLUCB(c=3.0, least=0.001)
    seen = {0: (30, 10, 1.0), 1: (15, 45, 4.0)}
    for k, (passes, fails, seconds) in seen.items():
        for n in range(passes + fails):
            sampler.update([outcome(graph, (k,), n < passes, (seconds,))])
    beliefs = sampler.believe(Space(graph), draws=64, seed=0)
    level = math.log(100) + 3 * math.log(math.log(100))
    upper = [root(p / (p + f), level / (p + f)) for p, f, _ in seen.values()]
    lower = [(1 - root(1 - s / 4, level / (p + f))) * 4 for p, f, s in seen.values()]
    np.testing.assert_allclose(beliefs.passes, [[*upper, 1.0]])
    np.testing.assert_allclose(beliefs.price[:2], lower)
    assert sampler.propose([JobState(graph, 0)])[0].configuration == (2,)


@pytest.mark.parametrize("declared", [True, False])
def test_it_learns_a_cascade_faster_than_ucb(declared):
    cascade = draw(jobs=600, seed=3)
    ours, ucb, random = (
        excess(s, cascade, declared).cumsum()[-1] for s in (KLUCB(), UCB(), Random())
    )
    assert ours < ucb
    assert ours < 0.3 * random


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("c", -1, "c must be 0 or more"),
        ("c", math.nan, "c must be 0 or more"),
        ("least", 0, "least must be above 0"),
    ],
)
def test_parameters_out_of_range_are_refused(name, bad, message):
    with pytest.raises(BadInput, match=message):
        KLUCB(**{name: bad})
