"""Orders, the oracle and the price of everything, against brute force."""

from itertools import permutations

import numpy as np
import pytest

from flexiflow.benchmarks import baselines
from flexiflow.benchmarks.simulate import Fresh, World, draw

LINE = {"parents": ((), (0,)), "seconds": (2.0, 1.0)}


def pays(simulation, order, j, reuse):
    """Seconds of one job by the rule itself, and the configuration that passed."""
    world, total, known = simulation.world, 0.0, set()
    for c in order:
        choices = world.configurations[c]
        for v, lineage in enumerate(world.lineage):
            run = (v, *choices[lineage])
            if run not in known or not reuse:
                total += simulation.seconds[v][j, choices[v]]
            known.add(run)
        if simulation.passes[j, c]:
            return total, c
    return total, None


@pytest.mark.parametrize("reuse", [False, True])
def test_an_order_is_priced_run_by_run(reuse):
    simulation = draw(World("line", sizes=(3, 2), jobs=50, **LINE), 4)
    orders = np.stack([np.random.default_rng(j).permutation(6) for j in range(50)])
    found = baselines.in_order(simulation, orders, reuse)
    for j, order in enumerate(orders.tolist()):
        seconds, accepted = pays(simulation, order, j, reuse)
        assert found.seconds[j] == pytest.approx(seconds)
        assert found.passed[j] == (accepted is not None)
        assert found.right[j] == (accepted is not None and simulation.right[j, accepted])


def test_a_budget_ends_a_job_before_the_run_that_would_begin_beyond_it():
    world = World("line", sizes=(2, 2), jobs=1, noise=0.0, chance=1e-9, error=0.0, **LINE)
    simulation = draw(world, 0)
    (a, b), (c, _) = simulation.expected
    order = np.array([0, 2, 1, 3])
    for limit, due in ((a, a), (a + 0.1, a + c), (a + c + 0.1, a + c + b), (1e9, None)):
        found = baselines.in_order(simulation, order, True, limit)
        due = baselines.exhaustive(simulation) if due is None else due
        assert found.seconds[0] == pytest.approx(due)
        assert not found.passed[0]


@pytest.mark.parametrize("parents", [((), (0,), (1,)), ((), (), (0, 1))])
def test_everything_costs_each_run_once(parents):
    world = World("all", parents=parents, jobs=2, noise=0.0, chance=1e-9, error=0.0)
    simulation = draw(world, 3)
    paid = baselines.in_order(simulation, np.arange(36), reuse=True).seconds
    np.testing.assert_allclose(paid, baselines.exhaustive(simulation))
    once = [simulation.expected[v][world.configurations[:, v]].sum() for v in range(3)]
    paid = baselines.in_order(simulation, np.arange(36), reuse=False).seconds
    np.testing.assert_allclose(paid, sum(once))


def expected_cost(simulation, passes, order):
    """Mean seconds of an order on fresh jobs, without reuse, each call at its mean."""
    choices = simulation.world.configurations
    price = sum(simulation.expected[v][choices[:, v]] for v in range(choices.shape[1]))
    waiting, total = np.ones(len(passes), dtype=bool), 0.0
    for c in order:
        total += price[c] * waiting.mean()
        waiting &= ~passes[:, c]
    return total


def test_the_best_order_is_the_cheapest_of_all_where_one_candidate_solves_a_job():
    simulation = draw(World("one", sizes=(5,), parents=((),), seconds=(1.0,), jobs=2), 6)
    rng = np.random.default_rng(0)
    solver = rng.choice(5, size=2000, p=[0.1, 0.3, 0.2, 0.25, 0.15])
    passes = solver[:, None] == np.arange(5)
    found = baselines.best_order(simulation, Fresh(passes, np.zeros(2000, dtype=np.int64)))
    costs = {p: expected_cost(simulation, passes, p) for p in permutations(range(5))}
    assert expected_cost(simulation, passes, found.tolist()) == pytest.approx(min(costs.values()))


def test_the_best_order_is_within_its_guarantee_on_chains():
    for seed in range(5):
        simulation = draw(World("line", sizes=(3, 2), jobs=2, **LINE), seed)
        passes = simulation.fresh[0].passes[:500]
        few = Fresh(passes, simulation.fresh[0].types[:500])
        found = baselines.best_order(simulation, few).tolist()
        assert sorted(found) == list(range(6))
        best = min(expected_cost(simulation, passes, p) for p in permutations(range(6)))
        assert expected_cost(simulation, passes, found) <= 1.05 * best


def test_knowing_of_reuse_keeps_the_dear_first_step():
    world = World("line", sizes=(2, 3), parents=((), (0,)), seconds=(100.0, 1.0), spread=0.05)
    order = baselines.best_order(draw(world, 1), draw(world, 1).fresh[0], reuse=True)
    first = world.configurations[order, 0]
    assert set(first[:3]) == {first[0]}
    assert set(first[3:]) == {1 - first[0]}


def test_the_oracle_is_the_cheapest_way_to_each_pass():
    simulation = draw(World("line", sizes=(3, 2), jobs=60, **LINE), 8)
    found = baselines.oracle(simulation)
    for j in range(60):
        alone = [pays(simulation, [c], j, True) for c in range(6)]
        passing = [seconds for seconds, accepted in alone if accepted is not None]
        due = min(passing) if passing else pays(simulation, range(6), j, True)[0]
        assert found.seconds[j] == pytest.approx(due)
        assert found.passed[j] == bool(passing)


def test_the_single_best_never_switches():
    simulation = draw(World("chain", jobs=200), 1)
    found = baselines.single_best(simulation)
    best = int(simulation.fresh[0].passes.mean(axis=0).argmax())
    np.testing.assert_array_equal(found.passed, simulation.passes[:, best])
    first = np.concatenate([[best], np.delete(np.arange(36), best)])
    tried = baselines.in_order(simulation, first, reuse=True)
    passed = found.passed
    np.testing.assert_allclose(found.seconds[passed], tried.seconds[passed])
    assert (found.seconds[~passed] < tried.seconds[~passed]).all()


def test_who_knows_the_type_orders_by_it():
    world = World("context", types=6, strength=0.5, error=0.0, jobs=300)
    simulation = draw(world, 2)
    orders = baselines.orders_by_type(simulation, reuse=False)
    for t in range(6):
        mine = orders[simulation.types == t]
        assert (mine == mine[0]).all()
    blind = baselines.best_order(simulation, simulation.fresh[0])
    solvable = simulation.passes.any(axis=1)
    paid = [baselines.in_order(simulation, o, False).seconds for o in (orders, blind)]
    assert solvable.mean() > 0.2
    assert paid[0][solvable].sum() < 0.8 * paid[1][solvable].sum()


def test_configurations_by_pass_rate_begin_with_those_that_pass_most():
    passes = np.array([[1, 0, 1, 0], [0, 0, 1, 0], [1, 0, 1, 1]], dtype=bool)
    order = baselines.by_passes(Fresh(passes, np.zeros(3, dtype=np.int64)))
    assert order.tolist() == [2, 0, 3, 1]
    even = Fresh(np.ones((2, 3), dtype=bool), np.zeros(2, dtype=np.int64))
    assert baselines.by_passes(even).tolist() == [0, 1, 2]
