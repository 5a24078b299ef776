"""The workflow, each candidate with its pass probability and seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flexiflow.figures.look import GOOD, GREY, TIME, laid_out, safe, short, snapshot_of, tinted

_WIDE, _BAR = 0.8, 0.34  # of a column that a node takes, and of that a bar


def boxes(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Where everything is: nodes in columns by their longest path from an input.

    Returns
    -------
    ``nodes``: for each ``name``, ``x`` (column), ``y`` (of its head) and ``rows``, its
    candidates in their present order, each with ``name``, ``place`` (from 1), ``y``, ``pass``
    and ``seconds`` (mean, low, high); ``edges``: (parent, node); ``slowest``: the longest mean
    seconds of all; ``height``: in rows.
    """
    nodes = snapshot["graph"]["nodes"]
    column: list[int] = []
    for node in nodes:
        column.append(1 + max((column[p] for p in node["parents"]), default=-1))
    filled: dict[int, float] = {}
    found, slowest = [], 0.0
    for v, node in enumerate(nodes):
        y = filled.get(column[v], 0.0)
        rows = _rows(snapshot["beliefs"][v], node["candidates"], y)
        slowest = max([slowest, *(r["seconds"][0] for r in rows if r["seconds"][0] > 0)])
        filled[column[v]] = y + len(rows) + 2.0
        found.append({"name": node["name"], "x": column[v], "y": y, "rows": rows})
    edges = [(p, v) for v, node in enumerate(nodes) for p in node["parents"]]
    height = max(filled.values(), default=1.0)
    return {"nodes": found, "edges": edges, "slowest": slowest, "height": height}


def _rows(beliefs: Mapping[str, Any], names: list[str], y: float) -> list[dict[str, Any]]:
    return [
        {
            "name": names[k],
            "place": place,
            "y": y + place,
            "pass": [float(x) for x in beliefs["pass"][k]],
            "seconds": [float(x) for x in beliefs["seconds"][k]],
        }
        for place, k in enumerate((int(k) for k in beliefs["order"]), 1)
    ]


def picture(watch: Any) -> Any:
    """The figure; see :func:`flexiflow.figures.figure`."""
    import plotly.graph_objects as go

    snapshot = snapshot_of(watch)
    told = boxes(snapshot)
    drawn = go.Figure()
    for parent, node in told["edges"]:
        a, b = told["nodes"][parent], told["nodes"][node]
        drawn.add_annotation(
            x=b["x"], y=b["y"], ax=a["x"] + _WIDE, ay=a["y"], xref="x", yref="y", axref="x",
            ayref="y", showarrow=True, arrowhead=2, arrowcolor=GREY, text="",
        )  # fmt: skip
    for node in told["nodes"]:
        _frame(drawn, node)
    _bars(drawn, told, "pass", 0.0, 1.0, GOOD, "pass probability (80 % interval)", ".0%")
    slowest = told["slowest"] or 1.0
    _bars(drawn, told, "seconds", 0.42, slowest, TIME, "seconds a run (80 % interval)", ".3g")
    columns = max((n["x"] for n in told["nodes"]), default=0) + 1
    drawn.update_xaxes(visible=False, range=[-0.1, columns])
    drawn.update_yaxes(visible=False, range=[told["height"], -1.0])
    title = "Candidates in their present order: pass probability and seconds"
    return laid_out(drawn, title, int(160 + 34 * told["height"]))


def _frame(drawn: Any, node: Mapping[str, Any]) -> None:
    """A box with the node's name, and each candidate's place and name above its bars."""
    drawn.add_shape(
        type="rect", x0=node["x"] - 0.03, x1=node["x"] + _WIDE, y0=node["y"] - 0.55,
        y1=node["y"] + len(node["rows"]) + 0.6, line={"color": GREY, "width": 1},
        fillcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    drawn.add_annotation(
        x=node["x"], y=node["y"], text=f"<b>{short(node['name'])}</b>", showarrow=False,
        xanchor="left",
    )  # fmt: skip
    for row in node["rows"]:
        drawn.add_annotation(
            x=node["x"], y=row["y"] - 0.15, text=f"{row['place']}. {short(row['name'])}",
            showarrow=False, xanchor="left", font={"size": 11},
        )  # fmt: skip


def _bars(
    drawn: Any, told: Mapping[str, Any], what: str, left: float, most: float, colour: str,
    name: str, form: str,
) -> None:  # fmt: skip
    """A bar for each candidate, from its left end to its mean, with the interval as whiskers."""
    import plotly.graph_objects as go

    at = [(n, r) for n in told["nodes"] for r in n["rows"] if not math.isnan(r[what][0])]
    scale = _BAR / most
    means = [r[what][0] for _, r in at]
    drawn.add_trace(
        go.Bar(
            x=[m * scale for m in means], base=[n["x"] + left for n, _ in at],
            y=[r["y"] + 0.28 for _, r in at], orientation="h", width=0.3, name=name,
            marker={
                "color": tinted(colour, 0.75),
                "pattern": {"shape": "" if what == "pass" else "/"},
            },
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.2,
                "array": [max(min(r[what][2], most * 1.2) - r[what][0], 0.0) * scale
                          for _, r in at],
                "arrayminus": [max(r[what][0] - r[what][1], 0.0) * scale for _, r in at],
            },
            customdata=[[safe(n["name"]), safe(r["name"]), *r[what]] for n, r in at],
            hovertemplate=(
                "%{customdata[0]}: %{customdata[1]}<br>%{customdata[2]:" + form + "} "
                "(%{customdata[3]:" + form + "} to %{customdata[4]:" + form + "})<extra></extra>"
            ),
        )
    )  # fmt: skip
    drawn.update_layout(barmode="overlay")
