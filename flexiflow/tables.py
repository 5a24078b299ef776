"""The users' view of the tables: packed columns spread out, outputs decoded."""

from __future__ import annotations

import json
from typing import Any

import polars as pl


def unpacked(jobs: pl.DataFrame, feedback: pl.DataFrame) -> pl.DataFrame:
    """Jobs with `context.…` and `terms.…` as columns, and the latest labels joined in.

    A packed column that is empty on every job adds no column.
    """
    jobs = _with_feedback(jobs, feedback)
    for name in ("context", "terms"):
        jobs = _spread(jobs, name)
    return jobs


def _with_feedback(jobs: pl.DataFrame, feedback: pl.DataFrame) -> pl.DataFrame:
    if feedback.is_empty():
        return jobs
    latest = feedback.sort("seq").group_by("job_id", maintain_order=True).last()
    latest = latest.select("job_id", pl.col("terms").alias("_terms"), pl.col("reward").alias("_r"))
    joined = jobs.join(latest, on="job_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("_terms", "terms").alias("terms"), pl.coalesce("_r", "reward").alias("reward")
    ).drop("_terms", "_r")


def _spread(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [json.loads(text) if text else {} for text in frame[column]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    spread = [_series(f"{column}.{name}", [row.get(name) for row in rows]) for name in names]
    at = frame.columns.index(column)
    frame = frame.drop(column)
    for offset, series in enumerate(spread):
        frame.insert_column(at + offset, series)
    return frame


def _series(name: str, values: list[Any]) -> pl.Series:
    """A column of the values' own type; text where they have several."""
    kinds = {type(v) for v in values if v is not None}
    if kinds == {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    if len(kinds) > 1 or kinds & {dict}:
        return pl.Series(name, [v if v is None else json.dumps(v) for v in values], dtype=pl.String)
    try:
        return pl.Series(name, values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [v if v is None else json.dumps(v) for v in values], dtype=pl.String)


def results(jobs: pl.DataFrame) -> pl.DataFrame:
    """What users look at first: id, output, passed, objective terms, seconds, attempts."""
    json_kind = jobs["output_kind"] == "json"
    outputs = [
        None if text is None else json.loads(text) if is_json else text
        for text, is_json in zip(jobs["output"], json_kind, strict=True)
    ]
    terms = [c for c in jobs.columns if c.startswith("terms.")]
    return jobs.select(
        "job_id",
        _series("output", outputs),
        "passed",
        "status",
        *[pl.col(c).alias(c.removeprefix("terms.")) for c in terms],
        "reward",
        "seconds",
        "attempts",
        "switches",
        "rollbacks",
        "error",
    )
