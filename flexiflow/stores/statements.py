"""The statements of a store, compiled once for a database and run by its driver.

Plain driver calls with positional parameters: several times as fast as building each
statement anew, and the same on all databases.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Dialect

from flexiflow.stores.columns import Filters
from flexiflow.stores.tables import META, SQL

Statement = Select[Any] | Insert | Update | Delete
TOGETHER = 500
"""How many keys are looked for in one statement."""
_CLOCK: ColumnElement[str] = literal_column("'clock'")


class Compiled(NamedTuple):
    """A statement's text, the names of its values in their order, and those it has itself."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]


class Reading(NamedTuple):
    """A statement that reads, and its values in their order."""

    text: str
    values: tuple[str | int, ...]


class Statements:
    """Makes the statements that a store needs, in the words of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.insert = cache(self._insert)
        self._reading = cache(self._read)
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
        names: tuple[str, ...] = tuple(getattr(made, "positiontup", None) or ())
        return Compiled(str(made), names, made.params)

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

    def read(self, table: str, filters: Filters) -> Reading:
        """Read a table in the order of ``seq``."""
        limited = filters.limit is not None
        made = self._reading(table, tuple(filters.own), tuple(filters.job), limited)
        values = {**made.fixed}
        values |= {f"own_{name}": value for name, value in filters.own.items()}
        values |= {f"job_{name}": value for name, value in filters.job.items()}
        values["most"] = filters.limit
        return Reading(made.text, tuple(values[name] for name in made.names))

    def _read(
        self, table: str, own: tuple[str, ...], job: tuple[str, ...], limited: bool
    ) -> Compiled:
        """Read a table, filtered by columns of its own and of the job its rows belong to."""
        it, jobs = SQL[table], SQL["jobs"]
        statement = select(it).order_by(it.c.seq)
        for name in own:
            value = bindparam(f"own_{name}", type_=it.c[name].type)
            statement = statement.where(
                it.c[name] > value if name == "seq" else it.c[name] == value
            )
        if job:
            statement = statement.join(jobs, jobs.c.job_id == it.c.job_id)
        for name in job:
            value = bindparam(f"job_{name}", type_=jobs.c[name].type)
            if name == "seq":  # rows come after their job: to say so spares a full scan
                statement = statement.where(jobs.c.seq > value, it.c.seq > value)
            elif "seq" in own:  # few rows: begin with them, not with all jobs of a workflow
                statement = statement.where(func.coalesce(jobs.c[name], "") == value)
            else:
                statement = statement.where(jobs.c[name] == value)
        if limited:
            statement = statement.limit(bindparam("most", type_=BigInteger()))
        return self._compile(statement)
