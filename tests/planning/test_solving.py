from __future__ import annotations

import numpy as np
import pytest
from instances import best_by_cost, every_plan, paths_of, stages

from flexiflow.planning import search, solving
from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Floats
from flexiflow.planning.search import TooMany

SLA = 2.5


def worth(cost: Floats, gain: Floats) -> Floats:
    return gain - 0.2 * cost


def needed(cost: Floats, worth: Floats) -> Floats:
    return worth + 0.2 * cost


@pytest.fixture
def branched() -> tuple[list[Choices], tuple[frozenset[int], ...]]:
    return stages(np.random.default_rng(1), 4, 5, whole=True), paths_of("diamond")


def test_a_graph_that_branches_too_much_goes_to_the_solver(
    branched: tuple[list[Choices], tuple[frozenset[int], ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, paths = branched
    wanted = best_by_cost(every_plan(made, paths), SLA, None)
    assert len(wanted) > 2
    searched = solving.front(made, paths, range(4), SLA)
    assert searched.cost.tolist() == pytest.approx([c for c, _ in wanted])
    monkeypatch.setattr(search, "_BRANCHED", 0)
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
    told = (made, paths, range(4), SLA, None, worth, needed, -np.inf)
    (found,) = solving.above(*told, weighed=weighed)
    assert found.gain[-1] == pytest.approx(wanted[-1][1])
    assert len(found) == (len(wanted) if weighed else 1)
    too_short = (made, paths, range(4), 1e-3, None, worth, needed, -np.inf)
    assert not list(solving.above(*too_short, weighed=weighed))
