"""The seam behind which every memory of jobs looks the same.

A store is a log. ``append`` writes records in one transaction, ``read`` gives a table back as
a frame. Every row has a ``seq``, drawn from one clock for all tables: it grows in the order in
which rows became visible, over jobs and feedback alike. Who has read up to some ``seq`` finds
all that is new with ``after=`` and misses nothing, whoever wrote it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flexiflow.records import Record

if TYPE_CHECKING:
    import polars as pl


class Store(ABC):
    """Where the records of jobs are kept; one object serves all threads of a process.

    Examples
    --------
    >>> from flexiflow.stores import MemoryStore
    >>> with MemoryStore() as store:
    ...     store.read("jobs").height
    0
    """

    @abstractmethod
    def append(self, records: Sequence[Record]) -> None:
        """Write records, all or none; when this returns, they are durable.

        A job that is appended again replaces the earlier one with its attempts and verdicts,
        and moves to the end of the log: to who reads on it is news. A definition that is
        known is passed over. A snapshot replaces that of the same workflow and sampler.
        Feedback and effects are only ever added.

        Parameters
        ----------
        records
            Outcomes (each with its attempts and verdicts), feedback, effects, definitions,
            snapshots, in any mix.

        Raises
        ------
        BadInput
            If one of them cannot be written; nothing of this call is.
        StoreError
            If the database cannot be written: ``StoreFull``, ``StoreLocked``,
            ``StoreCorrupt``. Nothing of this call is kept, all earlier calls are.
        """

    @abstractmethod
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
        """Read a table in the order of ``seq``, with the same columns also when it is empty.

        Parameters
        ----------
        table
            One of jobs, attempts, verdicts, feedback, effects, definitions, snapshots.
        workflow, run, job_id
            Only rows of these; attempts, verdicts and feedback are found through their job.
        after
            Only rows with a larger ``seq``; for attempts and verdicts it is the ``seq`` of
            their job that counts, for feedback its own: what was told since.
        limit
            At most so many rows, the earliest first.

        Returns
        -------
        polars.DataFrame
            With the schema of ``flexiflow.stores.SCHEMAS[table]``.

        Raises
        ------
        BadInput
            If there is no such table, or the table does not know such a filter.
        StoreError
            If the database cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
