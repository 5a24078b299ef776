"""What the run brought, beside the best single configuration and the best fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flexiflow.figures.look import COLOURS, laid_out, short, snapshot_of, tinted

QUANTITIES = {
    "seconds": "mean time a job (s)",
    "passed": "pass rate (share of jobs)",
    "worth": "objective a job (weighted sum)",
}
_BASELINES = {
    "single": ("best single configuration", COLOURS[1], "dash"),
    "fixed": ("best fixed order", COLOURS[2], "dot"),
}


def lines(snapshot: Mapping[str, Any], quantity: str) -> dict[str, Any]:
    """One quantity over the run, and its baselines.

    Parameters
    ----------
    quantity
        "seconds", "passed" or "worth".

    Returns
    -------
    ``jobs`` and ``mean``, `(n,)`, where the mean is known; ``baselines``, for each that is
    known its ``name``, its ``text`` (what it consists of) and ``mean``, ``low`` and ``high``.
    """
    gains = snapshot["gains"]
    jobs, mean = np.asarray(gains["jobs"]), np.asarray(gains[quantity], dtype=float)
    known = np.isfinite(mean)
    found = []
    for which, what in (("single", "configuration"), ("fixed", "order")):
        told = gains.get(which)
        if told and told.get(quantity) is not None:
            middle, low, high = told[quantity]
            found.append(
                {"name": which, "text": told[what], "mean": middle, "low": low, "high": high}
            )
    return {"jobs": jobs[known], "mean": mean[known], "baselines": found}


def picture(watch: Any) -> Any:
    """The figure; see :func:`flexiflow.figures.figure`."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    snapshot = snapshot_of(watch)
    told = {quantity: lines(snapshot, quantity) for quantity in QUANTITIES}
    shown = [q for q in QUANTITIES if q != "worth" or len(told[q]["jobs"])]
    drawn = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=0.07)
    for row, quantity in enumerate(shown, 1):
        data = told[quantity]
        for base in data["baselines"]:
            _band(drawn, row, base, data["jobs"])
        drawn.add_trace(
            go.Scatter(
                x=data["jobs"], y=data["mean"], mode="lines", name="this run", legendgroup="run",
                showlegend=row == 1, line={"color": COLOURS[0], "width": 3},
                hovertemplate="after %{x} jobs: %{y:.4g}<extra>this run</extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
        drawn.update_yaxes(title_text=QUANTITIES[quantity], row=row, col=1)
        if quantity == "passed":
            drawn.update_yaxes(range=[0, 1.02], row=row, col=1)
    drawn.update_xaxes(title_text="jobs so far", row=len(shown), col=1)
    title = "What the run brought; baselines estimated from its log, with 80 % intervals"
    return laid_out(drawn, title, 120 + 220 * len(shown))


def _band(drawn: Any, row: int, base: Mapping[str, Any], jobs: Any) -> None:
    """A baseline: its interval as a band, its mean as a line over all jobs."""
    import plotly.graph_objects as go

    name, colour, dash = _BASELINES[base["name"]]
    first, last = (int(jobs[0]), int(jobs[-1])) if len(jobs) else (0, 1)
    drawn.add_trace(
        go.Scatter(
            x=[first, last, last, first], y=[base["low"], base["low"], base["high"], base["high"]],
            fill="toself", fillcolor=tinted(colour, 0.18), line={"width": 0}, mode="lines",
            hoverinfo="skip", showlegend=False, legendgroup=base["name"], name=f"{name}: interval",
        ),
        row=row, col=1,
    )  # fmt: skip
    text = short(base["text"], 36)
    drawn.add_trace(
        go.Scatter(
            x=[first, last], y=[base["mean"]] * 2, mode="lines", legendgroup=base["name"],
            showlegend=row == 1, name=f"{name}:<br>{text}", line={"color": colour, "dash": dash},
            hovertemplate=f"{name}: %{{y:.4g}}<extra></extra>",
        ),
        row=row, col=1,
    )  # fmt: skip
