"""A store in this process's memory: for tests, throw-away runs and simulations."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flexiflow.errors import StoreError
from flexiflow.records import Record
from flexiflow.stores.base import Store
from flexiflow.stores.columns import TABLES, filters_of
from flexiflow.stores.rows import Batch, Numbered, batch_of

if TYPE_CHECKING:
    import polars as pl

Whole = tuple[Any, ...]


class MemoryStore(Store):
    """Remembers until the process ends, or until it is closed.

    Examples
    --------
    >>> from flexiflow.records import Effect
    >>> store = MemoryStore()
    >>> store.append([Effect("job-1", "cards", "send", "mail", 0.0, "started")])
    >>> store.read("effects", job_id="job-1")["state"].to_list()
    ['started']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clock = 0
        self._closed = False
        # Rows by seq; a dict keeps them in the order of seq and lets single ones be removed.
        self._tables: dict[str, dict[int, Whole]] = {table: {} for table in TABLES}
        self._seqs_of: dict[str, dict[str, list[int]]] = {
            table: {} for table in ("jobs", "attempts", "verdicts")
        }

    def append(self, records: Sequence[Record]) -> None:
        """Write records, all or none; see :meth:`Store.append`."""
        batch = batch_of(records)
        with self._lock:
            self._check_open()
            for job_id in batch.jobs:
                self._remove(job_id)
            for table in self._seqs_of:
                self._write_of_jobs(table, batch)
            self._write("feedback", batch.feedback)
            self._write("effects", batch.effects)
            known = {row[1] for row in self._tables["definitions"].values()}
            fresh = [row for digest, row in batch.definitions.items() if digest not in known]
            self._write("definitions", fresh)
            snapshots = self._tables["snapshots"]
            for seq in [s for s, row in snapshots.items() if row[1:3] in batch.snapshots]:
                del snapshots[seq]
            self._write("snapshots", batch.snapshots.values())
            self._clock += batch.size

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("This store has been closed. Make a new MemoryStore().")

    def _remove(self, job_id: str) -> None:
        for table, seqs in self._seqs_of.items():
            for seq in seqs.pop(job_id, ()):
                del self._tables[table][seq]

    def _write_of_jobs(self, table: str, batch: Batch) -> None:
        for job_id, job in batch.jobs.items():
            rows = [job] if table == "jobs" else getattr(batch, table)[job_id]
            self._write(table, rows)
            self._seqs_of[table][job_id] = [self._clock + row.place for row in rows]

    def _write(self, table: str, rows: Iterable[Numbered]) -> None:
        for place, row in rows:
            self._tables[table][self._clock + place] = (self._clock + place, *row)

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
        from flexiflow.stores.frames import frame_of

        asked = {"workflow": workflow, "run": run, "job_id": job_id, "seq": after}
        filters = filters_of(table, asked, limit)
        with self._lock:
            self._check_open()
            rows = _matching(table, list(self._tables[table].values()), filters.own)
            if filters.job:
                jobs = _matching("jobs", list(self._tables["jobs"].values()), filters.job)
                wanted = {job[1] for job in jobs}
                rows = [row for row in rows if row[1] in wanted]
        return frame_of(table, sorted(rows)[: filters.limit])

    def close(self) -> None:
        """Forget everything; closing twice does no harm."""
        with self._lock:
            self._closed = True
            for rows in self._tables.values():
                rows.clear()
            self._seqs_of.clear()


def _matching(table: str, rows: list[Whole], wanted: dict[str, str | int]) -> list[Whole]:
    names = [column.name for column in TABLES[table]]
    for name, value in wanted.items():
        at = names.index(name)
        if name == "seq":
            rows = [row for row in rows if row[at] > value]
        else:
            rows = [row for row in rows if row[at] == value]
    return rows
