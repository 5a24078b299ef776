"""The live front, as the page would drive it: sliders are set, a click is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from planning.instances import ladder

from flexiflow.errors import BadInput
from flexiflow.planning import Demand, pareto
from flexiflow.widgets.front import FrontView


@pytest.fixture
def view() -> Iterator[FrontView]:
    problem, demand = ladder(2, 4), Demand(1.5, 20.0)
    made = FrontView(pareto(problem, demand), demand, lambda other: pareto(problem, other))
    yield made
    made.close_all()


def click(view: FrontView, number: int) -> None:
    """What plotly's page tells the kernel of a click on a point of the front."""
    view.figure._js2py_pointsCallback = {
        "event_type": "plotly_click",
        "points": {"trace_indexes": [2], "point_indexes": [number], "xs": [0], "ys": [0]},
        "device_state": None,
        "selector": None,
    }


def test_it_begins_with_the_most_accurate_plan(view: FrontView) -> None:
    assert view.front is not None
    assert view.plan is not None
    assert view.plan.accuracy == max(p.accuracy for p in view.front.plans)
    assert list(view.figure.data[3].x) == [view.plan.cost]


def test_a_click_picks_a_plan(view: FrontView) -> None:
    click(view, 1)
    assert view.front is not None
    assert view.plan == view.front[1]
    assert list(view.figure.data[3].y) == [view.front[1].accuracy]
    assert view.front[1].placed[0].offer.variant in view.told.value


def test_sliders_move_the_demand_and_keep_the_accuracy(view: FrontView) -> None:
    click(view, 1)
    assert view.plan is not None
    wanted, cost = view.plan.accuracy, view.plan.cost
    view.rate.value = 60.0
    assert view.demand.rate == 60.0
    assert view.plan is not None
    assert view.plan.demand.rate == 60.0
    assert view.plan.accuracy >= wanted
    assert view.plan.cost > cost
    assert view.front is not None
    assert list(view.figure.data[2].x) == [p.cost for p in view.front.plans]


def test_a_budget_bounds_the_cost(view: FrontView) -> None:
    assert view.plan is not None
    dear = view.plan.cost
    view.budget.value = dear / 2
    assert view.plan is not None
    assert view.plan.cost <= dear / 2
    assert view.demand.budget == dear / 2
    assert view.limit.value == f"{dear / 2:.4g}"
    view.budget.value = view.budget.max
    assert view.demand.budget is None
    assert view.limit.value == "no limit"
    assert view.plan is not None
    assert view.plan.cost == dear


def test_what_cannot_be_met_is_said_and_can_be_left_again(view: FrontView) -> None:
    view.budget.value = 0.5
    assert (view.front, view.plan) == (None, None)
    assert "No plan keeps" in view.told.value
    assert len(view.figure.data[2].x) == 0
    with pytest.raises(BadInput, match="no plan 0"):
        view.pick(0)
    view.budget.value = view.budget.max
    assert view.plan is not None
    assert "<table>" in view.told.value


def test_without_a_kernel_there_is_a_figure(view: FrontView) -> None:
    bundle = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    still = bundle["application/vnd.plotly.v1+json"]
    assert view.plan is not None
    assert list(still["data"][3]["x"]) == [view.plan.cost]
    assert bundle["text/plain"] == view.plan.describe()


def test_there_is_no_plan_beyond_the_front(view: FrontView) -> None:
    with pytest.raises(BadInput, match="no plan 99"):
        view.pick(99)
