"""What append has acknowledged survives the end of the process by any means."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from contracts.store_records import outcome

from flexiflow.stores import SQLStore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
WRITER = """
import sys
from contracts.store_records import outcome
from flexiflow.stores import SQLStore
store = SQLStore(sys.argv[1])
for k in range(int(sys.argv[2]), 10**9):
    store.append([outcome(str(k), attempts=1 + k % 4, verdicts=k % 3)])
    print(k, flush=True)
"""
ROUNDS = 6


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    chance = random.Random(7)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    told: list[int] = []
    for _ in range(ROUNDS):
        start = told[-1] + 2 if told else 0  # one more may have been written than told
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(start)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 400)):
                told.append(int(writer.stdout.readline()))
            writer.kill()
            told += [int(line) for line in writer.stdout if line.endswith("\n")]
        with closing(sqlite3.connect(tmp_path / "flexiflow.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert_whole(tmp_path, told)
    with SQLStore(tmp_path) as store:
        store.append([outcome("after all")])
        assert store.read("jobs")["job_id"][-1] == "after all"


def assert_whole(folder: Path, told: list[int]) -> None:
    """All that was told is there, nearly nothing else, and every job with all its parts."""
    with SQLStore(folder) as store:
        numbers = [int(job_id) for job_id in store.read("jobs")["job_id"]]
        attempts = store.read("attempts")["job_id"].to_list()
        verdicts = store.read("verdicts")["job_id"].to_list()
    assert set(told) <= set(numbers)
    assert len(numbers) - len(told) <= ROUNDS
    assert attempts == [str(k) for k in numbers for _ in range(1 + k % 4)]
    assert verdicts == [str(k) for k in numbers for _ in range(k % 3)]
