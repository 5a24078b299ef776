from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import best_by_cost, every_plan, graph, kept, paths_from, paths_of, stages

from flexiflow.planning import programme, search, solving
from flexiflow.planning.choices import Choices, taken
from flexiflow.planning.curves import Floats
from flexiflow.planning.thinning import TooMany

SLA = 2.5
DIAMONDS = ((), (0,), (0,), (1, 2), (3,), (3,), (4, 5))
FORKED = ((), (0,), (0,), (1,), (2,), (3,), (4,), (5, 6))
ENTANGLED = ((), (0,), (0,), (1,), (1, 2), (3, 4))


def worth(cost: Floats, gain: Floats) -> Floats:
    return gain - 0.2 * cost


def needed(cost: Floats, worth: Floats) -> Floats:
    return worth + 0.2 * cost


@pytest.fixture
def branched() -> tuple[list[Choices], tuple[frozenset[int], ...]]:
    return stages(np.random.default_rng(1), 4, 5, whole=True), paths_of("zigzag")


def test_a_graph_that_branches_too_much_goes_to_the_solver(
    branched: tuple[list[Choices], tuple[frozenset[int], ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, paths = branched
    wanted = best_by_cost(every_plan(made, paths), SLA, None)
    assert len(wanted) > 2
    searched = solving.front(made, paths, range(4), SLA)
    assert searched.cost.tolist() == pytest.approx([c for c, _ in wanted])
    monkeypatch.setattr(search, "_BRANCHED", 0)
    for work in ("_WORK", "_ONE", "_QUICK"):
        monkeypatch.setattr(solving, work, 0)
    monkeypatch.setattr(search, "_QUICK", 0)
    with pytest.raises(TooMany):
        search.front(made, paths, range(4), SLA)
    with pytest.raises(TooMany):
        search.cheapest(made, paths, range(4), SLA)
    solved = solving.front(made, paths, range(4), SLA)
    assert solved.cost.tolist() == pytest.approx([c for c, _ in wanted])  # costs are a step apart
    assert solved.gain.tolist() == pytest.approx([g for _, g in wanted])
    picks = solving.cheapest(made, paths, range(4), SLA)
    assert picks is not None
    assert sum(s.cost[k] for s, k in zip(made, picks, strict=True)) == wanted[0][0]


@pytest.mark.parametrize("weighed", [False, True])
def test_the_most_accurate_comes_from_the_solver_too(
    branched: tuple[list[Choices], tuple[frozenset[int], ...]],
    monkeypatch: pytest.MonkeyPatch,
    weighed: bool,
) -> None:
    made, paths = branched
    wanted = best_by_cost(every_plan(made, paths), SLA, None)
    monkeypatch.setattr(search, "_BRANCHED", 0)
    for work in ("_WORK", "_ONE", "_QUICK"):
        monkeypatch.setattr(solving, work, 0)
    told = (made, paths, range(4), SLA, None, worth, needed, -np.inf)
    (found,) = solving.above(*told, weighed=weighed)
    assert found.gain[-1] == pytest.approx(wanted[-1][1])
    assert len(found) == (len(wanted) if weighed else 1)
    too_short = (made, paths, range(4), 1e-3, None, worth, needed, -np.inf)
    assert not list(solving.above(*too_short, weighed=weighed))


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    nodes=st.integers(1, 6),
    series_parallel=st.booleans(),
    whole=st.booleans(),
    sla=st.floats(0.3, 5.0),
    budget=st.one_of(st.none(), st.floats(3.0, 20.0)),
    least=st.sampled_from([-np.inf, -4.0]),
)
def test_plans_of_any_graph_are_the_best_of_all(
    seed: int, nodes: int, series_parallel: bool, whole: bool, sla: float,
    budget: float | None, least: float,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    paths = kept(paths_from(graph(rng, nodes, series_parallel)))
    made = stages(rng, nodes, 4, whole)
    wanted = best_by_cost(every_plan(made, paths), sla, budget)
    told = (made, paths, range(nodes), sla, budget)
    found = solving.front(*told)
    assert found.cost.tolist() == pytest.approx([c for c, _ in wanted])
    assert found.gain.tolist() == pytest.approx([g for _, g in wanted])
    for cost, gain, picks in zip(found.cost, found.gain, found.picks, strict=True):
        ((latency, paid, added),) = every_plan(
            [taken(s, np.array([k])) for s, k in zip(made, picks, strict=True)], paths
        )
        assert latency <= sla * (1 + 1e-8)
        assert (paid, added) == (pytest.approx(cost), pytest.approx(gain))
    picks = solving.cheapest(*told)
    assert (picks is None) == (not wanted)
    if picks is not None:
        assert sum(s.cost[k] for s, k in zip(made, picks, strict=True)) == pytest.approx(
            wanted[0][0]
        )
        assert max(sum(made[v].latency[picks[v]] for v in p) for p in paths) <= sla * (1 + 1e-8)
    worths = sorted(w for w in (worth(*map(np.array, p)) for p in wanted) if w > least + 1e-9)
    parts = list(solving.above(*told, worth, needed, least, weighed=True))
    if worths:
        last = np.sort(worth(parts[-1].cost, parts[-1].gain))
        assert last[last > least + 1e-9].tolist() == pytest.approx(worths)
    for part in parts:
        assert worth(part.cost, part.gain).max() <= max(worths, default=least) + 1e-9
        assert part.picks.shape == (len(part), nodes)


@pytest.mark.parametrize("parents", [DIAMONDS, FORKED, ENTANGLED])
def test_fronts_of_larger_graphs_have_what_the_solver_finds(
    parents: tuple[tuple[int, ...], ...],
) -> None:
    rng = np.random.default_rng(5)
    made = []
    for _ in parents:
        latency, cost = rng.lognormal(-2.0, 0.7, 14), rng.integers(1, 20, 14).astype(float)
        gain = np.log(0.5 + 0.4 * rng.uniform(size=14) + 0.004 * cost)
        made.append(Choices(np.arange(14), np.ones(14, dtype=np.intp), latency, cost, gain))
    told = (made, paths_from(parents), range(len(parents)), 0.7)
    whole, points = solving.searched(*told), programme.front(*told, points=6)
    assert len(whole) > len(points) > 3
    at = [int(np.abs(whole.cost - cost).argmin()) for cost in points.cost]
    assert whole.cost[at].tolist() == pytest.approx(points.cost.tolist(), abs=1e-9)
    assert whole.gain[at].tolist() == pytest.approx(points.gain.tolist(), abs=1e-9)
