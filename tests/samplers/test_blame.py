"""Blame against Bayes' rule over all good/bad states, in plain Python."""

import itertools
import json
import math

import numpy as np
import pytest

from flexiflow.samplers.blame import ENUMERATED, FALSE_FAIL, FALSE_PASS, Blame, Item


class BruteForce:
    """Every state with its weight, in a list."""

    def __init__(self, good):
        self.good = [float(p) for p in good]
        self.states = [
            (s, math.prod(p if on else 1 - p for p, on in zip(self.good, s, strict=True)))
            for s in itertools.product((False, True), repeat=len(self.good))
        ]

    def verdict(self, rows, passed):
        weighed = []
        for state, weight in self.states:
            passes = 1 - FALSE_FAIL if all(state[r] for r in rows) else FALSE_PASS
            weighed.append((state, weight * (passes if passed else 1 - passes)))
        total = sum(w for _, w in weighed)
        self.states = [(s, w / total) for s, w in weighed]

    def chance(self, rows):
        good = sum(w for s, w in self.states if all(s[r] for r in rows))
        return good * (1 - FALSE_FAIL) + (1 - good) * FALSE_PASS

    def marginals(self):
        return [sum(w for s, w in self.states if s[r]) for r in range(len(self.good))]


def some_verdicts(sizes, n, seed):
    rng, starts = np.random.default_rng(seed), np.cumsum([0, *sizes])[:-1]
    for _ in range(n):
        rows = tuple(int(s + rng.integers(k)) for s, k in zip(starts, sizes, strict=True))
        yield rows, bool(rng.random() < 0.3)


def every(sizes):
    starts = np.cumsum([0, *sizes])[:-1].tolist()
    return list(itertools.product(*[range(s, s + k) for s, k in zip(starts, sizes, strict=True)]))


def blame(rows, strength=2.0):
    made = Blame(strength)
    for _ in range(rows):
        made.grow()
    return made


@pytest.mark.parametrize("sizes", [(2, 1), (3, 2, 2), (4, 3, 2)])
def test_enumeration_is_bayes_rule_over_all_states(sizes):
    good = np.random.default_rng(0).uniform(0.05, 0.95, sum(sizes))
    item, slow, configurations = Item(good), BruteForce(good), every(sizes)
    for rows, passed in [((), None), *some_verdicts(sizes, 6, 1)]:
        if rows:
            item.verdict(rows, passed)
            slow.verdict(rows, passed)
        np.testing.assert_allclose(item.marginals(), slow.marginals(), rtol=1e-9)
        expected = [slow.chance(c) for c in configurations]
        np.testing.assert_allclose(item.chances(np.array(configurations)), expected, rtol=1e-9)
        assert item.chance(configurations[0]) == pytest.approx(expected[0], rel=1e-9)


def test_bayes_rule_needs_the_states_of_those_with_a_verdict_only():
    good = np.random.default_rng(5).uniform(0.05, 0.95, ENUMERATED + 1)
    item, slow, configurations = Item(good), BruteForce(good), every((5, 4, 4))[::7]
    for rows, passed in [((0, 5, 9), False), ((0, 6, 9), False), ((2, 5, 10), True)]:
        item.verdict(rows, passed)
        slow.verdict(rows, passed)
        np.testing.assert_allclose(item.marginals(), slow.marginals(), rtol=1e-9)
        expected = [slow.chance(c) for c in configurations]
        np.testing.assert_allclose(item.chances(np.array(configurations)), expected, rtol=1e-9)


def test_particles_are_right_on_average():
    good = np.random.default_rng(2).uniform(0.4, 0.95, 14)
    sizes, told = (5, 5, 4), [((k, 5 + k, 10 + k % 4), k == 2) for k in range(5)]
    assert len({row for rows, _ in told for row in rows}) > ENUMERATED
    slow = BruteForce(good)
    items = [Item(good, seed) for seed in range(150)]
    for rows, passed in told:
        slow.verdict(rows, passed)
        for item in items:
            item.verdict(rows, passed)
    among = every(sizes)[::7]
    chances = np.array([item.chances(np.array(among)) for item in items])
    marginals = np.array([item.marginals() for item in items])
    for found, exact in (
        (chances, [slow.chance(c) for c in among]),
        (marginals, slow.marginals()),
    ):
        off = np.abs(found.mean(axis=0) - exact)
        assert (off < 4 * found.std(axis=0) / np.sqrt(len(items)) + 0.01).all()
        assert 0 < found.std(axis=0).max() < 0.2


def test_the_particles_follow_from_the_seed():
    good = np.full(20, 0.6)
    rows = np.array([(0, 10), (3, 19)])
    items = [Item(good, seed) for seed in (1, 1, 2)]
    for item in items:
        for k in range(10):
            item.verdict((k, 10 + k), False)
    one, same, other = (item.chances(rows).tolist() for item in items)
    assert one == same != other


def test_who_is_in_every_failure_gets_the_blame():
    item = Item(np.full(6, 0.7))  # three readers, three parsers
    for parser in (3, 4, 5):
        item.verdict((0, parser), False)
    good = item.marginals()
    assert good[0] < 0.2
    assert min(good[3:]) > 0.5
    assert item.chance((1, 3)) > 2 * item.chance((0, 3))


def test_an_item_never_forgets_that_verdicts_can_err():
    item = Item(np.array([0.5, 0.5]))
    for _ in range(200):
        item.verdict((0, 1), False)
    assert item.chance((0, 1)) == pytest.approx(FALSE_PASS, abs=1e-6)
    for _ in range(400):
        item.verdict((0, 1), True)
    assert item.chance((0, 1)) == pytest.approx(1 - FALSE_FAIL, abs=1e-6)


def test_the_first_chance_to_be_good_is_pooled_over_all():
    made = blame(3, strength=4.0)
    np.testing.assert_allclose(made.good(), [0.7] * 3)
    made.counts[:] = [[1.0, 5.0], [8.0, 2.0], [0.0, 0.0]]
    everyone = (7.0 + 0.7 * 4.0) / (16.0 + 4.0)
    expected = [(5.0 + 4.0 * everyone) / 10.0, (2.0 + 4.0 * everyone) / 14.0, everyone]
    np.testing.assert_allclose(made.good(), expected, rtol=1e-12)


def test_a_job_counts_once_for_each_member_tried_and_not_for_the_others():
    sizes, made = (3, 2, 2), blame(7)
    for seed in range(30):
        before, item, slow = made.counts.copy(), made.item(), BruteForce(made.good())
        tried = []
        for rows, passed in some_verdicts(sizes, 1 + seed % 4, seed):
            item.verdict(rows, passed)
            slow.verdict(rows, passed)
            tried += rows
        made.learn(item, tried)
        grown, good = made.counts - before, slow.marginals()
        expected = [(1 - good[r], good[r]) if r in tried else (0.0, 0.0) for r in range(7)]
        np.testing.assert_allclose(grown, expected, atol=1e-9)


def test_learning_finds_who_is_rarely_good():
    rng, made = np.random.default_rng(5), blame(5)
    truly = np.array([0.9, 0.3, 0.9, 0.6, 0.9])
    for _ in range(500):
        good, item, tried = rng.random(5) < truly, made.item(), []
        for rows in rng.permutation(every((2, 3)))[:3]:
            right = bool(good[rows].all())
            passed = bool(rng.random() < (1 - FALSE_FAIL if right else FALSE_PASS))
            item.verdict(tuple(rows.tolist()), passed)
            tried += rows.tolist()
            if passed:
                break
        made.learn(item, tried)
    np.testing.assert_allclose(made.good(), truly, atol=0.12)


def test_two_that_merge_have_counted_all():
    ours, theirs = blame(3), blame(2)
    ours.counts[:] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    theirs.counts[:] = [[10.0, 20.0], [0.5, 0.25]]
    ours.merge(theirs, np.array([2, 0]))
    assert ours.counts.tolist() == [[1.5, 2.25], [3.0, 4.0], [15.0, 26.0]]


def test_the_state_goes_through_json_and_is_checked():
    made, again = blame(2), blame(2)
    item = made.item()
    item.verdict((0, 1), False)
    made.learn(item, (0, 1))
    again.load(json.loads(json.dumps(made.state())), 2)
    assert np.array_equal(again.counts, made.counts)
    for bad in ([[1.0, 1.0]], [[1.0, -1.0]] * 2, [[1.0, math.nan]] * 2, "text"):
        with pytest.raises(ValueError, match=r"."):
            blame(2).load(bad, 2)
