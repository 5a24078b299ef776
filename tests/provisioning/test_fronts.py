from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from planning.instances import ladder

from flexiflow.planning import Demand, Pareto, pareto
from flexiflow.provisioning import Front


@pytest.fixture(scope="module")
def front() -> Front:
    problem, demand = ladder(2, 4), Demand(1.5, 20.0)

    def again(other: Demand) -> Pareto:
        return pareto(problem, other)

    return Front(again(demand).plans, demand, again)


def test_a_front_is_shown_as_its_figure(front: Front) -> None:
    bundle = front._repr_mimebundle_()
    drawn: Any = bundle["application/vnd.plotly.v1+json"]["data"][2]
    assert list(drawn["y"]) == [p.accuracy for p in front.plans]
    assert "accuracy" in bundle["text/plain"]


def test_sizes_are_options(front: Front) -> None:
    assert front.figure(height=300, width=500).layout.width == 500


def test_another_demand_gives_another_front(front: Front) -> None:
    heavy = front.again(replace(front.demand, rate=200.0))
    assert heavy[0].cost > front[0].cost
    assert front.view().plan == front[len(front) - 1]
