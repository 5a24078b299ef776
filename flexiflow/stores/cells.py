"""One record as a row of plain text, numbers and booleans, each cell checked.

Almost every record has just the types that its columns ask for. Such a row is recognised by
the types of its fields and checked as a whole; only others are looked at cell by cell.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from flexiflow.encode import clean, to_mapping, to_state
from flexiflow.errors import BadInput
from flexiflow.stores.columns import TABLES, Column

Row = tuple[Any, ...]
"""The columns of a table without ``seq``."""
Write = Callable[[Any], Any]

_TYPES: dict[str, type] = {"text": str, "integer": int, "real": float, "flag": bool}
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


class _Plan(NamedTuple):
    """Where the fields of plain records of one shape are, by what they hold."""

    texts: Callable[[Row], Row]
    wholes: Callable[[Row], Row]
    reals: Callable[[Row], Row]
    others: tuple[tuple[int, Write], ...]


def row_of(table: str, record: tuple[Any, ...]) -> Row:
    """Turn a record into a row of a table.

    Raises
    ------
    BadInput
        If a field does not hold what it should.
    """
    try:
        plan = _plan(table, tuple(map(type, record)))
        if plan is None or not _is_sound(plan, record):
            writers = _WRITERS[table]
            return tuple([write(value) for write, value in zip(writers, record, strict=True)])
        row = list(record)
        for at, write in plan.others:
            row[at] = write(row[at])
        return tuple(row)
    except Exception as error:
        raise _fault(table, record) from error


@lru_cache(maxsize=1024)
def _plan(table: str, types: tuple[type, ...]) -> _Plan | None:
    """How to write records of these types; None if they are not those of the columns."""
    columns = TABLES[table][1:]
    at: dict[type, list[int]] = {str: [], int: [], float: []}
    others = []
    if len(types) != len(columns):
        return None
    for place, (column, found) in enumerate(zip(columns, types, strict=True)):
        wanted = _TYPES.get(column.kind)
        if wanted is None:
            others.append((place, _WRITERS[table][place]))
        elif found is wanted:
            at.setdefault(wanted, []).append(place)
        elif not (column.optional and found is type(None)):
            return None
    return _Plan(_getter(at[str]), _getter(at[int]), _getter(at[float]), tuple(others))


def _getter(places: list[int]) -> Callable[[Row], Row]:
    if len(places) > 1:
        return operator.itemgetter(*places)
    return lambda record: tuple([record[place] for place in places])


def _is_sound(plan: _Plan, record: Row) -> bool:
    """Whether all its texts, whole numbers and reals can be written as they are."""
    text = "".join(plan.texts(record))
    wholes = plan.wholes(record)
    total = sum(plan.reals(record))
    if "\0" in text or total != total:  # NaN alone differs from itself
        return False
    if wholes and (max(wholes) > _HIGHEST or min(wholes) < _LOWEST):
        return False
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _fault(table: str, record: tuple[Any, ...]) -> BadInput:
    """Say which field could not be written."""
    columns, writers = TABLES[table][1:], _WRITERS[table]
    for column, write, value in zip(columns, writers, record, strict=False):
        try:
            write(value)
        except Exception as error:
            return BadInput(
                f"{column.name!r} in a row of {table!r} must be {_expected(column)}: {error}."
            )
    return BadInput(f"A row of {table!r} must have {len(columns)} fields. Got {len(record)}.")


def _expected(column: Column) -> str:
    words = {
        "text": "text",
        "integer": "a whole number of 64 bits",
        "real": "a number",
        "flag": "True or False",
        "json": "a mapping",
        "versions": "whole numbers",
    }
    return words[column.kind] + (" or None" if column.optional else "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {type(value).__name__}")
    if type(value) is not str:
        value = str.__str__(value)
    return value if value.isascii() and "\0" not in value else clean(value)


def _integer(value: Any) -> int:
    number = operator.index(value)
    if not _LOWEST <= number <= _HIGHEST:
        raise ValueError(f"got {number}")
    return number


def _real(value: Any) -> float | None:
    if type(value) is not float:
        if isinstance(value, str):
            raise TypeError("got text")
        value = float(value)
    return value if value == value else None


def _flag(value: Any) -> bool:
    if value is True or value is False:
        return value
    if type(value).__name__ not in ("bool", "bool_"):  # NumPy's
        raise TypeError(f"got {value!r}")
    return bool(value)


def _json(value: Any) -> str:
    if not isinstance(value, Mapping):
        raise TypeError(f"got {type(value).__name__}")
    return to_mapping(value)


def _versions(value: Any) -> str:
    return f"[{','.join([str(int(_integer(version))) for version in value])}]"


def _or_none(write: Write) -> Write:
    return lambda value: None if value is None else write(value)


_BY_KIND: dict[str, Write] = {
    "text": _text,
    "integer": _integer,
    "real": _real,
    "flag": _flag,
    "json": _json,
    "versions": _versions,
}


def _writers(table: str) -> list[Write]:
    writers = [
        _or_none(_BY_KIND[c.kind]) if c.optional else _BY_KIND[c.kind] for c in TABLES[table][1:]
    ]
    if table == "snapshots":
        writers[-1] = to_state
    return writers


_WRITERS = {table: _writers(table) for table in TABLES}
