"""Who is to blame: candidates against the latest jobs that had trouble."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.figures.look import laid_out, safe, short

_JOBS = 40


def shares(watch: Any) -> dict[str, Any]:
    """How likely each candidate was to be to blame on the latest jobs that had trouble.

    It is what the sampler tells: 1 - P(good enough for the job | its verdicts). A sampler that
    cannot tell blames whoever was running when a check failed: 1 for those whose attempt
    failed, 0 for those whose attempt passed.

    Parameters
    ----------
    watch
        A :class:`flexiflow.panels.RunWatch`.

    Returns
    -------
    ``jobs`` (ids, oldest first), ``candidates`` ([node, candidate]), ``blame`` (a row for each
    candidate, a number or None for each job) and ``mean`` (over the jobs that tell).
    """
    every = list(watch.places.at)
    jobs, columns = [], []
    for outcome in watch.troubled[-_JOBS:]:
        told = {who: 1.0 - good for who, good in watch.blame_of(outcome).items()}
        told = told or _failed(outcome)
        if told:
            jobs.append(outcome.job_id)
            columns.append([told.get(who) for who in every])
    rows = [[column[k] for column in columns] for k in range(len(every))]
    means = []
    for row in rows:
        known = [x for x in row if x is not None]
        means.append(sum(known) / len(known) if known else None)
    return {"jobs": jobs, "candidates": [list(w) for w in every], "blame": rows, "mean": means}


def _failed(outcome: Any) -> dict[tuple[str, str], float]:
    told: dict[tuple[str, str], float] = {}
    for attempt in outcome.attempts:
        who = (attempt.node, attempt.candidate)
        told[who] = max(told.get(who, 0.0), float(attempt.kind != "pass"))
    return told


def picture(watch: Any) -> Any:
    """The figure; see :func:`flexiflow.figures.figure`."""
    import plotly.graph_objects as go

    told = watch if isinstance(watch, Mapping) else shares(watch)
    if "blame" not in told:
        raise BadInput(
            "The figure 'blame' is drawn of a watch, or of what figures.blame.shares(watch) gave: "
            f"a snapshot does not hold it. Got {', '.join(sorted(map(str, told)))[:200]}."
        )
    names = [f"{short(node, 16)}: {short(name, 20)}" for node, name in told["candidates"]]
    jobs = [safe(job) for job in told["jobs"]]
    cells = [
        [math.nan if x is None else x for x in (*row, mean)]
        for row, mean in zip(told["blame"], told["mean"], strict=True)
    ]
    words = [["" if math.isnan(x) else f"{x:.0%}" for x in row] for row in cells]
    drawn = go.Figure(
        go.Heatmap(
            z=cells, x=[*jobs, "mean"], y=names, zmin=0, zmax=1, colorscale="Cividis",
            reversescale=True, xgap=1, ygap=1, text=words,
            texttemplate="%{text}" if len(jobs) <= 12 else None,
            colorbar={"title": {"text": "P(to blame)"}},
            hovertemplate="job %{x}<br>%{y}<br>to blame: %{z:.0%}<extra></extra>",
        )
    )  # fmt: skip
    drawn.update_xaxes(
        title_text="latest jobs that switched, rolled back or failed", type="category"
    )
    drawn.update_yaxes(title_text="candidate", autorange="reversed", type="category")
    return laid_out(drawn, "Who is to blame for the latest troubles", 160 + 30 * len(names))
