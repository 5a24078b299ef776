from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import SHAPES, best_by_cost, every_plan, paths_of, stages
from scipy.optimize import Bounds, LinearConstraint, milp

from flexiflow.planning.choices import Choices
from flexiflow.planning.search import above, front
from flexiflow.planning.thinning import thinned, undominated


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(sorted(SHAPES)),
    size=st.integers(1, 5),
    whole=st.booleans(),
    sla=st.floats(0.3, 5.0),
    budget=st.one_of(st.none(), st.floats(3.0, 20.0)),
)
def test_the_front_is_that_of_all_plans(
    seed: int, shape: str, size: int, whole: bool, sla: float, budget: float | None
) -> None:
    nodes = len(SHAPES[shape])
    made = stages(np.random.default_rng(seed), nodes, size, whole)
    paths = paths_of(shape)
    wanted = best_by_cost(every_plan(made, paths), sla, budget)
    found = front(made, paths, range(nodes), sla, budget)
    assert found.cost.tolist() == pytest.approx([c for c, _ in wanted])
    assert found.gain.tolist() == pytest.approx([g for _, g in wanted])
    for cost, gain, picks in zip(found.cost, found.gain, found.picks, strict=True):
        latency = max(sum(made[v].latency[picks[v]] for v in path) for path in paths)
        assert latency <= sla * (1 + 1e-8)
        assert sum(s.cost[k] for s, k in zip(made, picks, strict=True)) == pytest.approx(cost)
        assert sum(s.gain[k] for s, k in zip(made, picks, strict=True)) == pytest.approx(gain)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(sorted(SHAPES)),
    sla=st.floats(0.3, 5.0),
    weight=st.sampled_from([0.0, 0.01, 0.2]),
    least=st.sampled_from([-np.inf, -4.0, -1.0]),
)
def test_what_is_worth_most_comes_first(
    seed: int, shape: str, sla: float, weight: float, least: float
) -> None:
    nodes = len(SHAPES[shape])
    made = stages(np.random.default_rng(seed), nodes, 4, whole=bool(seed % 2))
    paths = paths_of(shape)
    every = best_by_cost(every_plan(made, paths), sla, None)
    wanted = sorted(g - weight * c for c, g in every if g - weight * c > least + 1e-9)
    parts = list(
        above(
            made, paths, range(nodes), sla, None,
            lambda cost, gain: gain - weight * cost,
            lambda cost, worth: worth + weight * cost,
            least,
        )
    )  # fmt: skip
    worths = [np.sort(p.gain - weight * p.cost) for p in parts]
    if not wanted:
        assert all((w <= least + 1e-9).all() for w in worths)
        return
    assert all(w[-1] == pytest.approx(wanted[-1]) for w in worths)
    last = worths[-1][worths[-1] > least + 1e-9]
    assert last.tolist() == pytest.approx(wanted)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 60), grid=st.sampled_from([3, 9, 1000]))
def test_labels_in_a_chain_are_thinned_to_those_that_nothing_beats(
    seed: int, size: int, grid: int
) -> None:
    cost, seconds, gain = np.random.default_rng(seed).integers(0, grid, (3, size)).astype(float)
    kept = thinned(cost, seconds[:, None], gain)
    whole = np.column_stack([cost, seconds, -gain])
    beaten = [
        any((whole[o] <= w).all() and (whole[o] < w).any() for o in range(size)) for w in whole
    ]
    assert {tuple(w) for w in whole[kept]} == {
        tuple(w) for w, b in zip(whole, beaten, strict=True) if not b
    }
    assert len(kept) == len({tuple(w) for w in whole[kept]})


def by_solver(made: list[Choices], sla: float, budget: float) -> float | None:
    """The most that a chain can add, by an integer programme."""
    gain, cost, latency = (
        np.concatenate([getattr(s, what) for s in made]) for what in ("gain", "cost", "latency")
    )
    one = np.zeros((len(made), len(gain)))
    start = 0
    for row, stage in zip(one, made, strict=True):
        row[start : start + len(stage.cost)] = 1
        start += len(stage.cost)
    rows = [
        LinearConstraint(one, 1, 1),
        LinearConstraint(np.stack([cost, latency]), ub=[budget, sla]),
    ]
    done = milp(
        -gain, constraints=rows, integrality=1, bounds=Bounds(0, 1), options={"mip_rel_gap": 0}
    )
    return None if done.x is None else -float(done.fun)


def test_larger_chains_agree_with_an_integer_programme() -> None:
    rng = np.random.default_rng(3)
    made = []
    for _ in range(7):
        cost = rng.integers(1, 30, 40).astype(float)
        latency = rng.lognormal(-2.0, 0.7, 40)
        gain = np.log(0.5 + 0.4 * rng.uniform(size=40) + 0.003 * cost)
        made.append(Choices(np.arange(40), np.ones(40, dtype=np.intp), latency, cost, gain))
    found = front(made, [frozenset(range(7))], range(7), 0.6)
    assert len(found) > 10
    for budget in (20.0, 30.0, 45.0, 70.0, 120.0):
        wanted = by_solver(made, 0.6, budget)
        inside = found.gain[found.cost <= budget]
        assert (inside.max() if len(inside) else None) == pytest.approx(wanted, abs=1e-9)


def test_nothing_fits() -> None:
    made = stages(np.random.default_rng(0), 3, 4, whole=True)
    assert len(front(made, [frozenset(range(3))], range(3), 1e-3)) == 0
    assert len(front(made, [frozenset(range(3))], range(3), 10.0, budget=0.5)) == 0


def test_choices_that_others_beat_are_left_out() -> None:
    rng = np.random.default_rng(5)
    latency, cost, gain = rng.integers(0, 6, (3, 60)).astype(float)
    kept = undominated(cost, latency, gain)
    whole = np.column_stack([latency, cost, -gain])
    for k in range(60):
        no_worse = (whole[kept] <= whole[k]).all(axis=1)
        assert no_worse.any()
        if k in kept:
            assert no_worse.sum() == 1
