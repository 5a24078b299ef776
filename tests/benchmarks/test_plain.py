"""The samplers to compare with: plain Thompson sampling, and one that forgets."""

from collections import Counter

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from scipy import integrate, stats
from worlds import chain, outcome

from flexiflow import BadInput
from flexiflow.benchmarks.discounted import Discounted
from flexiflow.benchmarks.plain import ByConfiguration, ByNode
from flexiflow.samplers import JobState


class Small(SamplerContract):
    """All but the search of large workflows, which these refuse."""

    def test_a_large_workflow_is_searched_to_its_end(self):
        with pytest.raises(BadInput, match="Use Thompson"):
            self.make().propose([JobState(chain(*[6] * 8), seed=3)])


class TestByConfiguration(Small):
    make = ByConfiguration


class TestByNode(Small):
    make = ByNode


class TestDiscounted(SamplerContract):
    make = Discounted


def learned(sampler, graph, tries):
    for configuration, passed in tries:
        sampler.update([outcome(graph, configuration, passed)])
    return sampler


@pytest.mark.parametrize("make", [ByConfiguration, ByNode])
def test_an_arm_is_taken_as_often_as_its_beta_is_the_larger(make):
    graph = chain(2)
    tries = [((0,), k < 5) for k in range(8)] + [((1,), k < 2) for k in range(4)]
    sampler = learned(make(), graph, tries)
    ours, theirs = stats.beta(6, 4), stats.beta(3, 3)
    share = integrate.quad(lambda x: ours.pdf(x) * theirs.cdf(x), 0, 1)[0]
    decisions = [sampler.propose([JobState(graph, seed)])[0] for seed in range(3000)]
    counts = Counter(d.configuration for d in decisions)
    assert counts[(0,)] / 3000 == pytest.approx(share, abs=0.03)
    told = np.mean([d.explain().path_propensity for d in decisions if d.configuration == (0,)])
    assert told == pytest.approx(share, abs=0.05)


def test_configurations_are_arms_of_their_own_and_candidates_share_what_is_seen():
    graph = chain(2, 2)
    tries = [((0, 0), False), ((1, 1), True), ((0, 1), False), ((1, 0), False)] * 50
    whole, parts = learned(ByConfiguration(), graph, tries), learned(ByNode(), graph, tries)
    drawn = {}
    for sampler in (whole, parts):
        states = [JobState(graph, seed) for seed in range(300)]
        sampler.propose(states)
        drawn[sampler] = np.mean([s.draw.mean(axis=0) for s in states], axis=0).reshape(2, 2)
    np.testing.assert_allclose(drawn[whole], [[1 / 52, 1 / 52], [1 / 52, 51 / 52]], atol=0.01)
    first, second = 1 / 102, 51 / 102  # of 100 verdicts on each candidate, 0 or 50 are passes
    expected = np.outer([first, second], [first, second])
    np.testing.assert_allclose(drawn[parts], expected, atol=0.01)


@pytest.mark.parametrize("bad", [{"counts": {"a": [1.0]}}, {"counts": {"a": [-1.0, 2.0]}}])
def test_counts_that_cannot_be_are_refused(bad):
    with pytest.raises(BadInput, match="two counts"):
        ByNode().state = bad


def test_what_was_seen_fades_geometrically():
    graph = chain(1)
    sampler = learned(Discounted(0.9), graph, [((0,), True)] * 20)
    kept = (1 - 0.9**20) / (1 - 0.9)
    np.testing.assert_allclose(sampler.passes.table.sums, [[kept, 0.0]])
    sampler.update([outcome(graph, (0,), False, teaches=False)])
    np.testing.assert_allclose(sampler.passes.table.sums, [[kept, 0.0]])


@pytest.mark.parametrize("discount", [0.0, 1.5, "much"])
def test_a_discount_out_of_range_is_refused(discount):
    with pytest.raises(BadInput, match="discount"):
        Discounted(discount)
