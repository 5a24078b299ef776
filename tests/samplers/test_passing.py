"""One assertion's pass model: how its experts are weighed and joined."""

import copy
import itertools
import json
import math

import numpy as np
import pytest

from flexiflow.samplers.context import Context
from flexiflow.samplers.counting import FIRST, LATER
from flexiflow.samplers.merging import merge
from flexiflow.samplers.passing import (
    BLAMED,
    CONTEXTUAL,
    COUNTED,
    RECENT,
    Features,
    Passing,
    load_passing,
    state_of,
)
from flexiflow.samplers.tuning import Tuning

EVEN = Tuning(prior=(0.25, 0.25, 0.25, 0.25))
NOTHING = Features(np.zeros(0), np.zeros(0))


class World:
    """Verdicts on one candidate of one node, with numbers known of each job."""

    def __init__(self, tuning, features, seed):
        self.model, self.context = Passing(("n",), tuning), Context(tuning.fourier)
        self.row = self.model.member("n", "a")
        self.rng, self.features = np.random.default_rng(seed), features

    def weights_over(self, jobs, chance):
        found = []
        for k in range(jobs):
            x = {f"x{i}": v for i, v in enumerate(self.rng.normal(size=self.features).tolist())}
            self.context.learn(x)
            encoded = self.context.encode(x)
            job = Features(encoded, self.context.bend(encoded))
            passed = bool(self.rng.random() < chance(k, x))
            self.model.learn(self.model.case(), (self.row,), job, passed)
            found.append(self.model.weights[self.row].copy())
        return np.array(found)


def chain_model(tuning=EVEN):
    """Two nodes with two candidates each; rows 0, 1 and 2, 3."""
    model = Passing(("a", "b"), tuning)
    for node, name in itertools.product("ab", "xy"):
        model.member(node, name)
    return model


CONFIGURATIONS = [(0, 2), (0, 3), (1, 2), (1, 3)]


def some_jobs(model, n, seed):
    """Jobs of one to three verdicts on a model of two nodes."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        case, tried = model.case(), []
        for k in rng.permutation(4)[: rng.integers(1, 4)]:
            rows, passed = CONFIGURATIONS[k], bool(rng.random() < 0.2 + 0.2 * k)
            model.learn(case, rows, NOTHING, passed)
            tried += rows
            if not passed:
                chosen = [name for name, row in model.members.items() if row in rows]
                model.fail(case, dict(chosen))
        model.ended(case, tried)


@pytest.mark.parametrize("seed", range(3))
def test_context_gains_where_it_predicts(seed):
    found = World(EVEN, 4, seed).weights_over(200, lambda k, x: 0.1 + 0.85 * (x["x0"] > 0))
    assert found[-1, CONTEXTUAL] > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_counts_gain_where_nothing_is_known_of_the_job_that_tells(seed):
    found = World(EVEN, 20, seed).weights_over(400, lambda k, x: 0.8)
    assert found[-1, COUNTED] + found[-1, RECENT] > 0.75


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tuning", [EVEN, Tuning()], ids=["even", "default"])
def test_the_one_that_forgets_gains_after_a_break_and_a_weight_can_come_back(tuning, seed):
    world = World(tuning, 0, seed)
    found = world.weights_over(520, lambda k, x: 0.95 if k < 400 else 0.1)
    assert found[399, RECENT] < 0.5
    assert found[460, RECENT] > 0.8
    assert found[460, COUNTED] < 0.05


def test_no_weight_falls_below_its_share():
    world = World(tuning := Tuning(share=0.01), 2, 0)
    found = world.weights_over(300, lambda k, x: 0.9 if k % 200 < 100 else 0.1)
    prior = np.array([tuning.prior[0] + tuning.prior[BLAMED], *tuning.prior[1:3], 0.0])
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    assert (found >= 0.01 * prior - 1e-15).all()
    assert found[:, COUNTED].min() < 0.05  # and it came close
    assert (found[:, BLAMED] == 0).all()


def test_weights_are_powers_of_the_likelihood_with_a_fixed_share():
    model, rng = chain_model(Tuning(rate=0.4, share=0.05)), np.random.default_rng(1)
    expected = np.array(model.tuning.prior)
    for k in range(60):
        case, rows = model.case(), CONFIGURATIONS[rng.integers(4)]
        passed, predicted = bool(rng.random() < 0.5), np.zeros(4)
        model.contextual.fit(model.node_of, model.place, 0)
        spare = copy.deepcopy(model.contextual)
        phi = spare.case(case.h, *NOTHING)
        predicted[BLAMED] = blamed = case.item.chance(rows)
        begun = math.log(blamed / (1 - blamed))
        predicted[CONTEXTUAL] = spare.learn(phi, model.node_of, rows, passed, begun)
        predicted[COUNTED] = model.counted.chance(rows, FIRST)
        predicted[RECENT] = model.recent.chance(rows, FIRST)
        model.learn(case, rows, NOTHING, passed)
        if k == 40:
            model.ended(case, rows)
        grown = expected * np.where(passed, predicted, 1 - predicted) ** 0.4
        expected = 0.95 * grown / grown.sum() + 0.05 * np.array(model.tuning.prior)
        np.testing.assert_allclose(model.weights[0], expected, rtol=1e-9)


def test_each_candidate_of_one_node_has_weights_of_its_own():
    model, rng = Passing(("n",), EVEN), np.random.default_rng(2)
    steady, broken, new = (model.member("n", name) for name in "abc")
    for k, chance in itertools.product(range(460), (0.7, None)):
        row, p = (steady, chance) if chance else (broken, 0.95 if k < 400 else 0.1)
        model.learn(model.case(), (row,), NOTHING, bool(rng.random() < p))
    assert model.weights[broken, RECENT] > 0.8
    assert model.weights[steady, RECENT] < 0.5
    np.testing.assert_allclose(model.weights[new], [0.5, 0.25, 0.25, 0.0])


def test_failures_on_the_job_are_noted_by_candidate_and_change_the_stage():
    model = chain_model()
    case = model.case()
    assert case.stage == FIRST
    model.fail(case, {"elsewhere": "z"})  # a node outside the scope
    assert (case.stage, case.h.any()) == (LATER, False)
    model.fail(case, {"a": "y", "elsewhere": "z"})
    assert case.h.tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_a_case_widens_for_candidates_that_are_met_on_the_way():
    model = Passing(("a",), EVEN)
    rows = [model.member("a", "first")]
    case = model.case()
    rows += [model.member("a", name) for name in ("second", "third", "fourth")]
    model.learn(case, (rows[1],), NOTHING, True)
    model.fail(case, {"a": "fourth"})
    assert case.h.tolist() == [[0.0, 0.0, 0.0, 1.0]]
    model.learn(case, (rows[2],), NOTHING, False)


def expected_chance(model, case, job, draws, draw, rows):
    """The mixture for one configuration under one draw, written out."""
    row = rows[0] if model.single else 0
    weights, one = model.weights[row], np.array([rows])
    node_of = np.array(model.node_of)
    phi, at = model.contextual.case(case.h, *job), slice(draw, draw + 1)
    logit = model.contextual.logits(phi, node_of, at, one)[0, 0]
    if case.item is not None:
        blamed = case.item.chance(rows)
        logit += math.log(blamed / (1 - blamed))
    total = weights[CONTEXTUAL] / (1 + math.exp(-logit))
    for expert, counting, drawn in (
        (COUNTED, model.counted, draws.counted),
        (RECENT, model.recent, draws.recent),
    ):
        whole = None if model.single else counting.counts_of({rows: 0}, 1)
        total += weights[expert] * counting.chances(drawn[at], case.stage, one, whole)[0, 0]
    return total if case.item is None else total + weights[BLAMED] * case.item.chance(rows)


def test_several_nodes_join_the_experts_by_their_weights():
    model = chain_model()
    some_jobs(model, 30, 3)
    assert (model.weights[0] > 0.02).all()
    draws = model.refresh(4, seed=0, entries=0)
    among = model.among(np.array(CONFIGURATIONS), enumerated=True)
    case = model.case()
    for failed in (None, {"a": "y", "b": "y"}):
        if failed:
            case.item.verdict((1, 3), False)
            model.fail(case, failed)
        found = model.chances(case, NOTHING, draws, slice(None), among)
        assert found.shape == (4, 4)
        for draw, (k, rows) in itertools.product(range(4), enumerate(CONFIGURATIONS)):
            expected = expected_chance(model, case, NOTHING, draws, draw, rows)
            assert found[draw, k] == pytest.approx(expected, abs=1e-9)
        one = model.chances(case, NOTHING, draws, slice(2, 3), among)
        np.testing.assert_allclose(one, found[2:3], rtol=1e-12)


def test_one_node_joins_the_experts_of_each_candidate_by_its_own_weights():
    world = World(EVEN, 3, 5)
    model, other = world.model, world.model.member("n", "b")
    world.weights_over(40, lambda k, x: 0.9 if x["x0"] > 0 else 0.2)
    world.row = other
    world.weights_over(40, lambda k, x: 0.5)
    draws = model.refresh(3, seed=1, entries=3)
    among, case = model.among(np.array([[other], [0]]), enumerated=True), model.case()
    x = np.array([1.0, -0.5, 0.0])
    job = Features(x, world.context.bend(x))
    found = model.chances(case, job, draws, slice(None), among)
    for draw, (k, row) in itertools.product(range(3), enumerate((other, 0))):
        expected = expected_chance(model, case, job, draws, draw, (row,))
        assert found[draw, k] == pytest.approx(expected, rel=1e-9)
    assert not np.allclose(model.weights[0], model.weights[other])


def test_a_new_candidate_begins_where_its_neighbours_are():
    model = Passing(("n",), Tuning(tempered=1e-14, tempered_counts=1e-9))
    for k in range(300):
        model.learn(model.case(), (model.member("n", "ab"[k % 2]),), NOTHING, k % 10 > 0)
    new = model.member("n", "new")
    model.introduce([new], np.zeros((3, 2)))
    draws = model.refresh(2, seed=0, entries=0)
    among = model.among(np.array([[new], [0]]), enumerated=True)
    chance, old = model.chances(model.case(), NOTHING, draws, slice(0, 1), among)[0]
    assert chance == pytest.approx(0.9, abs=0.02)
    assert chance == pytest.approx(old, abs=0.1)


@pytest.mark.parametrize("nodes", [("n",), ("a", "b")])
def test_what_another_worker_knows_is_found_whatever_the_order_it_was_met_in(nodes):
    sharp, rng = Tuning(tempered=1e-14, fourier=4), np.random.default_rng(9)
    ours, theirs = Passing(nodes, sharp), Passing(nodes, sharp)
    names = list(itertools.product(nodes, "xyz"))
    for one, other in zip(names, reversed(names), strict=True):
        theirs.member(*one)
        ours.member(*other)
    for _ in range(40):
        case, rows = theirs.case(), tuple(3 * v + int(rng.integers(3)) for v in range(len(nodes)))
        case.h[:] = rng.random(case.h.shape) < 0.3
        theirs.learn(
            case, rows, Features(rng.normal(size=2), rng.normal(size=4)), rng.random() < 0.5
        )
    merge(ours, theirs, [2, 0], 3)  # their two entries among our three
    h, x, r = rng.normal(size=(len(nodes), 3)), rng.normal(size=3), rng.normal(size=4)
    every = np.array(list(itertools.product(*[range(3 * v, 3 * v + 3) for v in range(len(nodes))])))
    told = []
    for model, seen, numbers, rows in (
        (theirs, h, x[[2, 0]], every), (ours, h[:, ::-1], x, len(names) - 1 - every),
    ):  # fmt: skip
        model.contextual.refresh(1, 0)
        phi = model.contextual.case(seen, numbers, r)
        told.append(model.contextual.logits(phi, np.array(model.node_of), slice(0, 1), rows))
    np.testing.assert_allclose(told[1], told[0], atol=1e-5)


@pytest.mark.parametrize("nodes", [("n",), ("a", "b")])
def test_the_state_goes_through_json_and_goes_on_learning(nodes):
    if len(nodes) == 1:
        world = World(EVEN, 2, 6)
        world.weights_over(30, lambda k, x: 0.5)
        model, rows, entries = world.model, (0,), 2
    else:
        model, rows, entries = chain_model(), (1, 2), 0
        some_jobs(model, 10, 7)
    again = Passing(nodes, EVEN)
    load_passing(again, json.loads(json.dumps(state_of(model))))
    job = Features(np.array([0.3, -1.0]), np.full(64, 0.1)) if entries else NOTHING
    for one in (model, again):
        one.learn(one.case(), rows, job, True)
    ours, theirs = (
        m.chances(
            m.case(), job, m.refresh(3, 0, entries), slice(None), m.among(np.array([rows]), True)
        )
        for m in (model, again)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert again.members == model.members


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("nodes", ["b", "a"]),
        ("members", [["a", "x"]]),
        ("members", [["c", "x"], ["a", "y"], ["b", "x"], ["b", "y"]]),
        ("weights", [[0.25, 0.25, 0.25, math.nan]]),
        ("weights", [[-0.25, 0.25, 0.25, 0.25]]),
        ("weights", [[0.5, 0.5]]),
        ("blame", [[1.0, 1.0]]),
    ],
)
def test_a_state_that_does_not_fit_is_refused(part, value):
    model = chain_model()
    some_jobs(model, 3, 8)
    with pytest.raises(ValueError, match=r"."):
        load_passing(Passing(("a", "b"), EVEN), {**state_of(model), part: value})
