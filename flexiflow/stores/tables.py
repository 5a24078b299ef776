"""The tables of a store as SQLAlchemy knows them; the only place that says how they are kept.

Their names carry a prefix, so that they can live in a database with others.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    inspect,
    update,
)
from sqlalchemy.types import TypeEngine

from flexiflow.stores.columns import TABLES

FORMAT = 3
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


def add_columns(connection: Connection) -> None:
    """Give tables that an earlier version made the columns that came since; there they are null."""
    there, dialect = inspect(connection), connection.dialect
    for table in SQL.values():
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                name, kind = dialect.identifier_preparer.quote(column.name), column.type
                said = "ADD COLUMN" if dialect.name == "sqlite" else "ADD COLUMN IF NOT EXISTS"
                told = f"ALTER TABLE {table.name} {said} {name} {kind.compile(dialect)}"
                connection.exec_driver_sql(told)
    connection.execute(update(META).where(META.c.name == "format").values(value=FORMAT))
