from __future__ import annotations

import numpy as np
import pytest
from instances import best_by_cost, every_plan, kept, paths_from, paths_of, stages

from flexiflow.planning import joining, search
from flexiflow.planning.reducing import reduced

NESTED = ((), (0,), (1,), (1,), (2, 3), (0,), (4, 5))  # a diamond in a branch of a diamond


def test_a_series_parallel_graph_becomes_a_chain() -> None:
    made = stages(np.random.default_rng(0), 7, 6, whole=True)
    small = reduced(made, kept(paths_from(NESTED)), range(7), 3.0)
    assert small is not None
    assert [sorted(part.nodes) for part in small.parts] == [[0], [1, 2, 3, 4, 5], [6]]
    assert small.paths == (frozenset({0, 1, 2}),)
    picks = small.picks(np.array([[0, 1, 1]]))
    assert picks.shape == (1, 7)
    within = picks[0, list(small.parts[1].nodes)]
    assert within.tolist() == small.parts[1].picks[1].tolist()


@pytest.mark.parametrize("limit", [0, 20, 36, 100])
def test_what_is_too_much_to_join_is_left(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_MOST", limit)
    made, paths = stages(np.random.default_rng(3), 7, 5, whole=True), kept(paths_from(NESTED))
    wanted = best_by_cost(every_plan(made, paths), 3.0, None)
    small = reduced(made, paths, range(7), 3.0)
    assert small is not None
    assert (len(small.parts) == 7) == (limit == 0)
    found = search.front(small.stages, small.paths, small.order, 3.0)
    assert found.cost.tolist() == pytest.approx([c for c, _ in wanted])
    assert found.gain.tolist() == pytest.approx([g for _, g in wanted])


def test_a_chain_stays_as_it_is() -> None:
    made = stages(np.random.default_rng(0), 3, 4, whole=False)
    small = reduced(made, [frozenset(range(3))], (2, 0, 1), 3.0)
    assert small is not None
    assert [part.nodes for part in small.parts] == [(2,), (0,), (1,)]
    assert small.picks(np.array([[1, 2, 3]])).tolist() == [[2, 3, 1]]


def test_nothing_fits() -> None:
    made, paths = stages(np.random.default_rng(0), 4, 4, whole=True), paths_of("diamond")
    assert reduced(made, paths, range(4), 1e-3) is None
    assert reduced(made, paths, range(4), 9.0, 0.5) is None
    fastest = max(sum(made[v].latency.min() for v in path) for path in paths)
    cheapest = sum(s.cost.min() for s in made)
    both = reduced(made, paths, range(4), fastest, cheapest)
    plans = every_plan(made, paths)
    assert not best_by_cost(plans, fastest, cheapest)
    assert both is None or not len(
        search.front(both.stages, both.paths, both.order, fastest, cheapest)
    )
