"""The front of plans in a real JupyterLab: a click picks a plan, sliders move the demand."""

from __future__ import annotations

import re
from typing import Any

from live import IN_A_LAB, Live, Opens

pytestmark = IN_A_LAB
BEGIN = """\
from flexiflow.planning import Demand, Problem, Profile, Step, offers, pareto
from flexiflow.provisioning import Front

names = ["quick", "usual", "thorough"]
profile = Profile({"node": ["text"] * 3, "variant": names, "seconds": [0.01, 0.03, 0.1],
                   "runs": [100] * 3})
right = dict(zip(names, [0.6, 0.8, 0.9]))
problem, demand = Problem((Step("text", offers(profile, "text", right)),)), Demand(0.5, 20)
again = lambda other: pareto(problem, other)
view = Front(again(demand).plans, demand, again).view()
view"""
TOLD = "print(view.plan.describe(), f'at {view.demand.rate:.4g}, budget {view.demand.budget}')"


class Front:
    """The view of a front in a page of JupyterLab."""

    def __init__(self, live: Live) -> None:
        self.lab, self.page = live.lab, live.page
        for cell in (0, 1):
            self.lab.run(cell)
            self.lab.has_run(cell)
        self.root = self.page.locator(".jp-OutputArea-child", has=self.page.locator(".widget-vbox"))
        self.points = self.root.locator(".scatterlayer .trace").nth(2).locator(".point")
        self.points.first.wait_for(state="attached")

    def serves(self, words: str | re.Pattern[str]) -> None:
        """Wait until the table below the figure says something."""
        self.root.locator(".widget-html").get_by_text(words).first.wait_for()

    def titled(self, words: str) -> None:
        """Wait until the title of the figure says something."""
        self.root.locator(".gtitle").get_by_text(words).wait_for()

    def click(self, number: int) -> None:
        """Click a point of the front."""
        self.page.mouse.click(*middle(self.points.nth(number)))

    def drag(self, slider: int, by: float) -> None:
        """Drag the handle of a slider so many pixels to the right."""
        x, y = middle(self.root.locator(".noUi-handle").nth(slider))
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + by, y, steps=8)
        self.page.mouse.up()

    def told(self, cell: int) -> str:
        """What the kernel says of the plan that is picked."""
        self.lab.run(cell)
        self.lab.has_run(cell)
        return str(self.page.locator(".jp-OutputArea-output pre").last.inner_text()).strip()


def middle(thing: Any) -> tuple[float, float]:
    """The middle of what is shown, in pixels of the page."""
    box = thing.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_plan_is_clicked(opens: Opens) -> None:
    front = Front(opens(TOLD, TOLD, begin=BEGIN))
    front.titled("0.5 s at 20 jobs a second")
    assert front.points.count() == 2
    front.serves("thorough")
    assert front.told(2) == "text: thorough, batch 1, 3 x 1 cores at 20, budget None"
    front.click(0)
    front.serves("usual")
    assert front.told(3) == "text: usual, batch 1, 1 x 1 cores at 20, budget None"


def test_sliders_move_the_front_and_the_plan(opens: Opens) -> None:
    front = Front(opens(TOLD, TOLD, begin=BEGIN))
    front.serves("thorough")
    front.drag(1, by=300)
    front.titled("at 80 jobs a second")
    assert front.told(2) == "text: thorough, batch 1, 12 x 1 cores at 80, budget None"
    front.root.locator(".noUi-handle").nth(2).focus()
    front.page.keyboard.press("Home")
    front.serves("No plan keeps")
    front.titled("No plan meets the demand")
    front.page.keyboard.press("End")
    front.serves("thorough")
    assert front.told(3) == "text: thorough, batch 1, 12 x 1 cores at 80, budget None"
