"""One node whose threshold is learned: what asking each candidate next is worth."""

from __future__ import annotations

import dataclasses
import operator

import numpy as np
import pytest
from worlds import chain, expression, node, tag

from flexiflow.graph import Assertion, Cut, Expression, Graph, Input, Objective, Read
from flexiflow.samplers.ahead import applies, looked_ahead
from flexiflow.samplers.cutoffs import Cutoffs
from flexiflow.samplers.cutting import Told
from flexiflow.samplers.splines import DRAWS
from flexiflow.samplers.worth import prices


def graph(rerolls=0, second=0.0, cost=0.5):
    """Two candidates of one node, one comparison, a term and the prices."""
    test = expression("y >= t", "y", "t")
    cut = Cut(expression("y", "y"), operator.ge, True, "t", None)
    word = {w: Expression(w, 1, (Read(w, ""),), lambda v: v) for w in ("runtime", "cost")}
    right = expression("right(y)", "y")
    objectives = [Objective("right(y)", right, 1, 2.0, 1)]
    objectives += [
        Objective(w, word[w], -1, weight, 1)
        for w, weight in (("runtime", second), ("cost", cost))
        if weight
    ]
    models = {"one": tag("1"), "two": tag("2")}
    return Graph(
        "w", (Input("x"),), (node("y", models, "x", rerolls=rerolls, cost=0.25),),
        (Assertion("y >= t", test, None, 1, "mark", cut),), tuple(objectives),
        thresholds={"t": 0.5},
    )  # fmt: skip


def known(it, labels=40, members=None):
    """Cutoffs that know the first candidate, on first tries unless told otherwise."""
    cutoffs, rng = Cutoffs(), np.random.default_rng(3)
    first, second = (c.fingerprint for c in it.nodes[0].candidates)
    for member in members or [("y", first, False)]:
        right = 0.9 if member[1] == first else 0.2
        told = {}
        for k in range(labels):
            s = float(rng.random())
            mine = {"right(y)": float(rng.random() < right), "cost": 1.0}
            held = k % 2 == 0
            told[f"j{k}", 0] = Told(s, None, held, None if held else mine, mine, 0.0, 0.0)
            cutoffs.seen.setdefault(member, []).append((s, None))
        cutoffs.told[member] = told
        cutoffs._news[member] = labels
    return cutoffs, first, second


def test_it_is_the_worth_of_the_outputs_less_the_price_of_the_candidate():
    it = graph(second=0.3)
    cutoffs, first, second = known(it)
    seconds, draws = np.array([1.0, 4.0]), 3 * DRAWS
    found = looked_ahead(it, cutoffs, seconds, draws, seed=5).usual
    assert found.shape == (2, draws, 2)
    for later in (False, True):
        for k, fingerprint in enumerate((first, second)):
            fitted = cutoffs.fit(("y", fingerprint, later), prices(it), True, least=0)
            price = 0.5 * 0.25 + 0.3 * seconds[k]
            ours = np.sort(found[int(later), :, k]) + price
            np.testing.assert_allclose(ours, np.sort(np.tile(fitted.values, 3)))


def test_the_better_candidate_is_worth_more_and_the_unknown_one_is_less_certain():
    it = graph()
    first, second = (c.fingerprint for c in it.nodes[0].candidates)
    both = [("y", f, later) for f in (first, second) for later in (False, True)]
    cutoffs, *_ = known(it, members=both)
    found = looked_ahead(it, cutoffs, np.ones(2), DRAWS, seed=0).usual.mean(axis=1)
    assert np.all(found[:, 0] > found[:, 1] + 0.5)
    cutoffs, *_ = known(it, labels=200)
    spread = looked_ahead(it, cutoffs, np.ones(2), DRAWS, seed=0).usual.std(axis=1)
    assert spread[0, 1] > 2 * spread[0, 0]


def test_the_draws_follow_from_the_seed_and_candidates_are_drawn_apart():
    it = graph()
    cutoffs, *_ = known(it)
    one, same, other = (looked_ahead(it, cutoffs, np.ones(2), 64, s).usual for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.linalg.matrix_rank(one[0] - one[0].mean(axis=0)) == 2


def test_where_outputs_are_worth_more_than_usual_the_better_of_keeping_and_going_on_counts():
    it = graph()
    cutoffs, first, _ = known(it)
    ahead, k = looked_ahead(it, cutoffs, np.ones(2), DRAWS, seed=1), np.array([0])
    fitted = cutoffs.fit(("y", first, False), prices(it), True, least=0)
    kept, gone = fitted.outlooks
    for moved in (-2.0, -0.1, 0.0, 0.1, 2.0):
        expected = np.maximum(kept + moved, gone).mean() - np.maximum(kept, gone).mean()
        found = ahead.scores(slice(None), k, False, np.full((DRAWS, 1), moved))[:, 0]
        np.testing.assert_allclose(found - ahead.usual[0, :, 0], expected, atol=1e-12)


def test_rerolls_are_worth_what_their_candidate_is():
    it = graph(rerolls=1)
    cutoffs, *_ = known(it)
    found = looked_ahead(it, cutoffs, np.ones(2), DRAWS, seed=1).usual
    which = [choice.candidate for choice in it.nodes[0].choices]
    assert found.shape == (2, DRAWS, 4)
    for k, candidate in enumerate(which):
        np.testing.assert_array_equal(found[..., k], found[..., which.index(candidate)])


def test_it_is_for_one_node_with_one_comparison_only():
    it = graph()
    (cut,) = it.assertions
    uncut = dataclasses.replace(cut, cut=None)
    assert applies(it)
    assert not applies(chain(2))
    assert not applies(dataclasses.replace(it, assertions=()))
    assert not applies(dataclasses.replace(it, assertions=(uncut,)))
    assert not applies(dataclasses.replace(it, assertions=(cut, cut)))
    two = dataclasses.replace(it, nodes=(*it.nodes, node("z", {"three": tag("3")}, "y")))
    assert not applies(two)
    of_inputs = dataclasses.replace(cut, test=expression("x >= t", "x", "t"))
    assert not applies(dataclasses.replace(it, assertions=(of_inputs,)))
    assert looked_ahead(two, known(it)[0], np.ones(3), 8, 0) is None


@pytest.mark.parametrize("cutoffs", [None, Cutoffs()])
def test_nothing_is_said_before_a_label_came(cutoffs):
    assert looked_ahead(graph(), cutoffs, np.ones(2), 8, 0) is None
