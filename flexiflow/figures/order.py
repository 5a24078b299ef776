"""The candidate accepted at each node over time, with switches, rollbacks and failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flexiflow.figures.look import BAD, GREY, laid_out, nodes_of, safe, short, snapshot_of, style


def lanes(snapshot: Mapping[str, Any], node: int) -> list[dict[str, Any]]:
    """The jobs at which each candidate of one node was accepted.

    Returns
    -------
    For each candidate ``name`` and ``jobs``, places in the run counted from 1.
    """
    columns = snapshot["columns"]
    jobs, choice = np.asarray(columns["job"]) + 1, np.asarray(columns["choice"])
    names = snapshot["graph"]["nodes"][node]["candidates"]
    at = choice[:, node] if len(jobs) else np.zeros(0)
    return [{"name": name, "jobs": jobs[at == k]} for k, name in enumerate(names)]


def marks(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The jobs, counted from 1, that switched, that rolled back, and that did not pass."""
    columns = snapshot["columns"]
    jobs = np.asarray(columns["job"]) + 1
    return {
        "switches": jobs[np.asarray(columns["switches"]) > 0],
        "rollbacks": jobs[np.asarray(columns["rollbacks"]) > 0],
        "failed": jobs[np.asarray(columns["passed"]) == 0],
    }


def picture(watch: Any, node: str | None = None) -> Any:
    """The figure; see :func:`flexiflow.figures.figure`."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    snapshot = snapshot_of(watch)
    nodes = nodes_of(snapshot, node)
    names = [snapshot["graph"]["nodes"][v]["name"] for v in nodes]
    drawn = make_subplots(
        rows=len(nodes) + 1, cols=1, shared_xaxes=True, vertical_spacing=0.06,
        subplot_titles=[*(short(n) for n in names), "marks"],
    )  # fmt: skip
    for row, v in enumerate(nodes, 1):
        for k, lane in enumerate(lanes(snapshot, v)):
            colour, _, symbol = style(k)
            name = short(lane["name"])
            drawn.add_trace(
                go.Scattergl(
                    x=lane["jobs"], y=[k] * len(lane["jobs"]), mode="markers", name=name,
                    legendgroup=f"node {row}", legendgrouptitle={"text": short(names[row - 1])},
                    marker={"color": colour, "symbol": symbol, "size": 6},
                    hovertemplate=f"job %{{x}}: {safe(lane['name'])}<extra></extra>",
                ),
                row=row, col=1,
            )  # fmt: skip
        offered = snapshot["graph"]["nodes"][v]["candidates"]
        drawn.update_yaxes(
            title_text="candidate", tickvals=list(range(len(offered))),
            ticktext=[short(n, 16) for n in offered], range=[len(offered) - 0.5, -0.5],
            row=row, col=1,
        )  # fmt: skip
    _mark(drawn, marks(snapshot), len(nodes) + 1)
    every = int(snapshot["columns"]["every"])
    shown = "" if every == 1 else f" (one in {every} shown)"
    drawn.update_xaxes(title_text=f"job, in the order of the run{shown}", row=len(nodes) + 1, col=1)
    return laid_out(drawn, "Candidate accepted at each node, job by job", 220 + 170 * len(nodes))


def _mark(drawn: Any, found: Mapping[str, Any], row: int) -> None:
    import plotly.graph_objects as go

    looks = {
        "switches": ("switch", "triangle-up", GREY),
        "rollbacks": ("rollback", "triangle-left", style(0)[0]),
        "failed": ("did not pass", "x", BAD),
    }
    for k, (name, (text, symbol, colour)) in enumerate(looks.items()):
        drawn.add_trace(
            go.Scattergl(
                x=found[name], y=[k] * len(found[name]), mode="markers", name=text,
                legendgroup="marks", marker={"color": colour, "symbol": symbol, "size": 7},
                hovertemplate=f"job %{{x}}: {text}<extra></extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    told = [text for text, _, _ in looks.values()]
    drawn.update_yaxes(
        title_text="event", tickvals=[0, 1, 2], ticktext=told, range=[2.5, -0.5], row=row, col=1
    )
