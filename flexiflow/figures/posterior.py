"""Densities of the candidates' pass probabilities, with the trail of their earlier means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flexiflow.figures.look import laid_out, nodes_of, safe, short, snapshot_of, style, tinted
from flexiflow.panels.betas import Floats, density, interval

_POINTS = 241


def curves(snapshot: Mapping[str, Any], node: int) -> list[dict[str, Any]]:
    """The densities at one node.

    Returns
    -------
    For each candidate ``name``, ``p`` and ``density`` `(241,)`, ``mean``, ``low`` and ``high``
    of its 80 % interval, and ``trail``, its earlier means, oldest first.
    """
    names = snapshot["graph"]["nodes"][node]["candidates"]
    told = snapshot["posterior"][node]
    p, found = _points(), []
    for k, name in enumerate(names):
        a, b = float(told["a"][k]), float(told["b"][k])
        mean, low, high = interval([a], [b])[0].tolist()
        trail = [float(row[k]) for row in told["trail"]]
        found.append(
            {"name": name, "p": p, "density": density(a, b, p), "mean": mean, "low": low,
             "high": high, "trail": trail}
        )  # fmt: skip
    return found


def picture(watch: Any, node: str | None = None) -> Any:
    """The figure; see :func:`flexiflow.figures.figure`."""
    from plotly.subplots import make_subplots

    snapshot = snapshot_of(watch)
    nodes = nodes_of(snapshot, node)
    names = [snapshot["graph"]["nodes"][v]["name"] for v in nodes]
    drawn = make_subplots(
        rows=len(nodes), cols=1, subplot_titles=[short(n) for n in names], shared_xaxes=True,
        vertical_spacing=min(0.12, 0.4 / max(len(nodes), 1)),
    )  # fmt: skip
    for row, v in enumerate(nodes, 1):
        told = curves(snapshot, v)
        top = max((float(c["density"].max()) for c in told), default=1.0)
        for k, curve in enumerate(told):
            _draw(drawn, row, k, curve, top, names[row - 1])
        drawn.update_yaxes(title_text="density", rangemode="tozero", row=row, col=1)
    drawn.update_xaxes(title_text="pass probability", range=[0, 1], row=len(nodes), col=1)
    return laid_out(drawn, "What is believed of each candidate", 140 + 230 * len(nodes))


def _draw(drawn: Any, row: int, k: int, curve: Mapping[str, Any], top: float, node: str) -> None:
    import plotly.graph_objects as go

    colour, dash, symbol = style(k)
    name = short(curve["name"])
    drawn.add_trace(
        go.Scatter(
            x=curve["p"], y=curve["density"], name=name, legendgroup=f"node {row}",
            legendgrouptitle={"text": short(node)}, mode="lines", fill="tozeroy",
            fillcolor=tinted(colour, 0.12), line={"color": colour, "dash": dash},
            hovertemplate=f"{safe(curve['name'])}<br>p = %{{x:.3f}}<extra></extra>",
        ),
        row=row, col=1,
    )  # fmt: skip
    trail = [*curve["trail"], curve["mean"]]
    fading = np.linspace(0.15, 1.0, len(trail))
    drawn.add_trace(
        go.Scatter(
            x=trail, y=[-0.04 * top * (1 + k)] * len(trail), mode="markers",
            name=f"{name}: means", legendgroup=f"node {row}", showlegend=False,
            marker={"color": colour, "symbol": symbol, "opacity": fading.tolist(), "size": 8},
            error_x={
                "type": "data", "symmetric": False, "color": tinted(colour, 0.6),
                "array": [0.0] * (len(trail) - 1) + [curve["high"] - curve["mean"]],
                "arrayminus": [0.0] * (len(trail) - 1) + [curve["mean"] - curve["low"]],
            },
            hovertemplate=f"{safe(curve['name'])}: mean %{{x:.3f}}<extra></extra>",
        ),
        row=row, col=1,
    )  # fmt: skip


def _points() -> Floats:
    """Probabilities between 0 and 1, closer to one another near the ends."""
    turns = np.linspace(0.0, np.pi, _POINTS + 2)[1:-1]
    return np.asarray(0.5 - 0.5 * np.cos(turns))
