"""The tables of a store as SQLAlchemy knows them; the only place that says how they are kept.

Their names carry a prefix, so that they can live in a database with others.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from flexiflow.stores.columns import TABLES

FORMAT = 1
"""Version of the tables' form; a store of a higher one is not touched."""

METADATA = MetaData()

META = Table(
    "flexiflow_meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Two rows: "format", and "clock", the last ``seq`` given out."""

_WHOLE = BigInteger().with_variant(Integer(), "sqlite")  # an INTEGER key is SQLite's own row id
_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "json": Text(),
    "versions": Text(),
    "integer": _WHOLE,
    "real": Double(),
    "flag": Boolean(create_constraint=False),
}

_KEYS = {
    "jobs": ("job_id",),
    "definitions": ("digest",),
    "snapshots": ("workflow", "sampler"),
}
_SEARCHED = {
    "jobs": (("workflow", "seq"), ("run",)),
    "attempts": (("job_id",),),
    "verdicts": (("job_id",),),
    "feedback": (("job_id",),),
    "effects": (("job_id",),),
}


def _table(name: str) -> Table:
    columns = [
        Column(
            column.name,
            _TYPES[column.kind],
            primary_key=column.name == "seq",
            autoincrement=False,
            nullable=column.name not in ("seq", *_KEYS.get(name, ())),
        )
        for column in TABLES[name]
    ]
    table = Table(f"flexiflow_{name}", METADATA, *columns)
    if name in _KEYS:
        Index(f"flexiflow_{name}_key", *(table.c[key] for key in _KEYS[name]), unique=True)
    for names in _SEARCHED.get(name, ()):
        Index(f"flexiflow_{name}_{names[0]}", *(table.c[key] for key in names))
    return table


SQL = {name: _table(name) for name in TABLES}
"""The tables of records, by the names that readers use."""
