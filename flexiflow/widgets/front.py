"""The front of plans, live in a notebook: a click picks a plan, sliders move the demand.

The figure is plotly's own widget and the sliders are those of ipywidgets. Where there is no
kernel the notebook shows the figure as it was, which plotly draws by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from flexiflow.errors import BadInput, FlexiFlowError
from flexiflow.figures import front as drawing
from flexiflow.planning import Demand, Pareto, Plan

_WIDER = 4.0  # times what is asked for, down and up, that the sliders reach
_STEPS = 60  # of the sliders of SLA and rate, down and up
_FINE = 1.0 / 200  # of what is asked for: a step of the slider of the budget
_SAME = 1e-6  # relative difference below which a slider has not moved


class FrontView(widgets.VBox):  # type: ignore[misc]  # the package carries no types
    """The front of plans, with sliders for SLA, rate and budget (none at its right end).

    Parameters
    ----------
    front
        To begin with.
    demand
        What its plans meet.
    again
        The front for another demand; raises :class:`flexiflow.planning.Infeasible` if there is
        none.

    Attributes
    ----------
    front
        The front that is shown; None where no plan meets the demand.
    demand
        What the sliders say.
    plan
        The plan that is picked: the most accurate to begin with, or the one last clicked;
        after a move of the sliders the cheapest that is as accurate as that, or the most
        accurate where none is; None where there is no plan.
    """

    def __init__(self, front: Pareto, demand: Demand, again: Callable[[Demand], Pareto]) -> None:
        import plotly.graph_objects as go

        self.front: Pareto | None = front
        self.demand, self._again = demand, again
        self._chosen: int | None = len(front) - 1
        self._wanted = math.inf  # accuracy of the plan last clicked
        dearest = max(front[len(front) - 1].cost, demand.budget or 0.0, 1.0)
        self.sla = _slider("SLA (s)", demand.sla)
        self.rate = _slider("rate (jobs/s)", demand.rate)
        self.budget = _purse(demand.budget, dearest)
        self.limit = widgets.Label(_limit(demand.budget))
        self.figure = go.FigureWidget(drawing.picture(front.plans, self._chosen))
        self.figure.data[2].on_click(self._clicked)
        self.told = widgets.HTML()
        for slider in (self.sla, self.rate, self.budget):
            slider.observe(self._moved, "value")
        sliders = widgets.HBox([self.sla, self.rate, self.budget, self.limit])
        super().__init__([sliders, self.figure, self.told])
        self._tell()

    @property
    def plan(self) -> Plan | None:
        """The plan that is picked."""
        if self.front is None or self._chosen is None:
            return None
        return self.front[self._chosen]

    def pick(self, number: int) -> Plan:
        """Pick a plan by its place on the front, as a click does.

        Raises
        ------
        BadInput
            If there is none of that place.
        """
        if self.front is None or not 0 <= number < len(self.front):
            there = "none" if self.front is None else f"0 to {len(self.front) - 1}"
            raise BadInput(f"The front has no plan {number!r}. There are {there}.")
        self._chosen, self._wanted = number, self.front[number].accuracy
        self._draw()
        return self.front[number]

    def _clicked(self, trace: Any, points: Any, state: Any) -> None:
        if points.point_inds:
            self.pick(points.point_inds[0])

    def _moved(self, change: Any) -> None:
        most = self.budget.value if self.budget.value < self.budget.max else None
        self.limit.value = _limit(most)
        asked = replace(self.demand, sla=self.sla.value, rate=self.rate.value, budget=most)
        if _same(asked, self.demand):
            return
        self.demand = asked
        try:
            self.front = self._again(asked)
        except FlexiFlowError as error:
            self.front, self._chosen = None, None
            self._draw(str(error))
            return
        good = [k for k, p in enumerate(self.front.plans) if p.accuracy >= self._wanted - 1e-9]
        self._chosen = (good or [len(self.front) - 1])[0]
        self._draw()

    def _draw(self, instead: str | None = None) -> None:
        plans = () if self.front is None else self.front.plans
        with self.figure.batch_update():
            for trace, new in zip(
                self.figure.data, drawing.traces(plans, self._chosen), strict=True
            ):
                trace.update({k: new[k] for k in ("x", "y", "text") if k in new})
            self.figure.layout.title.text = drawing.titled(plans)
        self._tell(instead)

    def _tell(self, instead: str | None = None) -> None:
        plan = self.plan
        self.told.value = (
            f"<p>{escape(instead)}</p>" if instead else "" if plan is None else _table(plan)
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live view, and what is shown in its place where there is no kernel."""
        live = super()._repr_mimebundle_(**kwargs)
        found: dict[str, Any] = dict(live[0] if isinstance(live, tuple) else live or {})
        plans = () if self.front is None else self.front.plans
        still = drawing.picture(plans, self._chosen)
        found["application/vnd.plotly.v1+json"] = still.to_plotly_json()
        told = "No plan meets the demand." if self.plan is None else self.plan.describe()
        found["text/plain"] = told
        return found


def _slider(name: str, value: float) -> Any:
    """A slider on which the value lies at a step: the page moves it to the nearest one."""
    middle, reach = math.log10(value), math.log10(_WIDER)
    return widgets.FloatLogSlider(
        value=value, min=middle - reach, max=middle + reach, step=reach / _STEPS,
        description=name, readout_format=".4g",
    )  # fmt: skip


def _purse(budget: float | None, dearest: float) -> Any:
    """A slider for the budget, which is none at its right end."""
    step = (budget or dearest) * _FINE
    most = step * math.ceil(_WIDER * dearest / step)
    return widgets.FloatSlider(
        value=budget or most, min=step, max=most, step=step, description="budget",
        tooltip="cores; no limit at the right end", readout=False,
    )  # fmt: skip


def _limit(budget: float | None) -> str:
    """What stands beside the slider of the budget."""
    return "no limit" if budget is None else f"{budget:.4g}"


def _same(one: Demand, other: Demand) -> bool:
    """Whether two demands differ by no more than the page rounds."""
    pairs = ((one.sla, other.sla), (one.rate, other.rate), (one.budget or 0, other.budget or 0))
    return all(math.isclose(a, b, rel_tol=_SAME) for a, b in pairs)


def _table(plan: Plan) -> str:
    """What serves each node, and what is expected, as a table without script."""
    frame = plan.table().select("node", "variant", "batch", "replicas", "cores", "utilisation")
    head = "".join(f"<th>{escape(c)}</th>" for c in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(x))}</td>" for x in row) + "</tr>"
        for row in frame.rows()
    )
    low, high = plan.interval("latency")
    said = (
        f"accuracy {plan.accuracy:.4f}, cost {plan.cost:g} cores, latency {plan.latency:.3g} s "
        f"(80 %: {low:.3g} to {high:.3g} s), SLA kept with probability {plan.feasible:.2f}"
    )
    return f"<p>{escape(said)}</p><table><tr>{head}</tr>{rows}</table>"


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
