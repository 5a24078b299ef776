"""Stores that an earlier version made get the columns that came since, and lose nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from cells import cell
from contracts.store_contract import StoreContract
from contracts.store_records import outcome, verdict

from flexiflow.records import Feedback, Outcome
from flexiflow.stores import SCHEMAS, SQLStore
from flexiflow.stores.columns import TABLES
from flexiflow.stores.tables import FORMAT

ROOT = Path(__file__).parent.parent.parent
NEW = {
    "verdicts": ("threshold", "statistic", "group", "terms"),
    "feedback": ("rejected",),
    "attempts": ("cold",),
}


def make_old(folder: Path) -> dict[str, pl.DataFrame]:
    """Set a store back to format 1; its tables as they were, without the new columns."""
    with SQLStore(folder) as store:
        before = {table: store.read(table) for table in TABLES}
        path = store.location
    with closing(sqlite3.connect(path)) as connection:
        for table, columns in NEW.items():
            for column in columns:
                connection.execute(f'ALTER TABLE flexiflow_{table} DROP COLUMN "{column}"')
        connection.execute("UPDATE flexiflow_meta SET value = 1 WHERE name = 'format'")
        connection.commit()
    return {t: frame.drop(NEW.get(t, ())) for t, frame in before.items()}


def old_store(folder: Path, jobs: int = 5) -> dict[str, pl.DataFrame]:
    with SQLStore(folder) as store:
        store.append([outcome(f"{k}") for k in range(jobs)])
        store.append([Feedback("1", 5.0, {"label": "Austria"}, {"exact": 1.0}, 0.5)])
    return make_old(folder)


def meta(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "flexiflow.sqlite")) as connection:
        return dict(connection.execute("SELECT name, value FROM flexiflow_meta"))


def test_old_rows_stay_and_have_nulls_where_nothing_was_known(tmp_path: Path) -> None:
    before = old_store(tmp_path)
    clock = meta(tmp_path)["clock"]
    with SQLStore(tmp_path) as store:
        assert not store.fresh
        for table, frame in before.items():
            after = store.read(table)
            assert after.schema == SCHEMAS[table]
            assert after.drop(NEW.get(table, ())).equals(frame)
            for column in NEW.get(table, ()):
                assert after[column].null_count() == frame.height > 0
    assert meta(tmp_path) == {"format": FORMAT, "clock": clock}


def test_what_is_written_then_has_all_columns(tmp_path: Path) -> None:
    old_store(tmp_path)
    whole = verdict("new", threshold=0.75, statistic=0.5, group="a", terms={"exact": 1.0})
    told = Feedback("new", 6.0, {}, {"exact": 1.0}, 1.0, {"0": {"exact": None}})
    with SQLStore(tmp_path) as store:
        job = outcome("new", verdicts=0)
        store.append([Outcome(job.job, job.attempts, (whole,)), told])
    with SQLStore(tmp_path) as store:  # opened again: nothing more to do
        (row,) = store.read("verdicts", job_id="new").rows(named=True)
        assert [row[c] for c in NEW["verdicts"]] == [0.75, 0.5, "a", '{"exact":1.0}']
        (row,) = store.read("feedback", job_id="new").rows(named=True)
        assert row["rejected"] == '{"0":{"exact":null}}'
        assert store.read("jobs")["job_id"].to_list() == ["0", "1", "2", "3", "4", "new"]
        assert store.read("verdicts")["seq"].is_sorted()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    old_store(tmp_path)
    tables = []
    for _ in range(2):
        SQLStore(tmp_path).close()
        with closing(sqlite3.connect(tmp_path / "flexiflow.sqlite")) as connection:
            tables.append(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert tables[0] == tables[1]


def test_columns_that_are_there_already_are_left(tmp_path: Path) -> None:
    old_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "flexiflow.sqlite")) as connection:
        connection.execute("ALTER TABLE flexiflow_verdicts ADD COLUMN statistic DOUBLE")
        connection.execute("UPDATE flexiflow_verdicts SET statistic = 0.25")
        connection.commit()
    with SQLStore(tmp_path) as store:
        assert set(store.read("verdicts")["statistic"]) == {0.25}
        assert store.read("verdicts")["threshold"].null_count() == 10


def test_threads_that_open_at_once_all_find_it_done(tmp_path: Path) -> None:
    before = old_store(tmp_path, jobs=20)
    barrier, errors = threading.Barrier(6), list[BaseException]()

    def open_and_write(k: int) -> None:
        try:
            barrier.wait()
            with SQLStore(tmp_path) as store:
                store.append([outcome(f"thread {k}")])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=open_and_write, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with SQLStore(tmp_path) as store:
        assert store.read("jobs")[:20].equals(before["jobs"])
        assert sorted(store.read("jobs")["job_id"][20:]) == [f"thread {k}" for k in range(6)]


WRITER = """
import sys, time
from pathlib import Path
from contracts.store_records import outcome
from flexiflow.stores import SQLStore
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with SQLStore(folder) as store:
    store.append([outcome(sys.argv[2])])
"""


def test_processes_that_open_at_once_all_find_it_done(tmp_path: Path) -> None:
    before = old_store(tmp_path)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert (writer.returncode, said) == (0, "")
    assert meta(tmp_path)["format"] == FORMAT
    with SQLStore(tmp_path) as store:
        assert store.read("jobs")[:5].equals(before["jobs"])
        assert sorted(store.read("jobs")["job_id"][5:]) == ["one", "two"]


TEXT = """w(x, truth=None)
y = (a | b)(x)
assert len(y) >= threshold(2, by=x)
maximize(y == truth)
"""


def test_a_workflow_goes_on_where_it_was(tmp_path: Path) -> None:
    names = {"a": lambda x: "a", "b": lambda x: "bb"}
    with SQLStore(tmp_path) as store:
        run = cell(TEXT, names, store=store).run([{"x": "x"}] * 12, seed=1)
        verdicts, job_id = run.verdicts.height, run.jobs["job_id"][0]
    make_old(tmp_path)
    with closing(sqlite3.connect(tmp_path / "flexiflow.sqlite")) as connection:
        ((state,),) = connection.execute("SELECT state FROM flexiflow_snapshots")
        beliefs = json.loads(state)
        del beliefs["sampler"]["workflows"]["w"]["cutoffs"]  # it knew nothing of them
        connection.execute("UPDATE flexiflow_snapshots SET state = ?", [json.dumps(beliefs)])
        connection.commit()
    with SQLStore(tmp_path) as store:
        it = cell(TEXT, names, store=store)
        with pytest.warns(UserWarning, match="learned again from the log"):
            it.feedback(job_id, truth="bb")
        again = it.run([{"x": "x"}] * 3, seed=2)
        assert it.log().height == 15
        assert store.read("verdicts").height == verdicts + again.verdicts.height
        assert again.verdicts["threshold"].null_count() == 0
        (cutoffs,) = it.sampler.about("w").cutoffs.values()  # of the new jobs alone
        assert sum(map(len, cutoffs.seen.values())) == again.verdicts.height


class TestMigrated(StoreContract):
    """A store that was of format 1 does all that a new one does."""

    @pytest.fixture
    def store(self, tmp_path: Path):
        SQLStore(tmp_path).close()
        make_old(tmp_path)
        with SQLStore(tmp_path) as store:
            yield store
