from __future__ import annotations

import numpy as np
import pytest
from instances import ladder

from flexiflow.errors import BadInput
from flexiflow.planning import Demand, plan
from flexiflow.planning.adapting import Adapter, follow, holds, last_two, linear, smoothed


def test_predictors() -> None:
    assert last_two(np.array([9.0, 3.0, 2.0])) == 3.0
    assert smoothed(0.5)(np.array([4.0, 8.0])) == 6.0
    loads = np.array([10.0, 12.0])
    for _ in range(60):  # x(t) = 1 + 1.5 x(t-1) - 0.9 x(t-2), which swings for ever
        loads = np.append(loads, 4.0 + 1.5 * loads[-1] - 0.9 * loads[-2])
    wanted = 4.0 + 1.5 * loads[-1] - 0.9 * loads[-2]
    assert linear(2)(loads) == pytest.approx(wanted, rel=1e-2)
    assert linear(12)(loads[:20]) == last_two(loads[:20])


def test_a_plan_is_held_against_another_demand() -> None:
    problem, demand = ladder(2, 3), Demand(1.0, 10.0)
    made = plan(problem, demand, None)
    assert holds(made, demand)
    assert not holds(made, Demand(made.latency * 0.99, 10.0))
    assert not holds(made, Demand(1.0, 200.0))


def test_more_load_brings_another_plan_and_small_changes_none() -> None:
    adapter = Adapter(ladder(2, 3), Demand(1.0, 10.0, budget=60.0), last_two, weight=0.002)
    first = adapter.decide([10.0])
    assert adapter.decide([10.2]) is adapter.decide([9.9])
    heavy = adapter.decide([80.0])
    assert heavy.cost > first.cost
    assert holds(heavy, Demand(1.0, 80.0))
    assert heavy.cost <= 60.0
    assert adapter.decide([1e9]) is heavy  # nothing is planned for what cannot be met


def test_switching_costs_keep_plans_from_flapping() -> None:
    loads = 20.0 + 10.0 * np.sin(np.arange(40))
    changes = []
    for switching in (0.0, 0.5):
        adapter = Adapter(ladder(2, 3), Demand(1.0, 20.0), last_two, 0.002, switching)
        for k in range(1, 40):
            adapter.decide(loads[:k])
        changes.append(adapter.changes)
    assert changes[1] < changes[0]


def test_a_trace_is_followed() -> None:
    counts = np.concatenate([np.full(40, 5.0), np.full(40, 40.0)])
    adapter = Adapter(ladder(2, 3), Demand(1.0, 5.0), last_two, weight=0.002)
    rows = follow(adapter, counts)
    assert rows["start"].to_list() == list(range(10, 80, 10))
    assert rows["cost"][-1] > rows["cost"][0]
    assert rows["misses"][-1] < 0.01
    assert rows["changed"].sum() == adapter.changes


def test_bad_input() -> None:
    with pytest.raises(BadInput, match="weight must be"):
        Adapter(ladder(1, 2), Demand(1.0, 5.0), weight=0.0)
    with pytest.raises(BadInput, match="loads must be"):
        Adapter(ladder(1, 2), Demand(1.0, 5.0)).decide([])
