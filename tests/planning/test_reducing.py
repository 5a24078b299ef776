from __future__ import annotations

import numpy as np
import pytest
from instances import SHAPES, best_by_cost, every_plan, kept, paths_from, paths_of, stages

from flexiflow.planning import search
from flexiflow.planning.reducing import reduced

NESTED = ((), (0,), (1,), (1,), (2, 3), (0,), (4, 5))  # a diamond in a branch of a diamond


def test_a_series_parallel_graph_becomes_a_chain() -> None:
    made = stages(np.random.default_rng(0), 7, 6, whole=True)
    small = reduced(made, kept(paths_from(NESTED)), range(7), 3.0)
    assert small is not None
    joined, *others = small.parts  # that with the most choices first
    assert sorted(joined.nodes) == [1, 2, 3, 4, 5]
    assert {part.nodes for part in others} == {(0,), (6,)}
    assert small.paths == (frozenset({0, 1, 2}),)
    picks = small.picks(np.array([[7, 0, 1]]))
    assert picks.shape == (1, 7)
    within = picks[0, list(joined.nodes)]
    assert within.tolist() == joined.picks[7].tolist()


@pytest.mark.parametrize("shape", ["nested", "zigzag"])
@pytest.mark.parametrize("work", [0.0, 2_100.0, 5_000.0, 9_000.0, 2e5])
def test_what_is_too_much_to_join_is_left(shape: str, work: float) -> None:
    parents = NESTED if shape == "nested" else SHAPES["zigzag"]
    nodes = len(parents)
    made, paths = stages(np.random.default_rng(3), nodes, 5, whole=True), kept(paths_from(parents))
    wanted = best_by_cost(every_plan(made, paths), 3.0, None)
    small = reduced(made, paths, range(nodes), 3.0, work=work)
    assert small is not None
    assert work or len(small.parts) == nodes
    assert work < 2e5 or len(small.paths) == 1
    found = search.front(small.stages, small.paths, small.order, 3.0)
    assert found.cost.tolist() == pytest.approx([c for c, _ in wanted])
    assert found.gain.tolist() == pytest.approx([g for _, g in wanted])


def test_what_is_small_is_joined_after_what_is_too_much() -> None:
    parents = ((), (0,), (0,), (1, 2), (3,), (3,), (4, 5))  # two diamonds, one after the other
    sizes = (3, 30, 30, 3, 4, 4, 3)
    rng = np.random.default_rng(8)
    made = [stages(rng, 1, size, whole=False)[0] for size in sizes]
    small = reduced(made, kept(paths_from(parents)), range(7), 9.0, work=2_040.0)
    assert small is not None
    assert {tuple(sorted(p.nodes)) for p in small.parts if len(p.nodes) > 1} == {(4, 5)}


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
