from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import SHAPES, best_by_cost, every_plan, paths_of, stages

from flexiflow.planning import programme


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(sorted(SHAPES)),
    whole=st.booleans(),
    sla=st.floats(0.3, 5.0),
    budget=st.one_of(st.none(), st.floats(3.0, 20.0)),
)
def test_its_points_are_on_the_front_of_all_plans(
    seed: int, shape: str, whole: bool, sla: float, budget: float | None
) -> None:
    nodes = len(SHAPES[shape])
    made = stages(np.random.default_rng(seed), nodes, 4, whole)
    paths = paths_of(shape)
    every = every_plan(made, paths)
    wanted = best_by_cost(every, sla, budget)
    found = programme.front(made, paths, range(nodes), sla, budget, points=1000)
    assert found.cost.tolist() == pytest.approx([c for c, _ in wanted])
    assert found.gain.tolist() == pytest.approx([g for _, g in wanted])
    few = programme.front(made, paths, range(nodes), sla, budget, points=3)
    assert len(few) <= 3
    assert {round(c, 6) for c in few.cost} <= {round(c, 6) for c, _ in wanted}
    best = programme.front(made, paths, range(nodes), sla, budget, points=1)
    assert best.gain.tolist() == pytest.approx([g for _, g in wanted[-1:]])
    picks = programme.cheapest(made, paths, range(nodes), sla, budget)
    if not wanted:
        assert picks is None
        return
    assert picks is not None
    assert sum(s.cost[k] for s, k in zip(made, picks, strict=True)) == pytest.approx(wanted[0][0])
    assert max(sum(made[v].latency[picks[v]] for v in p) for p in paths) <= sla * (1 + 1e-6)
