"""All rows of one append, made and checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flexiflow.errors import BadInput
from flexiflow.records import Definition, Effect, Feedback, Outcome, Record, Snapshot
from flexiflow.stores.cells import Row, row_of

_OTHERS = {
    Feedback: "feedback",
    Effect: "effects",
    Definition: "definitions",
    Snapshot: "snapshots",
}


class Numbered(NamedTuple):
    """A row and its place in the append that brings it."""

    place: int
    row: Row


class Batch(NamedTuple):
    """All rows of one append, ready to be written; the last of equal keys counts."""

    jobs: dict[str, Numbered]
    attempts: dict[str, list[Numbered]]
    verdicts: dict[str, list[Numbered]]
    feedback: list[Numbered]
    effects: list[Numbered]
    definitions: dict[str, Numbered]
    snapshots: dict[tuple[str, str], Numbered]
    size: int


def batch_of(records: Sequence[Record]) -> Batch:
    """Turn records into rows.

    Raises
    ------
    BadInput
        If something is not a record, or a field does not hold what it should.
    """
    batch = Batch({}, {}, {}, [], [], {}, {}, 0)
    place = 0
    for record in records:
        if isinstance(record, Outcome):
            place = _add_outcome(batch, record, place)
            continue
        table = _OTHERS.get(type(record))
        if table is None:
            raise BadInput(
                "A store takes Outcome, Feedback, Effect, Definition and Snapshot records. "
                f"Got {type(record).__name__} instead."
            )
        place += 1
        row = Numbered(place, row_of(table, record))
        if table == "definitions":
            batch.definitions.setdefault(row.row[0], row)
        elif table == "snapshots":
            batch.snapshots[row.row[:2]] = row
        else:
            (batch.feedback if table == "feedback" else batch.effects).append(row)
    return batch._replace(size=place)


def _add_outcome(batch: Batch, outcome: Outcome, place: int) -> int:
    job = row_of("jobs", outcome.job)
    parts = ("attempts", outcome.attempts), ("verdicts", outcome.verdicts)
    batch.jobs[job[0]] = Numbered(place := place + 1, job)
    for table, records in parts:
        rows = []
        for record in records:
            rows.append(Numbered(place := place + 1, row_of(table, record)))
            if rows[-1].row[0] != job[0]:
                raise BadInput(
                    f"The {table} of an outcome must be of its own job {job[0]!r}. "
                    f"Got one of {rows[-1].row[0]!r}."
                )
        (batch.attempts if table == "attempts" else batch.verdicts)[job[0]] = rows
    return place
