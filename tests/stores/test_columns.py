from __future__ import annotations

import pytest

from flexiflow.records import Attempt, Definition, Effect, Feedback, Job, Snapshot, Verdict
from flexiflow.stores.columns import TABLES

RECORDS = {
    "jobs": Job,
    "attempts": Attempt,
    "verdicts": Verdict,
    "feedback": Feedback,
    "effects": Effect,
    "definitions": Definition,
    "snapshots": Snapshot,
}


@pytest.mark.parametrize("table", list(RECORDS))
def test_the_columns_are_the_fields_of_the_record(table: str) -> None:
    names = [column.name for column in TABLES[table]]
    assert names == ["seq", *RECORDS[table]._fields]


def test_there_are_no_other_tables() -> None:
    assert set(TABLES) == set(RECORDS)
