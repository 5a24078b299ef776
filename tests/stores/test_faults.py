"""Disks that are full, files that are damaged or foreign, locks that do not go away."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from contracts.store_records import outcome

from flexiflow.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked
from flexiflow.records import Snapshot
from flexiflow.stores import SQLStore

ROOT = Path(__file__).parent.parent.parent


def with_text(path: Path) -> None:
    path.write_text("job,passed\na,1\n")


def with_noise(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)


def with_other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE flowers (name TEXT)")


def with_a_broken_meta(path: Path) -> None:
    with SQLStore(path), closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE flexiflow_meta SET name = 'x' WHERE name = 'format'")
        connection.commit()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (with_text, r"it begins with b'job,passed\\na,1\\n'"),
        (with_noise, "damaged|not a database"),
        (with_other_tables, "with the tables flowers"),
        (with_a_broken_meta, "does not say its format"),
    ],
)
def test_a_file_that_is_no_store_stays_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], found: str
) -> None:
    path = tmp_path / "flexiflow.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match=found) as caught:
        SQLStore(tmp_path)
    assert "left as it was" in str(caught.value) or "left as it is" in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["flexiflow.sqlite"]


def test_a_page_that_was_overwritten_is_found_when_it_is_read(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.append([outcome(f"{k}") for k in range(200)])
        path = Path(store.location)
    broken = bytearray(path.read_bytes())
    broken[8192:-4096] = b"\xff" * (len(broken) - 12288)
    path.write_bytes(broken)
    with pytest.raises(StoreCorrupt, match="damaged"), SQLStore(tmp_path) as store:
        store.read("attempts")


def test_a_later_format_asks_for_an_upgrade(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store, closing(sqlite3.connect(store.location)) as connection:
        connection.execute("UPDATE flexiflow_meta SET value = 99 WHERE name = 'format'")
        connection.commit()
    with pytest.raises(StoreError, match=r"format 99; this one knows 3\). Upgrade"):
        SQLStore(tmp_path)


def test_a_lock_that_stays_is_told(tmp_path: Path) -> None:
    with SQLStore(tmp_path, timeout=0.05) as store:
        store.append([outcome("a")])
        with closing(sqlite3.connect(store.location, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match=r"raise timeout=.*database is locked"):
                store.append([outcome("b")])
            assert store.read("jobs").height == 1  # readers never wait
            other.execute("ROLLBACK")
        store.append([outcome("b")])
        assert store.read("jobs")["job_id"].to_list() == ["a", "b"]


def test_a_full_database_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.append([outcome("a")])

        def allow(pages: int) -> None:
            with store._transaction() as connection:  # the pool hands out the same one
                connection.execute("ROLLBACK")
                connection.execute(f"PRAGMA max_page_count={pages}")

        allow(1)  # not below what is there
        kept = ["a"]

        def fill() -> None:
            for k in range(1000):
                store.append([outcome(f"{k}", output="x" * 4000)])
                kept.append(f"{k}")

        with pytest.raises(StoreFull, match="Everything that was acknowledged is safe"):
            fill()
        assert store.read("jobs")["job_id"].to_list() == kept
        allow(2**30)
        store.append([outcome("after")])
        assert store.read("jobs")["job_id"].to_list() == [*kept, "after"]
        assert store.read("attempts").height == 3 * (len(kept) + 1)


LIMITED = """
import resource, sys
from contracts.store_records import outcome
from flexiflow.errors import StoreFull
from flexiflow.stores import SQLStore
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
with SQLStore(sys.argv[1]) as store:
    store.append([outcome("first")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    kept = ["first"]
    try:
        for k in range(2000):
            store.append([outcome(str(k), output="x" * 4000)])
            kept.append(str(k))
    except StoreFull:
        pass
    assert 10 < len(kept) < 1000, len(kept)
    assert store.read("jobs")["job_id"].to_list() == kept
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    store.append([outcome("last")])
    assert store.read("jobs")["job_id"].to_list() == [*kept, "last"]
with SQLStore(sys.argv[1]) as store:
    assert store.read("jobs")["job_id"].to_list() == [*kept, "last"]
    assert store.read("verdicts").height == 2 * (len(kept) + 1)
print("sound")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are of Unix")
def test_a_disk_without_room_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("sound\n", "")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users and permissions of Unix")
def test_a_folder_that_is_read_only_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        me = os.geteuid()
        if me == 0:  # whom permissions do not stop
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match="FLEXIFLOW_HOME"):
                SQLStore(folder)
            with pytest.raises(StoreError, match="FLEXIFLOW_HOME"):
                SQLStore(Path(folder) / "deeper" / "x.sqlite")
        finally:
            if me == 0:
                os.seteuid(me)
            Path(folder).chmod(0o755)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        SQLStore(tmp_path / "file" / "x.sqlite")


def test_rows_written_by_other_hands_do_not_stop_a_reader(tmp_path: Path) -> None:
    with SQLStore(tmp_path) as store:
        store.append([outcome("a"), outcome("b"), Snapshot("cards", "Thompson", 1, 0.0, {"n": 1})])
        with closing(sqlite3.connect(store.location)) as other:
            other.execute("UPDATE flexiflow_snapshots SET state = '{\"n\":', upto = 'many'")
            other.execute("UPDATE flexiflow_jobs SET seconds = 'long' WHERE job_id = 'a'")
            other.execute("UPDATE flexiflow_jobs SET error = CAST(x'ff41' AS TEXT)")
            other.execute("UPDATE flexiflow_attempts SET upstream = '[1,' WHERE step = 0")
            other.execute("UPDATE flexiflow_attempts SET upstream = x'00ff' WHERE step = 1")
            other.commit()
        snapshot = store.read("snapshots").row(0, named=True)
        assert (snapshot["state"], snapshot["upto"]) == ('{"n":', None)
        jobs = store.read("jobs")
        assert jobs["seconds"].to_list() == [None, 0.375]
        assert jobs["error"].to_list() == ["\ufffdA", "\ufffdA"]
        lists = store.read("attempts", job_id="a")["upstream"].to_list()
        assert lists == [None, None, [0, 1]]
