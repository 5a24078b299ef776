"""What one threshold for all costs and brings, when it is moved by hand.

A *cascade* asks candidates in a fixed order until one is sure enough. Raising the threshold
buys answers of dearer candidates: where does it stop to pay? From a record, every threshold
is scored at once; the slider moves the number of the workflow itself.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.examples.lessons.policies import in_order
from flexiflow.examples.lessons.record import Record
from flexiflow.examples.lessons.report import Lesson

if TYPE_CHECKING:
    import polars as pl

LEVELS = tuple(round(0.5 + 0.025 * k, 3) for k in range(20))


def sweep(record: Record, order: Sequence[str], levels: Sequence[float] = LEVELS) -> pl.DataFrame:
    """Score a cascade at several thresholds on the confidence.

    Parameters
    ----------
    record
        Of a workflow with one node.
    order
        Names of candidates, the first to be asked first.
    levels
        The thresholds.

    Returns
    -------
    polars.DataFrame
        ``threshold``; ``accuracy``; ``pass_rate``, share of jobs on which some candidate was
        sure; ``ms_a_job`` in the models; ``tries``, candidates asked a job.

    Raises
    ------
    BadInput
        The record has several nodes, or a name is unknown.
    """
    import polars as pl

    if len(record.nodes) != 1:
        raise BadInput(f"A cascade has one node. This record has {len(record.nodes)}.")
    unknown = [name for name in order if name not in record.names]
    if unknown or not order:
        raise BadInput(
            f"A cascade asks candidates of {', '.join(record.names)}. Got {', '.join(order)}."
        )
    rows = []
    for level in levels:
        sure = replace(record, good=record.ran & (np.nan_to_num(record.confidence) >= level))
        fared = in_order(sure, [record.names.index(name) for name in order], "", reuse=False)
        rows.append({
            "threshold": level, "accuracy": fared.right.mean(), "pass_rate": fared.passed.mean(),
            "ms_a_job": 1e3 * fared.seconds.mean(), "tries": fared.tries.mean(),
        })  # fmt: skip
    return pl.DataFrame(rows)


def picture(lesson: Lesson, cascade: pl.DataFrame, width: int = 700, height: int = 380) -> Any:
    """Draw accuracy over milliseconds: every candidate alone, a cascade, and FlexiFlow.

    Parameters
    ----------
    lesson
        Of the same record as ``cascade``.
    cascade
        As :func:`sweep` gives it.
    width, height
        In pixels.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    from flexiflow.figures.look import BAD, COLOURS, GREY

    record, drawn = lesson.record, go.Figure()
    drawn.add_scatter(
        x=(1e3 * record.total.mean(axis=0)).round(3), y=record.right.mean(axis=0).round(4),
        text=record.names, mode="markers+text", textposition="bottom center",
        marker={"color": GREY, "symbol": "square", "size": 9}, name="alone",
    )  # fmt: skip
    drawn.add_scatter(
        x=cascade["ms_a_job"].round(3).to_list(), y=cascade["accuracy"].round(4).to_list(),
        text=[f"{level:g}" for level in cascade["threshold"]], mode="lines+markers",
        line={"color": COLOURS[0]}, name="one threshold for all",
        hovertemplate="threshold %{text}<extra></extra>",
    )  # fmt: skip
    flow = lesson.flow
    drawn.add_scatter(
        x=[round(1e3 * float(flow.seconds.mean()), 3)], y=[round(float(flow.right.mean()), 4)],
        mode="markers", marker={"color": BAD, "symbol": "star", "size": 16}, name="FlexiFlow",
    )  # fmt: skip
    axis = {"gridcolor": "#e5e5e5", "zeroline": False, "nticks": 8}
    plain = go.layout.Template(layout={
        "width": width, "height": height, "margin": {"l": 70, "r": 20, "t": 40, "b": 55},
        "font": {"size": 13, "family": "Arial"}, "plot_bgcolor": "white", "xaxis": axis,
        "yaxis": axis, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    })  # fmt: skip
    drawn.update_layout(template=plain, xaxis_title="ms a job in the models",
                        yaxis_title="share right")  # fmt: skip
    return drawn


def slider(cascade: pl.DataFrame, thresholds: MutableMapping[str, float], name: str) -> Any:
    """Make a slider that moves a workflow's threshold and shows what it would have brought.

    Parameters
    ----------
    cascade
        As :func:`sweep` gives it; one position for each of its rows.
    thresholds
        Those of the workflow.
    name
        Of the one to be moved.

    Returns
    -------
    ipywidgets.VBox
        Slider and text. Nothing is moved until the slider is.
    """
    import ipywidgets

    levels = cascade["threshold"].to_list()
    start = min(levels, key=lambda level: abs(level - thresholds[name]))
    moved = ipywidgets.SelectionSlider(options=levels, value=start, description=name)
    told = ipywidgets.HTML(_row(cascade, start))

    def move(change: dict[str, Any]) -> None:
        thresholds[name] = change["new"]
        told.value = _row(cascade, change["new"])

    moved.observe(move, names="value")
    return ipywidgets.VBox([moved, told])


def _row(cascade: pl.DataFrame, level: float) -> str:
    import polars as pl

    row = cascade.row(by_predicate=pl.col("threshold") == level, named=True)
    return (
        f"{row['accuracy']:.1%} right, {row['ms_a_job']:.2f} ms a job, {row['tries']:.2f} asked, "
        f"{row['pass_rate']:.0%} sure in the end"
    )
