"""Node-level Thompson sampling against brute force, and that it learns."""

import itertools
from collections import Counter

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from worlds import chain, diamond, node, outcome

from flexiflow.errors import BadInput
from flexiflow.graph import Expression, Graph, Input, Node, Objective, Read
from flexiflow.samplers import JobState, Thompson
from flexiflow.samplers.space import Space


class TestThompson(SamplerContract):
    make = Thompson


def learned(graph, good, seconds, rounds=60):
    """A sampler that has seen every configuration ``rounds`` times; ``good`` ones pass."""
    sampler = Thompson()
    for c in itertools.product(*[range(len(n.choices)) for n in graph.nodes]):
        for _ in range(rounds):
            sampler.update([outcome(graph, c, good(c), seconds(c))])
    return sampler


@pytest.mark.parametrize("graph", [chain(3, 2, 2), diamond()])
def test_a_decision_is_the_brute_force_optimum_of_its_own_draw(graph):
    rng = np.random.default_rng(0)
    sampler = Thompson()
    space = Space(graph)
    for _ in range(40):
        c = tuple(int(rng.integers(len(n.choices))) for n in graph.nodes)
        sampler.update([outcome(graph, c, bool(rng.integers(2)), rng.exponential(size=len(c)))])
    for seed in range(20):
        state = JobState(graph, seed)
        first = sampler.propose([state])[0]
        block, picked = state.draw
        passes, price = block.beliefs.passes[picked], block.beliefs.price
        lineage = graph.lineage
        state.known = [set() for _ in graph.nodes]
        state.known[0].add((first.configuration[0],))
        state.known[1].add(tuple(first.configuration[v] for v in lineage[1]))
        state.exclude(tuple(range(len(first.configuration))), first.configuration)
        state.exclude((0, 1), ((first.configuration[0] + 1) % 2, 0))
        second = sampler.propose([state])[0]

        def index(c, paid, passes=passes, price=price, lineage=lineage):
            rows = [space.offsets[v] + k for v, k in enumerate(c)]
            due = sum(
                price[r]
                for v, r in enumerate(rows)
                if tuple(c[u] for u in lineage[v]) not in paid[v]
            )
            return np.prod([passes[r] for r in rows]) / due

        every = list(itertools.product(*[range(s) for s in space.sizes]))
        nothing = [set() for _ in graph.nodes]
        assert first.configuration == max(every, key=lambda c: index(c, nothing))
        left = [
            c for c in every
            if c != first.configuration and c[:2] != ((first.configuration[0] + 1) % 2, 0)
        ]  # fmt: skip
        assert second.configuration == max(left, key=lambda c: index(c, state.known))


def test_it_prefers_what_passes_and_then_what_is_quick():
    graph = chain(3)
    sampler = learned(graph, lambda c: c[0] != 0, lambda c: (5.0 if c[0] == 1 else 1.0,))
    chosen = Counter(sampler.propose([JobState(graph, s)])[0].configuration for s in range(200))
    assert chosen[(2,)] == 200


def test_upstream_work_that_is_paid_for_makes_its_branch_cheap():
    graph = chain(2, 2)
    sampler = learned(graph, lambda c: True, lambda c: (10.0, 1.0))
    state = JobState(graph, seed=1)
    state.exclude((0, 1), (0, 0))
    state.known = [{(0,)}, {(0, 0)}]
    decision = sampler.propose([state])[0]
    assert decision.configuration == (0, 1)
    assert decision.price == pytest.approx(1.0, rel=0.01)


def test_the_propensity_is_the_share_of_draws_that_choose_the_same():
    graph, sampler = chain(3), Thompson()
    for _ in range(30):
        for k, passed in enumerate((True, True, False)):
            sampler.update([outcome(graph, (k,), passed)])
    told = {}
    counts = Counter()
    for seed in range(4000):
        decision = sampler.propose([JobState(graph, seed)])[0]
        counts[decision.configuration] += 1
        told[decision.configuration] = decision.explain().path_propensity
    for configuration, count in counts.items():
        assert count / 4000 == pytest.approx(told[configuration], abs=0.03)
    assert sum(told.values()) == pytest.approx(1.0)


def test_exceptions_count_against_completing_and_not_against_the_assertion():
    graph = chain(2)
    sampler = Thompson()
    ok = outcome(graph, (0,), passed=True)
    broken = outcome(graph, (1,), passed=True)
    failing = broken.attempts[0]._replace(kind="exception", version=None)
    for _ in range(20):
        sampler.update([ok])
        sampler.update([type(broken)(broken.job, (failing,), ())])
    beliefs = sampler.believe(Space(graph), 500, seed=0)
    assert beliefs.passes[:, 0].mean() > 0.8
    assert beliefs.passes[:, 1].max() < 0.2


def test_unavailable_and_memo_hits_teach_nothing():
    graph, sampler = chain(2), Thompson()
    before = sampler.state
    seen = outcome(graph, (0,), passed=True)
    away = seen.attempts[0]._replace(kind="unavailable", version=None)
    memo = seen.attempts[0]._replace(memo=True)
    sampler.update([type(seen)(seen.job, (away, memo), ())])
    assert sampler.state["completes"] == before["completes"]
    assert sampler.state["seconds"] == before["seconds"]


def test_a_candidate_that_breaks_is_dropped():
    graph, sampler = chain(2), Thompson()

    def quick(c):
        return (1.0 if c == 0 else 1.5,)

    for k in range(100):
        sampler.update([outcome(graph, (k % 2,), True, quick(k % 2))])
    early = sum(sampler.propose([JobState(graph, s)])[0].configuration == (0,) for s in range(50))
    for _ in range(150):
        sampler.update([outcome(graph, (0,), False, quick(0))])
    late = sum(sampler.propose([JobState(graph, s)])[0].configuration == (0,) for s in range(50))
    assert early >= 48
    assert late <= 2


def test_the_price_weighs_seconds_and_declared_cost_as_stated():
    free, paid = node("n", {"free": str}, "x"), node("n", {"paid": repr}, "x", cost=3.0)
    both = Node("n", ("n",), free.candidates + paid.candidates, free.args)

    def weighed(word, weight):
        return Objective(word, Expression(word, 1, (Read(word, ""),), abs), -1, weight, 1)

    goals = (weighed("runtime", 2.0), weighed("cost", 0.5))
    graph = Graph("priced", (Input("x"),), (both,), objectives=goals)
    price = Thompson().believe(Space(graph), 1, 0).price
    np.testing.assert_allclose(price, [2.0 * 1.0, 2.0 * 1.0 + 0.5 * 3.0])


@pytest.mark.parametrize("temperature", [0, -1, 2])
def test_a_temperature_out_of_range_is_refused(temperature):
    with pytest.raises(BadInput, match="temperature"):
        Thompson(temperature)
