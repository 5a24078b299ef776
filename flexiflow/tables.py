"""The users' view of the tables: packed columns spread out, outputs decoded."""

from __future__ import annotations

import json

import polars as pl

from flexiflow.stores.frames import column_of, unpack

_AFTER = ("reward", "seconds", "attempts", "switches", "rollbacks", "error")
_OWN = {"job_id", "output", "passed", "status", *_AFTER}


def unpacked(jobs: pl.DataFrame, feedback: pl.DataFrame) -> pl.DataFrame:
    """Jobs with `context.…` and `terms.…` as columns, and the latest labels joined in.

    A packed column that is empty on every job adds no column.
    """
    jobs = _with_feedback(jobs, feedback)
    for name in ("context", "terms"):
        jobs = unpack(jobs, name)
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


def results(jobs: pl.DataFrame) -> pl.DataFrame:
    """What users look at first: id, output, passed, objective terms, seconds, attempts."""
    json_kind = jobs["output_kind"] == "json"
    outputs = [
        None if text is None else json.loads(text) if is_json else text
        for text, is_json in zip(jobs["output"], json_kind, strict=True)
    ]
    terms = {c: c.removeprefix("terms.") for c in jobs.columns if c.startswith("terms.")}
    return jobs.select(
        "job_id",
        column_of("output", outputs),
        "passed",
        "status",
        *[pl.col(c).alias(c if name in _OWN else name) for c, name in terms.items()],
        *_AFTER,
    )
