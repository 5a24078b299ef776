"""CC-UCB: its bounds by hand, its optimism, and that it learns a cascade."""

import math
from dataclasses import replace

import numpy as np
import pytest
from contracts.sampler_contract import SamplerContract
from worlds import chain, diamond, node, outcome

from flexiflow.benchmarks.cascade import draw, excess
from flexiflow.errors import BadInput
from flexiflow.graph import Expression, Graph, Input, Node, Objective, Read
from flexiflow.samplers import UCB, JobState, Random
from flexiflow.samplers.space import Space


class TestUCB(SamplerContract):
    make = UCB


def radius(alpha, total, count):
    return math.sqrt(alpha * math.log(total) / count)


def test_the_bounds_are_those_of_the_formula():
    graph, sampler = chain(3), UCB(alpha=0.1, least=0.05)
    seen = {0: (30, 10, 1.0), 1: (15, 45, 4.0), 2: (9, 1, 8.0)}
    for k, (passes, fails, seconds) in seen.items():
        for n in range(passes + fails):
            sampler.update([outcome(graph, (k,), n < passes, (seconds,))])
    beliefs = sampler.believe(Space(graph), draws=64, seed=0)
    total = 40 + 60 + 10
    upper = [min(p / (p + f) + radius(0.1, total, p + f), 1.0) for p, f, _ in seen.values()]
    lower = [max(s / 8 - radius(0.1, total, p + f), 0.05) * 8 for p, f, s in seen.values()]
    np.testing.assert_allclose(beliefs.passes, [upper])
    np.testing.assert_allclose(beliefs.price, lower)
    assert max(upper) == 1.0
    assert min(lower) == pytest.approx(0.4)
    index = np.array(upper) / np.array(lower)
    decision = sampler.propose([JobState(graph, 0)])[0]
    assert decision.configuration == (int(index.argmax()),)
    assert decision.pass_probability == pytest.approx(upper[index.argmax()])
    assert decision.explain().path_propensity == 1.0


def test_each_node_counts_its_own_runs_and_has_its_own_unit():
    graph, sampler = chain(2, 2), UCB(alpha=0.2, least=0.1)
    for n in range(20):
        sampler.update([outcome(graph, (0, n % 2), n % 4 != 0, (10.0, 0.1 + n % 2))])
    beliefs = sampler.believe(Space(graph), 1, 0)
    low = [max(x - radius(0.2, 20, n), 0.1) for x, n in ((1.0, 20), (0.1 / 1.1, 10), (1.0, 10))]
    np.testing.assert_allclose(beliefs.price[[0, 2, 3]], np.multiply(low, [10.0, 1.1, 1.1]))
    up = [min(x + radius(0.2, 20, n), 1.0) for x, n in ((0.75, 20), (0.5, 10), (1.0, 10))]
    np.testing.assert_allclose(beliefs.passes[0, [0, 2, 3]], up)
    assert beliefs.passes[0, 1] == 1.0


def test_a_candidate_that_raises_is_bounded_by_its_completions_too():
    graph, sampler = chain(2), UCB(alpha=0.1)
    for n in range(40):
        told = outcome(graph, (0,), passed=True)
        if n % 4 == 0:
            failing = told.attempts[0]._replace(kind="exception", version=None)
            told = replace(told, attempts=(failing,), verdicts=())
        sampler.update([told])
    expected = 0.75 + radius(0.1, 40, 40)
    assert sampler.believe(Space(graph), 1, 0).passes[0, 0] == pytest.approx(expected)


def test_what_was_never_tried_comes_first():
    graph, sampler, seen = chain(5), UCB(), []
    for job in range(5):
        decision = sampler.propose([JobState(graph, job)])[0]
        seen.append(decision.configuration[0])
        assert decision.pass_probability == 1.0
        sampler.update([outcome(graph, decision.configuration, passed=True)])
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert sampler.propose([JobState(graph, 5)])[0].price > 1e-3


def test_two_assertions_bound_two_factors():
    graph, sampler = diamond(), UCB(alpha=0.05)
    for n in range(30):
        told = outcome(graph, (0, 0, 0, 0), passed=True)
        verdicts = tuple(v._replace(result=n % (2 + a) != 0) for a, v in enumerate(told.verdicts))
        sampler.update([replace(told, verdicts=verdicts)])
    early, late = 1 / 2 + radius(0.05, 30, 30), 2 / 3 + radius(0.05, 30, 30)
    beliefs = sampler.believe(Space(graph), 1, 0)
    np.testing.assert_allclose(beliefs.passes[0, [0, 2, 4, 6]],
                               [early * late, early * late, late, late])  # fmt: skip


def test_a_declared_cost_is_known_and_not_bounded():
    free, paid = node("n", {"a": str}, "x", cost=0.5), node("n", {"b": repr}, "x", cost=3.0)
    both = Node("n", ("n",), free.candidates + paid.candidates, free.args)
    goal = Objective("cost", Expression("cost", 1, (Read("cost", ""),), abs), -1, 2.0, 1)
    graph = Graph("priced", (Input("x"),), (both,), objectives=(goal,))
    sampler = UCB()
    sampler.update([outcome(graph, (0,), passed=True)])
    np.testing.assert_allclose(sampler.believe(Space(graph), 1, 0).price, [1.0, 6.0])


def test_zero_readings_of_a_timer_leave_the_index_finite():
    graph, sampler = chain(2), UCB()
    for n in range(10):
        sampler.update([outcome(graph, (n % 2,), True, (0.0,))])
    beliefs = sampler.believe(Space(graph), 1, 0)
    assert np.isfinite(beliefs.passes / beliefs.price).all()
    assert (beliefs.price > 0).all()


@pytest.mark.parametrize("declared", [True, False])
def test_it_learns_a_cascade(declared):
    cascade = draw(jobs=600, seed=3)
    ours, random = (excess(s, cascade, declared).cumsum() for s in (UCB(), Random()))
    assert ours[-1] < 0.6 * random[-1]
    # What it pays too much gets less: the second half costs it less than the first.
    assert ours[-1] - ours[299] < ours[299]


@pytest.mark.parametrize(
    ("name", "bad"),
    [("alpha", 0), ("alpha", math.inf), ("alpha", math.nan), ("alpha", "1"), ("alpha", True),
     ("least", 0), ("least", 1.5), ("least", None)],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(name, bad):
    with pytest.raises(BadInput, match=f"{name} must be above 0"):
        UCB(**{name: bad})
