from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from contracts.store_contract import StoreContract
from contracts.store_records import outcome

from flexiflow.errors import BadInput, StoreError
from flexiflow.stores import SQLStore, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with SQLStore(tmp_path / "cards.sqlite") as store:
        yield store


class TestSQLStore(StoreContract):
    """The contract, in a file."""


@pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
def test_it_remembers_when_it_is_opened_again(
    tmp_path: Path, durability: str, synchronous: int
) -> None:
    with SQLStore(tmp_path, durability=durability) as store:
        assert store.fresh
        store.append([outcome("a")])
        with store._transaction() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with SQLStore(tmp_path) as again:
        assert not again.fresh
        again.append([outcome("b")])
        assert again.read("jobs")["job_id"].to_list() == ["a", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["flexiflow.sqlite"]


def test_the_default_place_is_a_hidden_folder_that_git_ignores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLEXIFLOW_HOME", raising=False)
    with SQLStore() as store:
        assert store.location == str(tmp_path / ".flexiflow" / "flexiflow.sqlite")
    assert (tmp_path / ".flexiflow" / ".gitignore").read_text() == "*\n"


def test_the_environment_names_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEXIFLOW_HOME", str(tmp_path))
    with SQLStore() as store:
        assert store.location == str(tmp_path / "flexiflow.sqlite")
    # A folder that was there may hold the user's own files: git shall go on seeing them.
    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("name", ["a b.sqlite", "100%#1?.sqlite", "日本.sqlite", "new/deep/x.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    for job_id in "ab":
        with SQLStore(str(tmp_path / name)) as store:
            store.append([outcome(job_id)])
    assert (tmp_path / name).is_file()
    with SQLStore(tmp_path / name) as store:
        assert store.read("jobs").height == 2


@pytest.mark.parametrize("memory", ["", ":memory:"])
def test_memory_has_a_store_of_its_own(memory: str) -> None:
    with pytest.raises(BadInput, match=r"MemoryStore\(\)"):
        SQLStore(memory)


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="must be 'process' or 'power'"):
        SQLStore(tmp_path, durability="no")


def test_other_connections_see_what_append_returned_from(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as one, SQLStore(tmp_path) as other:
        for k in range(5):
            (one, other)[k % 2].append([outcome(f"{k}")])
            assert (other, one)[k % 2].read("jobs")["job_id"][-1] == f"{k}"


def test_a_reader_sees_whole_appends_only(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.append([outcome("a")])
        with store._transaction("BEGIN IMMEDIATE") as connection:
            connection.execute("DELETE FROM flexiflow_attempts")
            assert store.read("attempts").height == 3
        assert store.read("attempts").height == 3  # it was rolled back


def _fill(folder: str, name: str, ready: object) -> None:
    with SQLStore(folder) as store:
        ready.wait()
        for k in range(40):
            store.append([outcome(f"{name}-{k}")])


@pytest.mark.slow
def test_several_processes_make_and_fill_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    workers = [context.Process(target=_fill, args=(str(tmp_path), n, ready)) for n in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with SQLStore(tmp_path) as store:
        jobs, attempts = store.read("jobs"), store.read("attempts")
    assert jobs["job_id"].n_unique() == 120
    for name in "abc":
        mine = jobs.filter(pl.col("job_id").str.starts_with(name))["job_id"].to_list()
        assert mine == [f"{name}-{k}" for k in range(40)]  # each in its own order
    assert attempts.height == 360


def test_a_forked_process_is_told_to_open_its_own(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store._process -= 1  # as the number differs in a child
        with pytest.raises(StoreError, match="forked"):
            store.append([outcome("a")])


def test_the_driver_of_a_server_must_be_installed() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from flexiflow.stores import SQLStore\n"
        "try: SQLStore('postgresql://me:secret@localhost/cards')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("StoreError")
    assert 'pip install "psycopg[binary]"' in done.stdout
    assert "secret" not in done.stdout


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(BadInput, match="This is no URL"):
        SQLStore("postgresql://host:port:port/x")


def test_other_programs_can_read_the_file(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.append([outcome("a")])
        with closing(sqlite3.connect(store.location)) as plain:
            found = plain.execute("SELECT job_id, number, passed FROM flexiflow_jobs").fetchall()
    assert found == [("a", 0, 1)]
