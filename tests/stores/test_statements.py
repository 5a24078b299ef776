"""The statements in the words of a database that is not at hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from flexiflow.stores import SQLStore
from flexiflow.stores.columns import TABLES, filters_of
from flexiflow.stores.statements import Statements
from flexiflow.stores.tables import SQL


@pytest.fixture(scope="module")
def say() -> Statements:
    return Statements(postgresql.dialect(paramstyle="format"))


@pytest.mark.parametrize("table", list(TABLES))
def test_rows_are_inserted_by_position(say: Statements, table: str) -> None:
    text = say.insert(table)
    names = text[text.index("(") + 1 : text.index(")")].replace('"', "").split(", ")
    assert names == [column.name for column in TABLES[table]]
    # Where a driver wants types, they are casts of the same places.
    assert text.count("%s") == len(names)


def test_the_values_of_a_reading_stand_in_its_order(say: Statements) -> None:
    asked: dict[str, str | int | None] = {"run": "r", "job_id": "j", "workflow": "w", "seq": 7}
    text, values = say.read("attempts", filters_of("attempts", asked, 5))
    assert values == ("j", "r", "w", 7, 7, 5)
    assert text.count("%s") == 6
    assert "ORDER BY flexiflow_attempts.seq" in text


def test_keys_are_looked_for_together(say: Statements) -> None:
    assert say.known("jobs", "job_id", 3).count("%s") == 3


def test_the_clock_moves_by_one_parameter(say: Statements) -> None:
    assert say.tick.count("%s") == 1
    assert say.clock.count("%s") == 0
    assert say.remove("attempts").count("%s") == 1
    assert say.remove_snapshot.count("%s") == 2


def test_seq_is_the_row_id_of_sqlite_and_64_bits_elsewhere() -> None:
    assert "seq INTEGER NOT NULL" in str(CreateTable(SQL["jobs"]).compile(dialect=sqlite.dialect()))
    made = str(CreateTable(SQL["jobs"]).compile(dialect=postgresql.dialect()))
    assert "seq BIGINT NOT NULL" in made
    assert "started DOUBLE PRECISION" in made
    assert "passed BOOLEAN" in made


def test_readings_of_one_shape_share_their_text(say: Statements) -> None:
    here = Statements(sqlite.dialect())
    for it in (say, here):
        one, two = (
            it.read("feedback", filters_of("feedback", {"job_id": job}, limit))
            for job, limit in (("a", 1), ("b", 2))
        )
        assert one.text == two.text
        assert (one.values[:2], two.values[:2]) == (("a", 1), ("b", 2))
        assert it.read("feedback", filters_of("feedback", {"job_id": "a"}, None)).values == ("a",)


def test_what_was_told_since_is_found_without_a_look_at_all_jobs(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.read("jobs")
        filters = filters_of("feedback", {"workflow": "w", "seq": 7}, None)
        text, values = Statements(sqlite.dialect()).read("feedback", filters)
    with closing(sqlite3.connect(tmp_path / "flexiflow.sqlite")) as driver:
        plan = [row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert [step.split()[1] for step in plan] == ["flexiflow_feedback", "flexiflow_jobs"]
    assert not any("TEMP" in step for step in plan)
