"""The features of recorded jobs: one row a job, one column a feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flexiflow.errors import BadInput


def features(name: str, context: pl.DataFrame, jobs: Sequence[str]) -> dict[str, list[Any]]:
    """Feature -> its values in the order of the jobs; None where missing, NaN or infinite.

    Parameters
    ----------
    name
        Of the set, for messages.
    context
        A column ``job`` and one a feature: numbers, booleans, text, or lists of numbers.

    Raises
    ------
    BadInput
        A job is missing or there twice, or a column holds something else.
    """
    if "job" not in context.columns:
        raise BadInput(
            f"{name}: the context lacks the column 'job'. It has {', '.join(context.columns)}."
        )
    context = context.with_columns(pl.col("job").cast(pl.String))
    twice = context.filter(pl.col("job").is_duplicated())
    if not twice.is_empty():
        raise BadInput(f"{name}: the context has the job {twice['job'][0]!r} more than once.")
    known = set(context["job"])
    without = [job for job in jobs if job not in known]
    if without:
        raise BadInput(
            f"{name}: the context lacks {len(without)} of {len(jobs)} jobs, {without[0]!r} for "
            "one. Give them a row; what is not known in it can be null."
        )
    rows = pl.DataFrame({"job": jobs}).join(context, on="job", how="left", maintain_order="left")
    return {c: _feature(name, rows[c]) for c in context.columns if c != "job"}


def _feature(name: str, column: pl.Series) -> list[Any]:
    """A feature's values as plain Python ones."""
    dtype = column.dtype
    if dtype.is_float() or dtype.is_decimal():
        column = column.cast(pl.Float64)
        return (
            column.to_frame()
            .select(pl.when(pl.all().is_finite()).then(pl.all()))[column.name]
            .to_list()
        )
    inner = getattr(dtype, "inner", None)
    if dtype.is_integer() or dtype in (pl.Boolean, pl.Null) or (inner and inner.is_numeric()):
        return column.to_list()
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return column.cast(pl.String).to_list()
    raise BadInput(
        f"{name}: the feature {column.name!r} must hold numbers, booleans, text or lists of "
        f"numbers. It holds {dtype}. Convert it, or leave it out."
    )
