"""The front of plans: accuracy over cost, with what serves each node.

It takes plans, so that fronts for several demands look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.figures.look import COLOURS, GREY, laid_out, safe, tinted
from flexiflow.planning import Plan

_BEYOND = 0.04  # of the dearest plan's cost


def points(plans: Sequence[Plan]) -> dict[str, list[Any]]:
    """What is drawn of each plan.

    Returns
    -------
    ``cost`` (cores), ``accuracy``, ``low`` and ``high`` (its 80 % interval), ``text`` (what
    serves each node, in lines that are safe to show).
    """
    found: dict[str, list[Any]] = {k: [] for k in ("cost", "accuracy", "low", "high", "text")}
    for plan in plans:
        low, high = plan.interval("accuracy")
        serves = "<br>".join(safe(line) for line in plan.describe().splitlines())
        told = (
            f"latency {plan.latency:.3g} s of {plan.demand.sla:.3g} s, "
            f"kept with probability {plan.feasible:.2f}"
        )
        row = (plan.cost, plan.accuracy, low, high, f"{serves}<br>{told}")
        for name, value in zip(found, row, strict=True):
            found[name].append(value)
    return found


def traces(plans: Sequence[Plan], chosen: int | None = None) -> list[dict[str, Any]]:
    """The traces of the figure as plain data: the interval, the front, and the plan chosen."""
    found = points(plans)
    cost, line = found["cost"], {"shape": "hv", "color": COLOURS[0], "width": 2}
    bare = {"mode": "lines", "line": {"shape": "hv", "width": 0}, "hoverinfo": "skip"}
    at = [] if chosen is None else [chosen]
    beyond = [x + _BEYOND * cost[-1] for x in cost[-1:]]  # as far as the last plan's is shown
    low, high = (found[of] + found[of][-1:] for of in ("low", "high"))
    return [
        {"x": cost + beyond, "y": low, "showlegend": False, **bare},
        {
            "x": cost + beyond, "y": high, "name": "80 % interval", "fill": "tonexty",
            "fillcolor": tinted(COLOURS[0], 0.15), **bare,
        },
        {
            "x": cost, "y": found["accuracy"], "mode": "lines+markers", "name": "best for its cost",
            "line": line, "marker": {"size": 9, "color": COLOURS[0]}, "text": found["text"],
            "hovertemplate": "cost %{x:g}, accuracy %{y:.4f}<br>%{text}<extra></extra>",
        },
        {
            "x": [cost[k] for k in at], "y": [found["accuracy"][k] for k in at],
            "mode": "markers", "name": "chosen", "hoverinfo": "skip",
            "marker": {"size": 16, "symbol": "diamond-open", "color": COLOURS[5],
                       "line": {"width": 3}},
        },
    ]  # fmt: skip


def picture(
    plans: Sequence[Plan],
    chosen: int | None = None,
    height: int | None = None,
    width: int | None = None,
) -> Any:
    """The figure of a front.

    Parameters
    ----------
    plans
        Ascending by cost.
    chosen
        Place of the plan to mark.
    height, width
        In pixels.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    BadInput
        If there is no plan of that place.
    """
    import plotly.graph_objects as go

    if chosen is not None and not 0 <= chosen < len(plans):
        raise BadInput(f"chosen must be a place from 0 to {len(plans) - 1}. Got {chosen!r}.")
    drawn = go.Figure([go.Scatter(**trace) for trace in traces(plans, chosen)])
    laid_out(drawn, titled(plans), height or 420)
    drawn.update_xaxes(title_text="cost of all replicas (cores)", rangemode="tozero")
    drawn.update_yaxes(title_text="expected accuracy")
    drawn.update_layout(hoverlabel={"align": "left"}, width=width)
    drawn.data[2].marker.line = {"color": GREY, "width": 1}
    return drawn


def titled(plans: Sequence[Plan]) -> str:
    """What the figure is of."""
    if not plans:
        return "No plan meets the demand"
    demand = plans[0].demand
    asked = f"{demand.sla:.3g} s at {demand.rate:.3g} jobs a second"
    if demand.budget is not None:
        asked += f", at most {demand.budget:.3g} cores"
    return f"Best plans for their cost: {asked}"
