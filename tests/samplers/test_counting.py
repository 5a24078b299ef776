"""The node-level expert against closed forms and plain loops."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from flexiflow.samplers.counting import FIRST, LATER, Counting, checked

STRENGTH = 2.0


def counting(sizes, discount=1.0, strength=STRENGTH):
    made = Counting(discount, strength)
    for node in nodes_of(sizes):
        made.grow(node)
    return made


def verdicts(n, sizes, seed):
    """Random verdicts on configurations, `(rows, stage, passed)`; rows count through the nodes."""
    rng, starts = np.random.default_rng(seed), np.cumsum([0, *sizes])[:-1]
    for _ in range(n):
        rows = tuple(int(s + rng.integers(k)) for s, k in zip(starts, sizes, strict=True))
        yield rows, int(rng.integers(2)), bool(rng.random() < 0.3 + 0.4 * (sum(rows) % 2))


def nodes_of(sizes):
    return np.repeat(np.arange(len(sizes)), sizes).tolist()


def counted(sizes, n=200, seed=0, **options):
    made = counting(sizes, **options)
    for verdict in verdicts(n, sizes, seed):
        made.count(*verdict)
    return made


def tally(n, sizes, seed, discount=1.0):
    """Failures and passes by (stage, row), (stage, rows) and stage, in a dictionary."""
    found = {}
    for rows, stage, passed in verdicts(n, sizes, seed):
        whole = [(stage, rows), (stage, "all")] if len(rows) > 1 else []
        for key in [*((stage, r) for r in rows), *whole]:
            counts = found.setdefault(key, [0.0, 0.0])
            counts[:] = [c * discount for c in counts]
            counts[passed] += 1.0
    return found


def pooled(found, stage, row, node_of, strength):
    """The prior mean of a member: what the others of its node did, with one half added."""
    others = [r for r, node in enumerate(node_of) if node == node_of[row] and r != row]
    failed, passed = (sum(found.get((stage, r), (0, 0))[k] for r in others) for k in (0, 1))
    return (passed + strength / 2) / (passed + failed + strength)


def logit(p):
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def joined(chances, middle):
    total = logit(middle) + sum(logit(p) - logit(middle) for p in chances)
    return 1 / (1 + math.exp(-total))


def by_hand(found, rows, stage, members, strength):
    """The chance of a configuration whose members have these chances."""
    failed, passed = found.get((stage, "all"), (0.0, 0.0))
    prior = joined(members, (passed + strength / 2) / (passed + failed + strength))
    failed, passed = found.get((stage, rows), (0.0, 0.0))
    return (strength * prior + passed) / (strength + failed + passed)


@pytest.mark.parametrize("strength", [2.0, 0.5, 10.0])
def test_one_node_is_a_beta_whose_prior_is_that_of_the_others(strength):
    made, found = counted((5,), strength=strength), tally(200, (5,), 0)
    for stage, row in itertools.product((FIRST, LATER), range(5)):
        prior = pooled(found, stage, row, [0] * 5, strength)
        failed, passed = found[stage, row]
        a, b = strength * prior + passed, strength * (1 - prior) + failed
        assert made.chance((row,), stage) == pytest.approx(stats.beta(a, b).mean(), rel=1e-12)


def test_nothing_seen_is_one_half():
    made = counting((3,))
    assert made.chance((1,), FIRST) == made.chance((0,), LATER) == 0.5


def test_the_first_tries_and_the_later_ones_do_not_touch():
    made = counting((2,))
    for _ in range(50):
        made.count((0,), LATER, False)
    assert made.chance((0,), FIRST) == made.chance((1,), FIRST) == 0.5
    assert made.chance((0,), LATER) < 0.1
    assert made.chance((1,), LATER) < 0.1  # by its prior


def test_the_same_candidate_at_other_nodes_adds_to_its_prior_but_so_much_only():
    made = counted((3,), n=40)
    elsewhere, plain = np.array([[0.0, 0.0], [1.0, 2.0], [100.0, 300.0]]), made.hoped()
    made.elsewhere[:] = elsewhere
    part = np.array([0.0, 1.0, 8 / 400])  # at most eight verdicts' weight
    seen = part * elsewhere.sum(axis=1)
    expected = (STRENGTH * plain + part * elsewhere[:, 1]) / (STRENGTH + seen)
    np.testing.assert_allclose(made.hoped(), expected, rtol=1e-12)
    assert made.hope(2, LATER) == pytest.approx(expected[LATER, 2], rel=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_draws_are_those_of_a_tempered_beta(temperature):
    made, found = counted((4,), n=60), tally(60, (4,), 0)
    drawn = made.draw(4000, temperature, np.random.default_rng(1))
    assert drawn.shape == (4000, 2, 4)
    for stage, row in itertools.product((FIRST, LATER), range(4)):
        prior = pooled(found, stage, row, [0] * 4, STRENGTH)
        failed, passed = found[stage, row]
        a, b = STRENGTH * prior + passed, STRENGTH * (1 - prior) + failed
        expected = stats.beta(a / temperature, b / temperature)
        assert stats.kstest(drawn[:, stage, row], expected.cdf).pvalue > 1e-3


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_several_nodes_join_their_odds_and_count_configurations(discount):
    sizes = (3, 2, 2)
    made, found = counted(sizes, discount=discount), tally(200, sizes, 0, discount)
    node_of = nodes_of(sizes)
    for stage, c in itertools.product((FIRST, LATER), itertools.product(range(3), (3, 4), (5, 6))):
        members = []
        for row in c:
            failed, passed = found.get((stage, row), (0.0, 0.0))
            prior = pooled(found, stage, row, node_of, STRENGTH)
            members.append((STRENGTH * prior + passed) / (STRENGTH + failed + passed))
        expected = by_hand(found, c, stage, members, STRENGTH)
        assert made.chance(c, stage) == pytest.approx(expected, rel=1e-12)


def test_a_configuration_that_was_never_judged_has_the_joined_odds():
    made = counting((2, 2))
    for _ in range(8):
        made.count((0, 2), FIRST, True)
        made.count((1, 3), FIRST, False)
    members = [
        (made.strength * made.hope(r, FIRST) + p) / (made.strength + 8) for r, p in ((0, 8), (3, 0))
    ]
    assert made.chance((0, 3), FIRST) == pytest.approx(joined(members, 0.5), rel=1e-12)


@pytest.mark.parametrize("enumerated", [True, False])
def test_drawn_chances_of_configurations_equal_a_plain_loop(enumerated):
    sizes = (2, 3)
    made, found = counted(sizes, n=60, seed=2), tally(60, sizes, 2)
    drawn = made.draw(5, 1.0, np.random.default_rng(0))
    among = np.array(list(itertools.product((0, 1), (2, 3, 4))))
    at = {tuple(rows): k for k, rows in enumerate(among.tolist())}
    whole = made.counts_of(at, len(at)) if enumerated else None
    for stage in (FIRST, LATER):
        chances = made.chances(drawn, stage, among, whole)
        assert chances.shape == (5, 6)
        for draw, (rows, k) in itertools.product(range(5), at.items()):
            known = found if enumerated else {(stage, "all"): found[stage, "all"]}
            members = [drawn[draw, stage, r] for r in rows]
            expected = by_hand(known, rows, stage, members, STRENGTH)
            assert chances[draw, k] == pytest.approx(expected, rel=1e-9)


def test_drawn_chances_of_one_node_are_the_draws():
    made = counted((3,))
    drawn = made.draw(4, 1.0, np.random.default_rng(0))
    found = made.chances(drawn, LATER, np.array([[2], [0]]), None)
    assert np.array_equal(found, drawn[:, LATER][:, [2, 0]])


def test_configurations_that_were_not_enumerated_are_left_out_of_the_counts():
    made = counting((2, 2))
    assert made.counts_of({(0, 2): 0}, 1) is None
    made.count((0, 2), FIRST, True)
    made.count((1, 3), LATER, False)
    found = made.counts_of({(1, 3): 1, (0, 3): 0}, 2)
    assert found.tolist() == [[[0, 0], [0, 0]], [[0, 0], [1, 0]]]


def test_forgetting_is_a_plain_loop_over_what_each_has_seen():
    made, found = counted((4,), discount=0.93, n=400, seed=3), tally(400, (4,), 3, 0.93)
    for (stage, row), counts in found.items():
        np.testing.assert_allclose(made.members[stage, row], counts, rtol=1e-9)
        assert sum(counts) <= 1 / (1 - 0.93)


def test_two_that_merge_know_what_one_knows_that_saw_both():
    sizes, names = (2, 3), [3, 1, 4, 0, 2]  # the other worker met the members in another order
    ours, both = counted(sizes, n=50, seed=4), counted(sizes, n=50, seed=4)
    theirs = Counting(1.0, STRENGTH)
    for name in names:
        theirs.grow(nodes_of(sizes)[name])
    for rows, stage, passed in verdicts(70, sizes, 5):
        both.count(rows, stage, passed)
        theirs.count(tuple(names.index(r) for r in rows), stage, passed)
    ours.merge(theirs, np.array(names))
    np.testing.assert_allclose(ours.members, both.members)
    for rows in itertools.product((0, 1), (2, 3, 4)):
        for stage in (FIRST, LATER):
            assert ours.chance(rows, stage) == pytest.approx(both.chance(rows, stage), rel=1e-12)
    again = ours.chance((0, 2), FIRST)
    for _ in range(30):
        theirs.count((3, 4), FIRST, True)
    assert ours.chance((0, 2), FIRST) == again  # nothing is shared with the other one


def test_the_state_goes_through_json():
    sizes = (2, 3)
    made, again = counted(sizes, discount=0.9), counting(sizes, discount=0.9)
    again.load(json.loads(json.dumps(made.state())), rows=5, nodes=2)
    for one in (made, again):
        one.count((0, 4), LATER, True)
    assert again.state() == made.state()
    for rows in itertools.product((0, 1), (2, 3, 4)):
        assert again.chance(rows, LATER) == pytest.approx(made.chance(rows, LATER), rel=1e-12)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("members", [[[0.0, 0.0]] * 4] * 2),
        ("members", [[[0.0, -1.0]] * 5] * 2),
        ("elsewhere", [[0.0, 0.0]] * 4),
        ("elsewhere", [[0.0, math.nan]] * 5),
        ("all", [[0.0, 0.0], [0.0, math.inf]]),
        ("all", [[0.0, "many"], [0.0, 0.0]]),
        ("whole", [[[0, 5], [[0.0, 0.0]] * 2]]),
        ("whole", [[[0], [[0.0, 0.0]] * 2]]),
        ("whole", [[[0, 2], [[0.0, math.nan]] * 2]]),
    ],
)
def test_a_state_that_does_not_fit_is_refused(part, value):
    state = {**counted((2, 3)).state(), part: value}
    with pytest.raises(ValueError, match=r"."):
        counting((2, 3)).load(state, rows=5, nodes=2)


def test_saved_numbers_are_checked():
    assert checked([1, 2, 3, 4], (2, 2)).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    for bad in ([1.0], [math.nan] * 4, [-0.1] * 4, [[1], [2, 3]]):
        with pytest.raises(ValueError, match=r"."):
            checked(bad, (2, 2))
