"""What is remembered of comparisons with thresholds, and when it is fitted anew."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from comparisons import AFTER, DEAR, MEMBER, PRICES, compared, moved_on, see, teach

from flexiflow import Hybrid
from flexiflow.errors import BadInput
from flexiflow.samplers.cutoffs import LEAST, MOST_SEEN, MOST_TOLD, Cutoffs
from flexiflow.samplers.cutting import Prices, Told
from flexiflow.samplers.splines import DRAWS


def some(n, seed=0, begin=0):
    rng, found = np.random.default_rng(seed), []
    for k in range(begin, begin + n):
        s = float(rng.random())
        group = "ab"[int(rng.integers(2))]
        found.append(compared(k, s, s > 0.5, float(rng.random() < s), group, cost=5.0))
    return found


def numbers(fit):
    return [fit.number(draw, g) for draw in range(-1, DRAWS) for g in ("a", "b", None)]


def test_going_on_brings_the_end_less_what_was_paid_after_the_comparison():
    cutoffs = Cutoffs()
    outcome, own, final = compared(0, 0.25, False, 0.0, seconds=2.0, cost=5.0)
    teach(cutoffs, [(outcome, own, final)])
    (told,) = cutoffs.told[MEMBER].values()
    assert told == (0.25, "a", False, {"right": 0.0}, {"right": 1.0}, 2.0, 5.0, True)
    assert cutoffs.seen == {MEMBER: [(0.25, "a")]}


def test_numbers_move_after_so_many_labels_and_not_before():
    cutoffs = Cutoffs()
    for k, job in enumerate(some(LEAST + 3)):
        assert (cutoffs.fit(MEMBER, PRICES, True) is not None) == (k >= LEAST)
        teach(cutoffs, [job])
    assert cutoffs.fit(DEAR, PRICES, True) is None
    assert cutoffs.fit(DEAR, PRICES, True, least=0) is not None  # as all candidates are
    assert Cutoffs().fit(MEMBER, PRICES, True, least=0) is None


def test_labels_that_wait_for_others_are_not_counted():
    cutoffs, jobs = Cutoffs(), some(2 * LEAST)
    teach(cutoffs, [(o, own, {"right": None}) for o, own, _ in jobs])
    assert cutoffs.fit(MEMBER, PRICES, True) is None
    assert cutoffs.fit(MEMBER, PRICES, True, least=0) is None
    teach(cutoffs, some(LEAST, seed=1, begin=100), DEAR)
    for k, (outcome, own, final) in enumerate(jobs):
        assert k >= LEAST or cutoffs.fit(MEMBER, PRICES, True) is None
        cutoffs.learn(outcome, outcome.verdicts[0], MEMBER, own, final)
    assert len(cutoffs.told[MEMBER]) == 2 * LEAST
    assert cutoffs.fit(MEMBER, PRICES, True) is not None


def test_what_is_asked_for_one_purpose_does_not_spoil_the_other():
    cutoffs = Cutoffs()
    teach(cutoffs, some(LEAST - 1))
    assert cutoffs.fit(MEMBER, PRICES, True, least=0) is not None
    assert cutoffs.fit(MEMBER, PRICES, True) is None
    assert cutoffs.fit(MEMBER, PRICES, True, least=0) is not None


def test_a_corrected_label_counts_once():
    cutoffs, again = Cutoffs(), Cutoffs()
    jobs = some(20)
    teach(cutoffs, jobs)
    for outcome, own, _ in jobs:
        wrong = {"right": 1.0 - own["right"]}
        again.see(outcome, [(outcome.verdicts[0], MEMBER)])
        again.learn(outcome, outcome.verdicts[0], MEMBER, wrong, wrong)
    for outcome, own, final in jobs:
        again.learn(outcome, outcome.verdicts[0], MEMBER, own, final)
    assert again.state() == cutoffs.state()
    fits = [it.fit(MEMBER, PRICES, True) for it in (cutoffs, again)]
    assert numbers(fits[0]) == numbers(fits[1])


def test_other_prices_give_other_numbers_at_once():
    cutoffs = Cutoffs()
    teach(cutoffs, some(80))
    cheap, dear = Prices({"right": 1.0}, 0.0, 0.0), Prices({"right": 1.0}, 0.0, 10.0)
    found = [cutoffs.fit(MEMBER, p, True).number(-1, "a") for p in (cheap, dear, cheap)]
    statistics = [s for s, _ in cutoffs.seen[MEMBER]]
    assert found[0] == found[2] > max(statistics) * 0.8  # others are right and cost nothing
    assert found[1] < 0.1  # going on costs more than it can bring


def test_fits_are_kept_until_enough_is_new():
    cutoffs = Cutoffs()
    teach(cutoffs, some(400))
    first = cutoffs.fit(MEMBER, PRICES, True)
    teach(cutoffs, some(20, seed=1, begin=1000))
    assert cutoffs.fit(MEMBER, PRICES, True) is first  # 20 of 420 labels change little
    teach(cutoffs, some(2, seed=2, begin=2000))
    assert cutoffs.fit(MEMBER, PRICES, True) is not first


def test_a_candidate_without_labels_is_looked_at_anew_as_labels_of_others_come():
    cutoffs = Cutoffs()
    teach(cutoffs, [compared(0, 0.5, True, 0.0)])
    assert cutoffs.fit(DEAR, PRICES, True, least=0).worth(0.5, "a") == 0.0
    teach(cutoffs, [compared(k, 0.5, True, 1.0) for k in range(1, 100)])
    assert cutoffs.fit(DEAR, PRICES, True, least=0).worth(0.5, "a") == pytest.approx(1.0, abs=0.05)


def test_memory_is_bounded_and_the_latest_stay():
    cutoffs = Cutoffs()
    jobs = [compared(k, k / 4000, True, 1.0) for k in range(MOST_TOLD + 700)]
    teach(cutoffs, jobs)
    told, seen = cutoffs.told[MEMBER], cutoffs.seen[MEMBER]
    assert list(told) == [(f"j{k}", 0) for k in range(700, MOST_TOLD + 700)]
    assert MOST_SEEN <= len(seen) <= MOST_SEEN + MOST_SEEN // 8
    assert seen == [((MOST_TOLD + 700 - len(seen) + k) / 4000, "a") for k in range(len(seen))]


def filled():
    cutoffs = Cutoffs()
    teach(cutoffs, some(150), DEAR)  # not in the order of their names
    teach(cutoffs, some(120, 1, 200), AFTER)
    teach(cutoffs, some(100, 2, 400))
    outcome, _, final = compared(900, 0.4, False, 0.0, group=None)
    teach(cutoffs, [(outcome, None, final)])
    see(cutoffs, [moved_on(k, k / 2000, k / 3000) for k in range(1000, 1090)])
    return cutoffs


def test_the_state_goes_through_json_and_gives_equal_numbers():
    cutoffs, again = filled(), Cutoffs()
    again.load(json.loads(json.dumps(cutoffs.state())))
    assert again.state() == cutoffs.state()
    for member in (MEMBER, AFTER, DEAR, ("y", "never asked", False)):
        for upper in (True, False):
            one, two = (copy.deepcopy(it).fit(member, PRICES, upper, 0) for it in (cutoffs, again))
            assert numbers(one) == numbers(two)
            np.testing.assert_array_equal(one.values, two.values)


def damage(at, value):
    state = filled().state()
    *path, last = at
    spot = state
    for key in path:
        spot = spot[key]
    spot[last] = value
    return state


@pytest.mark.parametrize(
    "state",
    [
        [["y", "cheap"]],
        [3],
        damage((0, 3, 0), [float("nan"), "a"]),
        damage((0, 3, 0), [10**400, "a"]),
        damage((0, 3, 0), ["much", "a"]),
        damage((0, 3, 0), [0.5]),
        damage((0, 4, 0, 1), float("inf")),
        damage((0, 4, 0, 2), None),
        damage((0, 4, 0, 5), {"right": float("-inf")}),
        damage((0, 4, 0, 6), [1.0]),
        damage((0, 4, 0), []),
        damage((0, 5, 0, 2), float("nan")),
        damage((0, 5, 0, 4), "dear"),
        damage((0, 5, 0, 7), None),
        damage((0, 5, 0), []),
    ],
)
def test_damaged_states_are_refused_and_change_nothing(state):
    sampler = Hybrid()
    sampler.about("w").cutoffs["mark"] = filled()
    whole, before = sampler.state, json.dumps(sampler.state)
    whole["workflows"]["w"]["cutoffs"] = {"mark": state}
    with pytest.raises(BadInput, match="could not be read"):
        sampler.state = whole
    assert json.dumps(sampler.state) == before


def test_two_workers_know_what_one_that_saw_both_knows():
    jobs, more = some(60), some(70, seed=3, begin=60)
    one, two, both = Cutoffs(), Cutoffs(), Cutoffs()
    went = [moved_on(k, 0.3, 0.7) for k in range(500, 550)]
    for it in (one, both):
        teach(it, jobs)
        see(it, went[:20])
    one.fit(MEMBER, PRICES, True)
    for it in (two, both):
        teach(it, more[:40])
        teach(it, more[40:], AFTER)
        see(it, went[20:])
    one.merge(two)
    assert one.state() == both.state()
    for member in (MEMBER, AFTER):
        fits = [it.fit(member, PRICES, True) for it in (one, both)]
        assert numbers(fits[0]) == numbers(fits[1])


def test_a_state_from_before_jobs_that_went_on_were_kept_is_taken_over():
    cutoffs, again = filled(), Cutoffs()
    again.load([row[:5] for row in cutoffs.state()])
    assert again.seen == cutoffs.seen
    assert {m: told for m, told in again.told.items() if told} == cutoffs.told
    assert cutoffs.gone
    assert not any(again.gone.values())


def test_of_jobs_that_went_on_the_latest_are_kept():
    cutoffs = Cutoffs()
    see(cutoffs, [moved_on(k, 0.25, 0.75) for k in range(MOST_TOLD + 30)])
    assert list(cutoffs.gone) == [MEMBER]
    assert list(cutoffs.gone[MEMBER]) == [(f"j{k}", 0) for k in range(30, MOST_TOLD + 30)]


@pytest.mark.parametrize("labels", [0.0, 1.0])
def test_jobs_without_a_label_say_what_going_on_brings(labels):
    """The dear candidate is right as often as it says, and its labels come from other jobs."""
    cutoffs, rng = Cutoffs(), np.random.default_rng(0)
    jobs = [
        compared(k, s, True, float(rng.random() < s))
        for k, s in enumerate(rng.uniform(size=600).tolist())
    ]
    teach(cutoffs, jobs, (*DEAR[:2], True))
    teach(cutoffs, [compared(1000 + k, k / LEAST, True, labels) for k in range(LEAST)])
    before = cutoffs.fit(MEMBER, PRICES, True)
    see(cutoffs, [moved_on(k, s, s) for k, s in enumerate(rng.uniform(size=400).tolist(), 2000)])
    cutoffs._fitted.clear()
    fit = cutoffs.fit(MEMBER, PRICES, True)
    at = np.linspace(0.05, 0.95, 10)
    went = [fit.kept.center + (fit.kept.basis([s], ["a"]) @ fit.go[0])[0] for s in at]
    np.testing.assert_allclose(went, at - 0.5, atol=0.12)  # .1 for each unit of cost, 5 of them
    assert np.ptp(before.kept.basis(at, ["a"] * 10) @ before.go[0]) < 0.05  # nothing was known


def test_a_merge_keeps_to_the_bounds():
    one, two = Cutoffs(), Cutoffs()
    teach(one, [compared(k, 0.5, True, 1.0) for k in range(MOST_TOLD)])
    teach(two, [compared(k, 0.6, True, 1.0) for k in range(5000, 5400)])
    one.merge(two)
    assert len(one.seen[MEMBER]) == MOST_SEEN
    assert list(one.told[MEMBER])[-1] == ("j5399", 0)
    assert len(one.told[MEMBER]) == MOST_TOLD


def test_a_job_that_passed_nowhere_ends_with_what_it_would_return_by_now():
    """It returned its first output; by now the second candidate's are known to be better."""
    weak, strong = ("y", "weak", False), ("y", "strong", True)
    row = Told(0.5, None, False, {"right": 0.0}, {"right": 0.0}, 0.0, 0.0, passed=False)
    cutoffs = Cutoffs()
    cutoffs.told[weak] = {(f"job {k}", 0): row for k in range(5)}
    cutoffs.told[strong] = {(f"job {k}", 1): row._replace(own={"right": 1.0}) for k in range(4)}
    cutoffs.told[strong]["another", 1] = row._replace(own={"right": 1.0}, passed=True)
    rows = cutoffs._as_of_now(PRICES)
    assert [t.final["right"] for t in rows[weak]] == [1.0] * 4 + [0.0]
    assert [t.final["right"] for t in rows[strong]] == [1.0] * 4 + [0.0]
