from __future__ import annotations

import pytest
from planning.instances import ladder, offer

from flexiflow.errors import BadInput
from flexiflow.figures import front
from flexiflow.planning import Demand, Plan, Problem, Step, pareto

PLANS = pareto(ladder(2, 4), Demand(1.5, 20.0, budget=60.0)).plans


def test_the_data_is_that_of_the_plans() -> None:
    found = front.points(PLANS)
    assert found["cost"] == [p.cost for p in PLANS]
    assert found["accuracy"] == [p.accuracy for p in PLANS]
    assert all(low <= a <= high for low, a, high in zip(
        found["low"], found["accuracy"], found["high"], strict=True))  # fmt: skip
    assert f"n0: {PLANS[0].placed[0].offer.variant}" in found["text"][0]


def test_the_picture_marks_the_chosen_plan() -> None:
    drawn = front.picture(PLANS, chosen=1)
    assert list(drawn.data[3].x) == [PLANS[1].cost]
    assert list(front.picture(PLANS).data[3].x) == []
    assert "1.5 s at 20 jobs a second, at most 60 cores" in drawn.layout.title.text
    assert drawn.data[2].line.shape == "hv"


@pytest.mark.parametrize("plans", [PLANS, PLANS[-1:]])
def test_the_interval_of_the_last_plan_has_room(plans: tuple[Plan, ...]) -> None:
    below, above, line, _ = front.picture(plans).data
    for band, of in ((below, "low"), (above, "high")):
        assert list(band.x)[:-1] == list(line.x)
        assert band.x[-1] > plans[-1].cost
        assert list(band.y) == [*front.points(plans)[of], band.y[-2]]


def test_names_are_shown_as_they_are() -> None:
    problem = Problem((Step("n", (offer("<b>x</b>", 0.9, 0.01),)),))
    (told,) = front.points(pareto(problem, Demand(1.0, 5.0)).plans)["text"]
    assert "&lt;b&gt;x&lt;/b&gt;" in told


def test_no_plan_is_said() -> None:
    assert front.picture(()).layout.title.text == "No plan meets the demand"


def test_bad_input() -> None:
    with pytest.raises(BadInput, match="chosen must be"):
        front.picture(PLANS, chosen=len(PLANS))
