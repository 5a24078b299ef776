"""Epsilon-greedy: who explores, how evenly, and that its propensities are what happens."""

import math
from collections import Counter

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from scipy import stats
from worlds import chain, outcome

from flexiflow.errors import BadInput
from flexiflow.samplers import EpsilonGreedy, Greedy, JobState


class TestEpsilonGreedy(SamplerContract):
    make = EpsilonGreedy


class TestEpsilonGreedyThatExplores(SamplerContract):
    @staticmethod
    def make():
        return EpsilonGreedy(1.0)


def taught(sampler, graph):
    for k in range(24):
        c = tuple(k % len(n.choices) for n in graph.nodes)
        sampler.update([outcome(graph, c, k % 3 != 0, [1.0 + v for v in c])])
    return sampler


def course(sampler, graph, seed, tries):
    """The decisions of one job whose first tries all fail."""
    state, found = JobState(graph, seed), []
    nodes = tuple(range(len(graph.nodes)))
    for _ in range(tries):
        found.append(sampler.propose([state])[0])
        state.present = found[-1].configuration
        state.exclude(nodes, state.present)
    return found


def test_the_share_of_jobs_that_explore_is_epsilon():
    """An exploring job leaves the greedy order with probability 5/6 at its first step."""
    graph = chain(2, 3)
    sampler = taught(EpsilonGreedy(0.3), graph)
    best = taught(Greedy(), graph).propose([JobState(graph, 0)])[0].configuration
    starts = Counter(course(sampler, graph, seed, 1)[0].configuration for seed in range(4000))
    away = sum(count for c, count in starts.items() if c != best)
    assert stats.binomtest(away, 4000, 0.3 * 5 / 6).pvalue > 0.001
    others = [count for c, count in starts.items() if c != best]
    assert len(others) == 5
    assert stats.chisquare(others).pvalue > 0.001


def test_propensities_are_the_frequencies_of_what_happens():
    """Three steps of a job: each one's frequency, given those before it, is as told."""
    graph = chain(2, 2)
    sampler = taught(EpsilonGreedy(0.5), graph)
    told, counts = {}, Counter()
    for seed in range(2500):
        path = ()
        for decision in course(sampler, graph, seed, 3):
            path = (*path, decision.configuration)
            counts[path] += 1
            known = told.setdefault(path, decision.explain())
            assert decision.explain()[:2] == known[:2]
    counts[()] = 2500
    for before in {path[:-1] for path in told}:
        following = [path for path in told if path[:-1] == before]
        chances = [told[path].path_propensity for path in following]
        seen = [counts[path] for path in following]
        assert math.fsum(chances) == pytest.approx(1.0)
        if len(seen) > 1:
            expected = np.array(chances) * counts[before]
            assert stats.chisquare(seen, expected).pvalue > 1e-4
        for node in range(2):
            for choice in range(2):
                agree = [p for p in following if p[-1][node] == choice]
                each = math.fsum(told[p].path_propensity for p in agree)
                assert all(told[p].propensity[node] == pytest.approx(each) for p in agree)


def test_a_job_that_left_the_greedy_order_is_known_to_explore():
    graph = chain(5)
    sampler = taught(EpsilonGreedy(0.2), graph)
    greedy = [d.configuration for d in course(taught(Greedy(), graph), graph, 0, 2)]
    seen = set()
    for seed in range(100):
        first, second = course(sampler, graph, seed, 2)
        if first.configuration != greedy[0]:
            seen.add("left")
            assert second.explain().path_propensity == pytest.approx(1 / 4)
        elif second.configuration == greedy[1]:
            seen.add("stayed")
            explores = (0.2 / 5) / (0.2 / 5 + 0.8)  # by Bayes
            expected = explores / 4 + 1 - explores
            assert second.explain().path_propensity == pytest.approx(expected)
    assert seen == {"left", "stayed"}


def test_an_exploring_decision_tells_what_is_believed_of_its_configuration():
    graph = chain(2, 3)
    greedy, sampler = taught(Greedy(), graph), taught(EpsilonGreedy(1.0), graph)
    for seed in range(20):
        decision = sampler.propose([JobState(graph, seed)])[0]
        state = JobState(graph, seed)
        for v, k in enumerate(decision.configuration):
            state.fixed[v] = k
        expected = greedy.propose([state])[0]
        assert decision.configuration == expected.configuration
        assert decision.pass_probability == pytest.approx(expected.pass_probability)
        assert decision.price == pytest.approx(expected.price)
        assert decision.node_pass == pytest.approx(expected.node_pass)
        assert decision.node_seconds == pytest.approx(expected.node_seconds)


def test_without_epsilon_it_is_greedy():
    graph = chain(3, 2)
    greedy, sampler = taught(Greedy(), graph), taught(EpsilonGreedy(0), graph)
    for seed in range(10):
        for ours, theirs in zip(
            course(sampler, graph, seed, 6), course(greedy, graph, seed, 6), strict=True
        ):
            assert ours.configuration == theirs.configuration
            assert ours.explain() == theirs.explain()


def test_it_explores_a_large_workflow_within_what_is_left():
    graph, sampler = chain(*[6] * 8), EpsilonGreedy(1.0)
    seen = set()
    for seed in range(20):
        state = JobState(graph, seed)
        state.exclude((0,), (3,))
        state.barred.add((7, 0))
        chosen = sampler.propose([state])[0].configuration
        assert chosen[0] != 3
        assert chosen[7] != 0
        seen.add(chosen)
    assert len(seen) == 20


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan"), "often", None, True])
def test_an_epsilon_out_of_range_is_refused(epsilon):
    with pytest.raises(BadInput, match="epsilon must be from 0 to 1"):
        EpsilonGreedy(epsilon)
