"""A store in a SQL database: the embedded SQLite file, or a shared server.

Every append is one transaction. It begins by moving the log's clock on, which also makes
writers queue: rows become visible in the order of their ``seq``, on every database.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine, create_engine, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.pool import QueuePool

from flexiflow.errors import StoreError
from flexiflow.records import Record
from flexiflow.stores import sqlite
from flexiflow.stores.base import Store
from flexiflow.stores.columns import filters_of
from flexiflow.stores.failures import explaining
from flexiflow.stores.rows import Batch, Numbered, batch_of
from flexiflow.stores.servers import connect_to, url_of
from flexiflow.stores.statements import TOGETHER, Statements
from flexiflow.stores.tables import FORMAT, META, METADATA, add_columns

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 20_000  # rows fetched at once
_WRITING = "BEGIN IMMEDIATE"  # SQLite: queue here, not in the midst of the transaction


class SQLStore(Store):
    """Remembers in a SQL database, safe for many threads and processes at once.

    Parameters
    ----------
    url_or_path
        A file, a folder, or a URL such as ``postgresql://user@host/database``. Default:
        ``flexiflow.sqlite`` in the folder ``FLEXIFLOW_HOME``, or in ``.flexiflow`` under the
        working directory.
    durability
        What an acknowledged append survives, for files: "process", the end of the process by
        any means; "power", a power cut too, at a tenth of the speed.
    timeout
        Seconds to wait while another process writes, for files.

    Attributes
    ----------
    location : str
        Where it is, without a password.
    fresh : bool
        Whether this call made it.

    Raises
    ------
    StoreCorrupt
        If the file is something else, or damaged; it is left untouched.
    StoreError
        If it cannot be opened or reached, or was written by a later version.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, SQLStore(folder) as store:
    ...     store.read("attempts").columns[:4]
    ['seq', 'job_id', 'step', 'node']
    """

    def __init__(
        self,
        url_or_path: str | os.PathLike[str] | None = None,
        *,
        durability: Literal["process", "power"] = "process",
        timeout: float = 30.0,
    ) -> None:
        sqlite.check_durability(durability)
        self._lock = threading.Lock()  # queueing in a process is quicker than SQLite's waiting
        self._process = os.getpid()
        self._closed = False
        url = url_of(url_or_path)
        self._sqlite = url is None
        if url is None:
            self._engine = self._open_file(url_or_path, durability, timeout)
        else:
            self.location = url.render_as_string(hide_password=True)
            self._engine = connect_to(url)
        # Files are closed also when nobody calls close().
        self._dispose = weakref.finalize(self, self._engine.dispose)
        self._statements = Statements(self._engine.dialect)
        try:
            with explaining(self.location):
                self.fresh = self._prepare()
        except BaseException:
            self.close()
            raise

    def _open_file(
        self,
        path: str | os.PathLike[str] | None,
        durability: Literal["process", "power"],
        timeout: float,
    ) -> Engine:
        file = sqlite.place_of(path)
        self.location = str(file)
        connect = sqlite.connector(file, durability, timeout)
        with explaining(self.location):
            if not sqlite.is_store(file, timeout):
                sqlite.use_wal(connect, timeout)
        return create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)

    def _prepare(self) -> bool:
        """Make the tables if there are none, and check their format; whether they were made."""
        try:
            made = self._make_tables()
        except (IntegrityError, ProgrammingError):  # another process made them meanwhile
            made = self._make_tables()
        with self._engine.connect() as connection:
            asked = select(META.c.value).where(META.c.name == "format")
            found = connection.execute(asked).scalar()
        sqlite.check_format(found, FORMAT, self.location)
        if found != FORMAT:
            with self._engine.connect() as connection:
                if self._sqlite:
                    connection.exec_driver_sql(_WRITING)
                add_columns(connection)
                connection.commit()
        return made

    def _make_tables(self) -> bool:
        with self._engine.connect() as connection:
            if inspect(connection).has_table(META.name):
                return False
        with self._engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql(_WRITING)
            METADATA.create_all(connection)
            if connection.execute(select(func.count()).select_from(META)).scalar():
                return False
            rows = [{"name": "format", "value": FORMAT}, {"name": "clock", "value": 0}]
            connection.execute(insert(META), rows)
            connection.commit()
        return True

    @contextmanager
    def _transaction(self, begin: str = "BEGIN") -> Iterator[Any]:
        """A driver's connection in a transaction, rolled back unless it is committed."""
        self._check_usable()
        connection = self._engine.raw_connection()
        try:
            if self._sqlite:
                connection.driver_connection.execute(begin)  # type: ignore[union-attr]  # it is open
            yield connection.driver_connection
        finally:
            connection.close()

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreError(f"The store {self.location} has been closed. Open it again.")
        if self._process != os.getpid():
            raise StoreError(
                f"The store {self.location} was opened before this process was forked, and its "
                "connections cannot be shared. Open a SQLStore of its own here, in a process "
                "that was started with 'spawn'."
            )

    def append(self, records: Sequence[Record]) -> None:
        """Write records, all or none; see :meth:`Store.append`."""
        batch = batch_of(records)
        if not batch.size:
            return
        self._check_usable()  # before the lock: a forked process may have inherited it taken
        with explaining(self.location), self._lock, self._transaction(_WRITING) as connection:
            with closing(connection.cursor()) as cursor:
                self._write(cursor, batch)
            connection.commit()

    def _write(self, cursor: Any, batch: Batch) -> None:
        say = self._statements
        cursor.execute(say.tick, (batch.size,))
        cursor.execute(say.clock)
        base = cursor.fetchone()[0] - batch.size

        def put(table: str, rows: Sequence[Numbered]) -> None:
            if rows:
                whole = [(base + place, *row) for place, row in rows]
                cursor.executemany(say.insert(table), whole)

        for job_id in self._known(cursor, "jobs", "job_id", list(batch.jobs)):
            for table in ("jobs", "attempts", "verdicts"):
                cursor.execute(say.remove(table), (job_id,))
        put("jobs", list(batch.jobs.values()))
        put("attempts", [row for rows in batch.attempts.values() for row in rows])
        put("verdicts", [row for rows in batch.verdicts.values() for row in rows])
        put("feedback", batch.feedback)
        put("effects", batch.effects)
        old = self._known(cursor, "definitions", "digest", list(batch.definitions))
        put("definitions", [row for key, row in batch.definitions.items() if key not in old])
        for key in batch.snapshots:
            cursor.execute(say.remove_snapshot, key)
        put("snapshots", list(batch.snapshots.values()))

    def _known(self, cursor: Any, table: str, key: str, values: list[str]) -> set[str]:
        """Which of the keys the table holds."""
        found: set[str] = set()
        for start in range(0, len(values), TOGETHER):
            some = values[start : start + TOGETHER]
            cursor.execute(self._statements.known(table, key, len(some)), some)
            found.update(row[0] for row in cursor.fetchall())
        return found

    def read(
        self,
        table: str,
        *,
        workflow: str | None = None,
        run: str | None = None,
        job_id: str | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Read a table in the order of ``seq``; see :meth:`Store.read`."""
        asked = {"workflow": workflow, "run": run, "job_id": job_id, "seq": after}
        text, values = self._statements.read(table, filters_of(table, asked, limit))
        with explaining(self.location), self._transaction() as connection:
            try:
                return _frame(connection, table, text, values)
            except sqlite3.OperationalError as error:
                if not sqlite.is_undecodable(error):
                    raise
                with sqlite.decoding_anything(connection):
                    return _frame(connection, table, text, values)

    def close(self) -> None:
        """Let go of files and connections; closing twice does no harm."""
        self._closed = True
        self._dispose()


def _frame(driver: Any, table: str, text: str, values: tuple[Any, ...]) -> pl.DataFrame:
    """Run a query on a driver's connection, fetching in blocks to keep few rows as objects."""
    import polars as pl

    from flexiflow.stores.frames import frame_of

    with closing(driver.cursor()) as cursor:
        cursor.execute(text, values)
        frames = [frame_of(table, cursor.fetchmany(_BLOCK))]
        while rows := cursor.fetchmany(_BLOCK):
            frames.append(frame_of(table, rows))
    return frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=True)
