"""The statements of a store, compiled once for a database and run by its driver.

Plain driver calls with positional parameters: several times as fast as building each
statement anew, and the same on all databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Dialect

from flexiflow.stores.columns import WRITTEN_WITH_THE_JOB, Filters
from flexiflow.stores.tables import META, SQL

Statement = Select[Any] | Insert | Update | Delete
TOGETHER = 500
"""How many keys are looked for in one statement."""
_CLOCK: ColumnElement[str] = literal_column("'clock'")


class Compiled(NamedTuple):
    """A statement's text, and the values it carries by itself."""

    text: str
    values: tuple[Any, ...]


class Statements:
    """Makes the statements that a store needs, in the words of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.insert = cache(self._insert)
        self.tick = self._compile(
            update(META)
            .where(META.c.name == _CLOCK)
            .values(value=META.c.value + bindparam("size", type_=META.c.value.type))
        ).text
        self.clock = self._compile(select(META.c.value).where(META.c.name == _CLOCK)).text
        self.known = cache(self._known)
        self.remove = cache(self._remove)
        snapshots = SQL["snapshots"]
        self.remove_snapshot = self._compile(
            delete(snapshots).where(
                snapshots.c.workflow == bindparam("of_workflow"),
                snapshots.c.sampler == bindparam("of_sampler"),
            )
        ).text

    def _compile(self, statement: Statement) -> Compiled:
        options = {"render_postcompile": True}
        made = statement.compile(dialect=self._dialect, compile_kwargs=options)
        names: Sequence[str] = getattr(made, "positiontup", None) or ()
        return Compiled(str(made), tuple(made.params[name] for name in names))

    def _insert(self, table: str) -> str:
        """Insert one row of all columns, ``seq`` first."""
        return self._compile(insert(SQL[table])).text

    def _known(self, table: str, key: str, count: int) -> str:
        """Find which of ``count`` keys are there."""
        column = SQL[table].c[key]
        return self._compile(select(column).where(column.in_([""] * count))).text

    def _remove(self, table: str) -> str:
        """Remove the rows of a job."""
        table_ = SQL[table]
        return self._compile(delete(table_).where(table_.c.job_id == bindparam("job"))).text

    def read(self, table: str, filters: Filters) -> Compiled:
        """Read a table in the order of ``seq``."""
        it, jobs = SQL[table], SQL["jobs"]
        statement = select(it).order_by(it.c.seq)
        for name, value in filters.own.items():
            statement = statement.where(
                it.c[name] > value if name == "seq" else it.c[name] == value
            )
        if filters.job:
            statement = statement.join(jobs, jobs.c.job_id == it.c.job_id)
        for name, value in filters.job.items():
            if name == "seq":
                statement = statement.where(jobs.c.seq > value)
                if table in WRITTEN_WITH_THE_JOB:  # so they come after it: spares a full scan
                    statement = statement.where(it.c.seq > value)
            else:
                statement = statement.where(jobs.c[name] == value)
        if filters.limit is not None:
            statement = statement.limit(filters.limit)
        return self._compile(statement)
