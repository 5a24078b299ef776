"""Tables as Polars frames of fixed schemas, and their JSON columns unpacked for reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from flexiflow.encode import clean
from flexiflow.errors import BadInput
from flexiflow.stores.columns import TABLES, columns_of

_TYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "json": pl.String(),
    "integer": pl.Int64(),
    "real": pl.Float64(),
    "flag": pl.Boolean(),
    "versions": pl.List(pl.Int64()),
}

SCHEMAS: Mapping[str, pl.Schema] = {
    table: pl.Schema({column.name: _TYPES[column.kind] for column in columns})
    for table, columns in TABLES.items()
}
"""The columns of the frame of each table; what they mean stands in ``stores/columns.py``."""

_FLAGS = {0: False, 1: True}


def frame_of(table: str, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Make a frame of rows as they lie in a database; what does not fit a column is null.

    Examples
    --------
    >>> frame_of("snapshots", [(7, "cards", "Thompson", 4, 0.0, "{}")]).row(0)
    (7, 'cards', 'Thompson', 4, 0.0, '{}')
    """
    columns = columns_of(table)
    values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pl.DataFrame([_series(c.name, c.kind, v) for c, v in zip(columns, values, strict=True)])


def _series(name: str, kind: str, values: Sequence[Any]) -> pl.Series:
    if kind == "flag":
        return pl.Series(name, list(map(_FLAGS.get, values)), pl.Boolean)
    if kind == "versions":
        return _versions(name, values)
    try:
        return pl.Series(name, values, _TYPES[kind])
    except (TypeError, pl.exceptions.PolarsError):  # a row was written by other hands
        wanted = {"integer": int, "real": float}.get(kind, str)
        return pl.Series(name, [v if type(v) is wanted else None for v in values], _TYPES[kind])


def _versions(name: str, values: Sequence[Any]) -> pl.Series:
    places: dict[Any, int] = {}  # few texts differ, and lists are slow to build one by one
    taken = [places.setdefault(text, len(places)) for text in values]
    lists = pl.Series(name, [_list_of(text) for text in places], _TYPES["versions"])
    return lists.gather(taken)


def _list_of(text: Any) -> list[int] | None:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return None
    whole = isinstance(found, list) and all(type(version) is int for version in found)
    return found if whole else None


def unpack(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Spread a JSON column over one column per name, called ``column.name``.

    Parameters
    ----------
    frame
        A table of a store.
    column
        Which of its JSON columns: "context", "terms", "configuration", "labels", ...

    Returns
    -------
    polars.DataFrame
        The new columns stand where the packed one stood. Numbers, booleans, texts and
        equally deep lists of them keep their type (whole numbers among fractions become
        fractions); in a column of mixed types all values are texts. Names that a row does
        not have, and rows whose text is no JSON object, give null.

    Raises
    ------
    BadInput
        If the frame has no such column of text.

    Examples
    --------
    >>> jobs = pl.DataFrame({"job_id": ["a", "b"], "context": ['{"light":0.5}', '{"light":1}']})
    >>> unpack(jobs, "context").to_dict(as_series=False)
    {'job_id': ['a', 'b'], 'context.light': [0.5, 1.0]}
    """
    if frame.schema.get(column) != pl.String():
        texts = [name for name, kind in frame.schema.items() if kind == pl.String()]
        raise BadInput(
            f"unpack takes the name of a JSON column. Got {column!r}; "
            f"the frame's columns of text are: {', '.join(texts) or 'none'}."
        )
    objects = [_object_of(text) for text in frame[column]]
    names = dict.fromkeys(name for found in objects for name in found)
    place = frame.columns.index(column)
    unpacked = [
        column_of(f"{column}.{clean(name)}", [found.get(name) for found in objects])
        for name in names
    ]
    before, after = frame.columns[:place], frame.columns[place + 1 :]
    return frame.select(*before, *unpacked, *after)


def _object_of(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text is not None else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def column_of(name: str, values: list[Any]) -> pl.Series:
    """A column of the type that the values have in common, else of texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        values = [value if value is None else float(value) for value in values]
    elif len(kinds) > 1 or any(map(_holds_objects, values)):
        values = [value if value is None else _shown(value) for value in values]
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, OverflowError, ValueError, pl.exceptions.PolarsError):
        return pl.Series(name, [v if v is None else _shown(v) for v in values], pl.String)


def _holds_objects(value: Any) -> bool:
    """Whether a dictionary is in it: as a column it would take one row's names for all."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_objects, value)))


def _shown(value: Any) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
