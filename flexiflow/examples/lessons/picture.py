"""From which job on it has paid: FlexiFlow's lead over the best single path."""

from __future__ import annotations

from typing import Any

import numpy as np

from flexiflow.examples.lessons.report import Lesson
from flexiflow.figures.look import BAD, COLOURS, GREY, safe

POINTS = 120
"""Points of the curve at most, so that a kept figure stays small."""


def figure(lesson: Lesson, width: int = 700, height: int = 330) -> Any:
    """Draw the lead in sum over the jobs, in jobs got right; a second is priced as stated.

    Parameters
    ----------
    lesson
        What to show.
    width, height
        In pixels.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    lead = lesson.lead
    shown = np.unique(np.linspace(0, len(lead) - 1, POINTS).round().astype(int))
    drawn = go.Figure()
    line = {"color": COLOURS[0]}
    drawn.add_scatter(x=shown + 1, y=lead[shown].round(2), mode="lines", line=line,
                      name=f"ahead of {safe(lesson.best.name)} alone")  # fmt: skip
    drawn.add_hline(y=0, line={"color": GREY, "width": 1})
    if lesson.paid_after is not None:
        drawn.add_vline(x=lesson.paid_after, line={"color": BAD, "dash": "dash"},
                        annotation_text=f" paid after {lesson.paid_after}")  # fmt: skip
    axis = {"gridcolor": "#e5e5e5", "zeroline": False, "nticks": 6}
    plain = go.layout.Template(layout={
        "width": width, "height": height, "margin": {"l": 70, "r": 20, "t": 40, "b": 55},
        "font": {"size": 14, "family": "Arial"}, "plot_bgcolor": "white",
        "xaxis": axis | {"showgrid": False}, "yaxis": axis, "showlegend": True,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    })  # fmt: skip
    drawn.update_layout(template=plain, xaxis_title="jobs so far",
                        yaxis_title="lead (jobs got right)")  # fmt: skip
    return drawn
