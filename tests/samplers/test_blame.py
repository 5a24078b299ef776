"""Blame against Bayes' rule over all kinds and good/bad states, in plain Python."""

import itertools
import json
import math

import numpy as np
import pytest

from flexiflow.samplers.blame import ENUMERATED, FALSE_FAIL, FALSE_PASS, Blame, Item


class BruteForce:
    """Every kind and state with its weight, in a list."""

    def __init__(self, good, shares=None):
        good = np.atleast_2d(good)
        self.rows, self.many = good.shape[1], len(good)
        shares = [1 / self.many] * self.many if shares is None else shares
        self.states = [
            (k, s, shares[k] * math.prod(p if on else 1 - p for p, on in zip(row, s, strict=True)))
            for k, row in enumerate(good.tolist())
            for s in itertools.product((False, True), repeat=self.rows)
        ]

    def verdict(self, rows, passed):
        weighed = []
        for kind, state, weight in self.states:
            passes = 1 - FALSE_FAIL if all(state[r] for r in rows) else FALSE_PASS
            weighed.append((kind, state, weight * (passes if passed else 1 - passes)))
        total = sum(w for *_, w in weighed)
        self.states = [(k, s, w / total) for k, s, w in weighed]

    def chance(self, rows):
        good = sum(w for _, s, w in self.states if all(s[r] for r in rows))
        return good * (1 - FALSE_FAIL) + (1 - good) * FALSE_PASS

    def kinds(self):
        return [sum(w for k, _, w in self.states if k == kind) for kind in range(self.many)]

    def joint(self):
        return [
            [sum(w for k, s, w in self.states if k == kind and s[r]) for r in range(self.rows)]
            for kind in range(self.many)
        ]

    def marginals(self):
        return [sum(w for _, s, w in self.states if s[r]) for r in range(self.rows)]


def some_verdicts(sizes, n, seed):
    rng, starts = np.random.default_rng(seed), np.cumsum([0, *sizes])[:-1]
    for _ in range(n):
        rows = tuple(int(s + rng.integers(k)) for s, k in zip(starts, sizes, strict=True))
        yield rows, bool(rng.random() < 0.3)


def every(sizes):
    starts = np.cumsum([0, *sizes])[:-1].tolist()
    return list(itertools.product(*[range(s, s + k) for s, k in zip(starts, sizes, strict=True)]))


def blame(rows, strength=2.0, kinds=1):
    made = Blame(strength, kinds)
    for _ in range(rows):
        made.grow()
    return made


@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("sizes", [(2, 1), (3, 2, 2), (4, 3, 2)])
def test_enumeration_is_bayes_rule_over_all_states(sizes, kinds):
    rng = np.random.default_rng(0)
    good, shares = rng.uniform(0.05, 0.95, (kinds, sum(sizes))), rng.dirichlet(np.ones(kinds))
    item, slow, configurations = Item(good, 0, shares), BruteForce(good, shares), every(sizes)
    for rows, passed in [((), None), *some_verdicts(sizes, 6, 1)]:
        if rows:
            item.verdict(rows, passed)
            slow.verdict(rows, passed)
        np.testing.assert_allclose(item.kinds(), slow.kinds(), rtol=1e-9)
        np.testing.assert_allclose(item.told()[1], slow.joint(), rtol=1e-9)
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


@pytest.mark.parametrize("kinds", [1, 3])
def test_particles_are_right_on_average(kinds):
    good = np.random.default_rng(2).uniform(0.3, 0.95, (kinds, 14))
    shares = np.arange(1.0, kinds + 1) / np.arange(1.0, kinds + 1).sum()
    sizes, told = (5, 5, 4), [((k, 5 + k, 10 + k % 4), k == 2) for k in range(5)]
    assert len({row for rows, _ in told for row in rows}) > ENUMERATED
    slow = BruteForce(good, shares)
    items = [Item(good, seed, shares) for seed in range(150)]
    for rows, passed in told:
        slow.verdict(rows, passed)
        for item in items:
            item.verdict(rows, passed)
    among = every(sizes)[::7]
    for found, exact in (
        ([item.chances(np.array(among)) for item in items], [slow.chance(c) for c in among]),
        ([item.marginals() for item in items], slow.marginals()),
        ([item.kinds() for item in items], slow.kinds()),
    ):
        found = np.array(found)
        off = np.abs(found.mean(axis=0) - exact)
        assert (off < 4 * found.std(axis=0) / np.sqrt(len(items)) + 0.015).all()
        assert (0 < found.std(axis=0).max() < 0.25) or kinds == 1


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


def test_chances_may_be_sure():
    item = Item(np.array([1.0, 0.0, 0.5]))
    item.verdict((0, 2), False)
    item.verdict((0, 1), False)
    good = item.marginals()
    assert np.isfinite(good).all()
    np.testing.assert_allclose(good[:2], [1.0, 0.0], atol=1e-6)


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
    np.testing.assert_allclose(made.good(), [[0.7] * 3])
    made.counts = np.array([[[1.0, 5.0], [8.0, 2.0], [0.0, 0.0]]])
    made.load(made.state(), 3)
    everyone = (7.0 + 0.7 * 4.0) / (16.0 + 4.0)
    expected = [(5.0 + 4.0 * everyone) / 10.0, (2.0 + 4.0 * everyone) / 14.0, everyone]
    np.testing.assert_allclose(made.good(), [expected], rtol=1e-12)


def test_kinds_begin_apart_around_what_is_good_for_all():
    one, made = blame(3), blame(3, kinds=8)
    log_odds = np.log(made.good() / (1.0 - made.good()))
    np.testing.assert_allclose(log_odds.mean(axis=0), np.log(0.7 / 0.3), rtol=1e-9)
    assert (log_odds.std(axis=0) > 0.3).all()
    assert np.array_equal(blame(3, kinds=8).good(), made.good())  # workers begin alike
    assert one.good() == pytest.approx(0.7)


@pytest.mark.parametrize("kinds", [1, 3])
def test_a_job_counts_once_for_each_member_tried_and_not_for_the_others(kinds):
    sizes, made = (3, 2, 2), blame(7, kinds=kinds)
    for seed in range(30):
        before, sizes_before = made.counts.copy(), made.sizes.copy()
        item, slow, tried = made.item(), BruteForce(made.good(), made.shares()), []
        for rows, passed in some_verdicts(sizes, 1 + seed % 4, seed):
            item.verdict(rows, passed)
            slow.verdict(rows, passed)
            tried += rows
        made.learn(item, tried)
        kind, good = np.array(slow.kinds()), np.array(slow.joint())
        np.testing.assert_allclose(made.sizes - sizes_before, kind, atol=1e-9)
        expected = np.stack([kind[:, None] - good, good], axis=2)
        expected[:, [r for r in range(7) if r not in tried]] = 0.0
        np.testing.assert_allclose(made.counts - before, expected, atol=1e-9)


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
    np.testing.assert_allclose(made.good()[0], truly, atol=0.12)


def test_learning_tells_kinds_of_items_apart():
    rng, made = np.random.default_rng(7), blame(4, kinds=4)
    for _ in range(1500):  # readers 0 and 1 do for one kind, 2 and 3 for the other
        mine, item, tried = int(rng.integers(2)), made.item(), []
        for row in rng.permutation(4)[:3].tolist():
            item.verdict((row,), bool(rng.random() < (0.9 if row // 2 == mine else 0.05)))
            tried.append(row)
        made.learn(item, tried)
    item = made.item()
    before = item.chance((1,))
    item.verdict((0,), False)
    assert 0.4 < before < 0.6
    assert item.chance((1,)) < 0.25  # what fails with it
    assert min(item.chance((2,)), item.chance((3,))) > 0.7


def test_two_that_merge_have_counted_all():
    ours, theirs = blame(3, kinds=2), blame(2, kinds=2)
    ours.sizes, theirs.sizes = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    ours.counts[:] = [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[0.0, 1.0]] * 3]
    theirs.counts[:] = [[[10.0, 20.0], [0.5, 0.25]], [[1.0, 0.0]] * 2]
    ours.merge(theirs, np.array([2, 0]))
    assert ours.sizes.tolist() == [4.0, 7.0]
    assert ours.counts.tolist() == [
        [[1.5, 2.25], [3.0, 4.0], [15.0, 26.0]],
        [[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]],
    ]


def test_the_state_goes_through_json_and_is_checked():
    made, again = blame(2, kinds=3), blame(2, kinds=3)
    item = made.item()
    item.verdict((0, 1), False)
    made.learn(item, (0, 1))
    again.load(json.loads(json.dumps(made.state())), 2)
    assert np.array_equal(again.counts, made.counts)
    assert np.array_equal(again.good(), made.good())
    sizes, counts = [1.0, 1.0, 1.0], [[[1.0, 1.0]] * 2] * 3
    for bad in (
        {"sizes": sizes[:2], "counts": counts},
        {"sizes": sizes, "counts": counts[:2]},
        {"sizes": sizes, "counts": [[[1.0, -1.0]] * 2] * 3},
        {"sizes": [math.nan] * 3, "counts": counts},
        [[1.0, 1.0]], [[1.0, -1.0]] * 2, "text",
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            blame(2, kinds=3).load(bad, 2)
