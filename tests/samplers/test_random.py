from collections import Counter

from contracts.sampler_contract import SamplerContract
from scipy import stats
from worlds import chain

from flexiflow.samplers import JobState, Random


class TestRandom(SamplerContract):
    make = Random


def test_all_that_is_left_is_equally_likely():
    graph, sampler = chain(2, 3), Random()
    counts = Counter()
    for seed in range(3000):
        state = JobState(graph, seed)
        state.exclude((0, 1), (0, 0))
        decision = sampler.propose([state])[0]
        assert decision.explain().path_propensity == 0.2
        counts[decision.configuration] += 1
    assert len(counts) == 5
    assert stats.chisquare(list(counts.values())).pvalue > 0.001
