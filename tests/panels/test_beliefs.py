"""What is believed, against closed forms, brute force and what the samplers really do."""

import copy
import itertools
import threading

import numpy as np
import pytest
from watched import clock, watched
from worlds import chain, outcome

from flexiflow import Fixed, Greedy, Hybrid, Random, Thompson
from flexiflow.panels.beliefs import read
from flexiflow.panels.places import Places
from flexiflow.panels.tally import Tally
from flexiflow.samplers import JobState
from flexiflow.samplers.counting import FIRST
from flexiflow.samplers.moment import Moment
from flexiflow.samplers.tuning import Tuning


def taught(sampler, graph, many=200, seed=0, even=False):
    """A sampler that has learned; passes depend on every node's candidate."""
    rng, tally = np.random.default_rng(seed), Tally(Places(graph))
    for j in range(many):
        choice = [int(rng.integers(len(n.choices))) for n in graph.nodes]
        chance = np.prod([0.5 + 0.45 * k / (len(n.choices) - 1 or 1)
                          for k, n in zip(choice, graph.nodes, strict=True)])  # fmt: skip
        made = outcome(
            graph, choice, bool(rng.random() < chance), [1.0 + k * (not even) for k in choice]
        )
        sampler.propose([JobState(graph, j)])
        sampler.update([made])
        tally.add(made)
    return tally.counts


def test_counted_beliefs_are_the_products_of_their_betas():
    graph, sampler = chain(2, 3), Thompson()
    told = read(sampler, Places(graph), taught(sampler, graph))
    at = 0
    for node in graph.nodes:
        for c in node.candidates:
            keys = [(graph.name, node.name, c.fingerprint)]
            a, b = sampler.completes.parameters(sampler.completes.table.rows(keys))
            judged = [(graph.name, graph.assertions[0].fingerprint, node.name, c.fingerprint)]
            p, q = sampler.passes.parameters(sampler.passes.table.rows(judged))
            assert told.passes[at, 0] == pytest.approx((a / (a + b) * p / (p + q)).item(), abs=1e-6)
            drawn = np.random.default_rng(0)
            product = drawn.beta(a, b, 40_000) * drawn.beta(p, q, 40_000)
            np.testing.assert_allclose(
                told.passes[at, 1:], np.quantile(product, [0.1, 0.9]), atol=0.01
            )
            at += 1


def test_one_node_of_the_hybrid_has_the_counting_expert_in_closed_form():
    graph = chain(3)
    sampler = Hybrid(Tuning(prior=(1e-9, 1.0, 1e-9, 1e-9), rate=1e-9, share=1e-9))
    told = read(sampler, Places(graph), taught(sampler, graph))
    known = sampler.about(graph.name)
    (passing,) = known.passing.values()
    for k, c in enumerate(graph.nodes[0].candidates):
        row = passing.members["n0", c.fingerprint]
        lost, won = passing.counted.members[FIRST, row]
        hoped = passing.counted.hoped()[FIRST, row]
        s = passing.counted.strength
        a, b = known.completes.parameters(known.completes.table.rows([("n0", c.fingerprint)]))
        mean = (s * hoped + won) / (s + won + lost) * (a / (a + b)).item()
        assert told.passes[k, 0] == pytest.approx(mean, abs=1e-6)


def test_several_nodes_of_the_hybrid_have_the_joint_models_marginal():
    graph = chain(2, 3)
    tuning = Tuning(tempered=1.0, tempered_counts=1.0, draws=512)
    sampler = Hybrid(tuning)
    told = read(sampler, Places(graph), taught(sampler, graph, 150))
    whole = Hybrid(tuning)  # the same beliefs, and many draws of them by the sampler itself
    whole.state = sampler.state
    whole.propose([JobState(graph, 5)])
    block = whole.block(graph)
    moment = Moment.begin(block, 0, JobState(graph, 5))
    every = block.space.everything
    scores = moment.index(slice(None), every, None).passes.mean(axis=0)
    (passing,) = whole.about(graph.name).passing.values()
    used = passing.counted.members.sum(axis=(0, 2)) + 1.0
    for at in range(5):
        v, k = (0, at) if at < 2 else (1, at - 2)
        u = 1 - v
        rows = [passing.members[graph.nodes[u].name, c.fingerprint]
                for c in graph.nodes[u].candidates]  # fmt: skip
        weights = used[rows][every[:, u]] * (every[:, v] == k)
        wanted = (scores * weights).sum() / weights.sum()
        assert told.passes[at, 0] == pytest.approx(wanted, abs=0.03)
    assert np.isnan(told.context).all()


@pytest.mark.parametrize("make", [Hybrid, Thompson])
def test_parts_multiply_to_the_chance_of_a_configuration(make):
    graph, sampler = chain(2, 3), make()
    told = read(sampler, Places(graph), taught(sampler, graph, 3000))
    mean = told.part[:, 0]
    for one, other in itertools.product(range(2), range(3)):
        truth = (0.5 + 0.45 * one) * (0.5 + 0.225 * other)
        assert mean[one] * mean[2 + other] == pytest.approx(truth, abs=0.06)
    assert (told.part[:, 1] > 0).all()
    alone = read(make(), Places(chain(3)), np.zeros((3, 5)))
    np.testing.assert_allclose(alone.part[:, 0], alone.passes[:, 0], atol=1e-6)


def test_an_interval_of_the_hybrid_shrinks_with_evidence():
    graph, wide = chain(3), []
    for many in (20, 1000):
        sampler = Hybrid()
        told = read(sampler, Places(graph), taught(sampler, graph, many))
        wide.append(told.passes[:, 2] - told.passes[:, 1])
        assert (told.passes[:, 1] < told.passes[:, 0]).all()
        assert (told.passes[:, 0] < told.passes[:, 2]).all()
    assert (wide[1] < 0.6 * wide[0]).all()


@pytest.mark.parametrize("make", [Fixed, Random])
def test_without_beliefs_the_attempts_in_the_log_are_counted(make):
    graph, sampler = chain(2), make()
    counts = np.array([[8.0, 2.0, 10.0, 20.0, 60.0], [0.0] * 5])
    told = read(sampler, Places(graph), counts)
    np.testing.assert_allclose(told.a, [9.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(told.b, [3.0, 1.0], rtol=1e-6)
    assert told.seconds[0, 0] == 2.0
    assert np.isnan(told.seconds[1]).all()
    assert sorted(told.order[0]) == [0, 1]


def test_a_fixed_order_is_shown_as_it_is():
    graph = chain(3)
    sampler = Fixed([{"n0": "n0c1"}])
    assert read(sampler, Places(graph), np.zeros((3, 5))).order == [[1, 0, 2]]


@pytest.mark.parametrize("make", [Hybrid, Thompson, Greedy])
def test_the_order_is_led_by_what_the_sampler_proposes_most(make):
    graph, sampler = chain(3, 2), make()
    told = read(sampler, Places(graph), taught(sampler, graph, 400, even=True))
    found = [sampler.propose([JobState(graph, s)])[0].configuration for s in range(64)]
    for v in range(2):
        most = np.bincount([c[v] for c in found]).argmax()
        assert told.order[v][0] == most
        assert sorted(told.order[v]) == list(range((3, 2)[v]))


def test_what_is_pinned_is_first_and_what_is_banned_last():
    graph, sampler = chain(4, 2), Hybrid()
    told = read(sampler, Places(graph), taught(sampler, graph, 100))
    first, second, third, last = told.order[0]
    names = [c.name for c in graph.nodes[0].candidates]
    steered = told.steered({"n0": names[last]}, {"n0": [names[first]]})
    assert steered.order == [[last, second, third, first], told.order[1]]
    assert told.steered({}, {"n0": [names[second], names[first]]}).order[0] == [
        third, last, first, second,
    ]  # fmt: skip
    assert told.steered({}, {}).order == told.order


def test_a_pin_shows_at_once_though_no_job_has_run_since():
    it, run, _, _ = watched(30)
    watch = run.watch
    everything, mark = watch.begin()
    last = everything["beliefs"][1]["order"][-1]
    it.pin("b", f"b{last + 1}")
    fresh, mark = watch.changes(mark)
    assert fresh["beliefs"]["1"]["order"][0] == last
    it.pin("b", None)
    it.ban("b", f"b{fresh['beliefs']['1']['order'][1] + 1}")
    assert watch.changes(mark)[0]["beliefs"]["1"]["order"][-1] == fresh["beliefs"]["1"]["order"][1]


@pytest.mark.parametrize("make", [Hybrid, Thompson])
def test_a_block_can_be_looked_at_once_there_is_one(make):
    graph, sampler = chain(3), make()
    assert sampler.block(graph) is None
    state = JobState(graph, 0)
    sampler.propose([state])
    assert sampler.block(graph).space.graph is graph
    assert sampler.block(graph) is sampler.block(graph)
    assert sampler.block(chain(4)) is None


def test_seconds_are_the_samplers_with_an_interval_that_shrinks():
    graph, sampler = chain(2), Thompson()
    counts = taught(sampler, graph, 100)
    told = read(sampler, Places(graph), counts)
    np.testing.assert_allclose(told.seconds[:, 0], [1.0, 2.0], atol=0.1)
    assert (told.seconds[:, 1] <= told.seconds[:, 0]).all()
    assert (told.seconds[:, 2] >= told.seconds[:, 0]).all()


@pytest.mark.parametrize("make", [Hybrid, Thompson, Random])
def test_looking_changes_nothing(make):
    def run(looks):
        it, found = watched(0, sampler=make())[0], []

        def look(outcome):
            found.append((outcome.job.configuration, [a.propensity for a in outcome.attempts]))
            if looks:
                read(it.sampler, Places(it.graph), np.zeros((5, 5)), [outcome.job.context])

        if looks:
            read(it.sampler, Places(it.graph), np.zeros((5, 5)))
        it.run([{"x": k} for k in range(60)], seed=3, clock=clock, on_outcome=look)
        return found

    assert run(True) == run(False)


def test_context_is_told_where_it_is_used():
    it, _, watch, _ = watched(60)
    told = watch.beliefs()
    (passing,) = [p for k, p in it.sampler.about(it.name).passing.items() if len(k) == 3]
    np.testing.assert_allclose(told.context, passing.weights[0, 0], atol=1e-6)


def test_the_lock_is_held_while_numbers_are_copied_only():
    graph, sampler, held = chain(2), Hybrid(), []
    counts = taught(sampler, graph, 20)

    class Guard:
        def __init__(self):
            self.lock = threading.Lock()

        def __enter__(self):
            self.lock.acquire()
            held.append(copy.deepcopy(sampler.state))

        def __exit__(self, *_):
            self.lock.release()

    guard = Guard()
    read(sampler, Places(graph), counts, lock=guard)
    assert len(held) == 1
    assert not guard.lock.locked()
    assert held[0]["workflows"].keys() == sampler.state["workflows"].keys()


def test_a_large_workflow_is_read_without_listing_it():
    graph, sampler = chain(*[6] * 8), Hybrid()
    sampler.propose([JobState(graph, 0)])
    sampler.update([outcome(graph, (0,) * 8, True)])
    told = read(sampler, Places(graph), np.zeros((48, 5)))
    assert [sorted(order) for order in told.order] == [list(range(6))] * 8
    assert np.isfinite(told.passes).all()
