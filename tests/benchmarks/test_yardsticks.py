"""The yardsticks against orders followed by hand, row by row, on small sets."""

from itertools import permutations
from math import factorial, sqrt

import numpy as np
import polars as pl
import pytest
from recordings import SHAPES, ByHand, Shape, configurations, drawn, greedy, solvable

from flexiflow.benchmarks import yardsticks
from flexiflow.benchmarks.recorded import recording

CLOSED = list(SHAPES)[:5]
EVERY = pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES.keys())


def made(shapes, jobs=12, seed=0):
    """The solvable jobs of a set: as a recording, as rows, by name, and all configurations."""
    outcomes = drawn(shapes, jobs, seed)
    every = configurations(shapes)
    names = solvable(shapes, outcomes)
    assert len(names) > 2
    read = recording("drawn", outcomes)
    return read.take(read.solvable), outcomes, names, every


def follow(shapes, outcomes, names, order):
    """What each job pays for an order, and the configuration that passes."""
    paid = [ByHand(shapes, outcomes, job).pay(order) for job in names]
    return [price for price, _ in paid], [picks for _, picks in paid]


def right(shapes, outcomes, job, picks):
    """Whether the output of a configuration is right on a job."""
    runs = ByHand(shapes, outcomes, job).runs(picks)
    chained = [v for v, it in enumerate(shapes) if it.chained]
    ends = runs[max(chained, default=0) :]
    rows = ByHand(shapes, outcomes, job).rows
    return all(rows[run]["correct"] for run in ends)


@EVERY
def test_walking_an_order_pays_what_it_costs_by_hand(shapes):
    read, outcomes, names, every = made(shapes)
    rng = np.random.default_rng(1)
    orders = [rng.permutation(len(every)) for _ in names]
    for order in orders:
        paid = yardsticks.walk(read, order)
        price, picks = follow(shapes, outcomes, names, [every[c] for c in order])
        np.testing.assert_allclose(paid.price, price)
        said = [right(shapes, outcomes, j, p) for j, p in zip(names, picks, strict=True)]
        assert paid.correct.tolist() == said
    one_a_job = yardsticks.walk(read, np.array(orders)).price
    for job, order, price in zip(names, orders, one_a_job, strict=True):
        hand = follow(shapes, outcomes, [job], [every[c] for c in order])[0][0]
        assert price == pytest.approx(hand)


@EVERY
def test_the_oracle_takes_the_cheapest_configuration_that_passes(shapes):
    read, outcomes, names, every = made(shapes)
    paid = yardsticks.oracle(read)
    for j, job in enumerate(names):
        alone = {p: ByHand(shapes, outcomes, job).attempt(p) for p in every}
        price, picks = min((price, p) for p, (price, good) in alone.items() if good)
        assert paid.price[j] == pytest.approx(price)
        assert paid.correct[j] == right(shapes, outcomes, job, picks)


@pytest.mark.parametrize(
    "shapes",
    [
        [Shape(5)],
        [Shape(2, passes=None), Shape(2, True)],
        [Shape(2), Shape(3, True)],
        [Shape(2, passes=None), Shape(1, passes=None), Shape(2, True)],
        [Shape(3, passes=None, raises=0.4), Shape(2, True)],
    ],
)
def test_a_random_order_costs_the_mean_over_all_orders(shapes):
    read, outcomes, names, every = made(shapes, jobs=8, seed=2)
    assert yardsticks._has_closed_form(read)
    paid = yardsticks.random_order(read, np.random.default_rng(0))
    price, said = np.zeros(len(names)), np.zeros(len(names))
    for order in permutations(every):
        prices, picks = follow(shapes, outcomes, names, order)
        price += prices
        said += [right(shapes, outcomes, j, p) for j, p in zip(names, picks, strict=True)]
    np.testing.assert_allclose(paid.price, price / factorial(len(every)))
    np.testing.assert_allclose(paid.correct, said / factorial(len(every)))


def test_where_there_is_no_closed_form_a_random_order_is_drawn(monkeypatch):
    for name, shapes in SHAPES.items():
        assert yardsticks._has_closed_form(made(shapes)[0]) == (name in CLOSED)
    shapes, draws = SHAPES["apart"], 3000
    read, outcomes, names, every = made(shapes)
    monkeypatch.setattr(yardsticks, "DRAWS", draws)
    paid = yardsticks.random_order(read, np.random.default_rng(0))
    orders = [follow(shapes, outcomes, names, order)[0] for order in permutations(every)]
    mean, spread = np.mean(orders, axis=0), np.std(orders, axis=0)
    assert (np.abs(paid.price - mean) <= 4 * spread / sqrt(draws) + 1e-12).all()


def test_blocks_of_jobs_change_nothing(monkeypatch):
    read = made(SHAPES["chain, an assertion at each node"])[0]
    whole = yardsticks.random_order(read, np.random.default_rng(0))
    order = yardsticks.greedy_order(read).tolist()
    monkeypatch.setattr(yardsticks, "_CELLS", 3 * read.size)
    parts = yardsticks.random_order(read, np.random.default_rng(0))
    np.testing.assert_array_equal(whole.price, parts.price)
    np.testing.assert_array_equal(whole.correct, parts.correct)
    assert yardsticks.greedy_order(read).tolist() == order


@EVERY
@pytest.mark.parametrize("seed", [0, 1])
def test_the_best_fixed_order_is_the_greedy_one(shapes, seed):
    read, outcomes, names, every = made(shapes, seed=seed)
    order = [every[c] for c in yardsticks.greedy_order(read)]
    assert sorted(order) == sorted(every)
    by_hand = greedy(shapes, outcomes, names)
    assert order[: len(by_hand)] == by_hand
    price = follow(shapes, outcomes, names, by_hand)[0]
    np.testing.assert_allclose(yardsticks.best_fixed(read).price, price)


def test_the_greedy_order_is_the_best_of_all_where_each_job_has_one_candidate():
    # Smith's rule: with disjoint passes and one price a candidate, greedy is optimal.
    rng = np.random.default_rng(5)
    price = rng.exponential(size=5)
    rows = [
        {"job": str(j), "node": "n0", "candidate": f"c0{k}", "upstream": "",
         "passed": bool(k == good), "seconds": float(price[k])}
        for j, good in enumerate(rng.choice(5, p=[0.4, 0.3, 0.15, 0.1, 0.05], size=40))
        for k in range(5)
    ]  # fmt: skip
    shapes, outcomes = [Shape(5)], pl.DataFrame(rows)
    names = solvable(shapes, outcomes)
    best = min(
        sum(follow(shapes, outcomes, names, order)[0])
        for order in permutations(configurations(shapes))
    )
    assert yardsticks.best_fixed(recording("apart", outcomes)).price.sum() == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_the_greedy_order_is_near_the_best_of_all(seed):
    shapes = [Shape(2, passes=None), Shape(2, True)]
    read, outcomes, names, every = made(shapes, jobs=20, seed=seed)
    totals = [sum(follow(shapes, outcomes, names, order)[0]) for order in permutations(every)]
    ours = yardsticks.best_fixed(read).price.sum()
    assert min(totals) <= ours + 1e-9
    assert ours <= 1.2 * min(totals)


@EVERY
def test_two_fold_scores_each_half_with_the_order_of_the_other(shapes):
    read, outcomes, names, _ = made(shapes, jobs=30)
    shuffled = np.random.default_rng(4).permutation(len(names))
    paid = yardsticks.best_fixed_two_fold(read, shuffled)
    first, second = np.array_split(shuffled, 2)
    for learn, score in ((first, second), (second, first)):
        order = greedy(shapes, outcomes, [names[j] for j in learn])
        for j in score:
            price, picks = follow(shapes, outcomes, [names[j]], order)
            if picks[0] is not None:  # else the order goes on with what the half did not need
                assert paid.price[j] == pytest.approx(price[0])
                assert paid.correct[j] == right(shapes, outcomes, names[j], picks[0])


def test_what_the_first_half_did_not_need_comes_last_by_its_worth():
    rows = [
        {"job": str(j), "node": "n0", "candidate": f"c0{k}", "passed": good, "seconds": 1.0 + k}
        for j, goods in enumerate([(1, 0, 1, 1), (1, 1, 1, 1), (1, 0, 1, 0)])
        for k, good in enumerate(map(bool, goods))
    ]
    # Worth alone: 3 / 3, 1 / 6, 3 / 9, 2 / 12; one candidate does for all jobs.
    assert yardsticks.greedy_order(recording("some", pl.DataFrame(rows))).tolist() == [0, 2, 1, 3]


def test_free_runs_do_no_harm():
    rows = pl.DataFrame(
        {"job": ["a", "a"], "node": "n", "candidate": ["x", "y"], "passed": [False, True],
         "cost": 0.0}
    )  # fmt: skip
    read = recording("free", rows)
    assert yardsticks.greedy_order(read).tolist() == [1, 0]
    for found in (yardsticks.oracle(read), yardsticks.best_fixed(read)):
        assert found.price.tolist() == [0.0]
        assert found.correct is None
