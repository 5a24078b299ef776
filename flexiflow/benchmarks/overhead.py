"""What the runner itself costs: per job, per attempt, with and without the durable store."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from flexiflow import Fixed, SQLStore, Workflow
from flexiflow.benchmarks.nothing import Nothing
from flexiflow.language import read
from flexiflow.stores import Store

_TEXT = """three(x)
one = (a | b | c)(x)
two = (a | b | c)(one)
end = (a | b | c)(two)
assert good(end)
"""


def workflow(store: Store, good: Callable[[Any], bool], fixed: bool = False) -> Workflow:
    """Three nodes with three trivial candidates each and one assertion."""
    models: dict[str, Any] = {
        "a": lambda x: x,
        "b": lambda x: x + 0,
        "c": lambda x: x + 1,
        "good": good,
    }
    return Workflow(read(_TEXT, models), store=store, sampler=Fixed() if fixed else None)


def measure(jobs: int, rounds: int) -> pl.DataFrame:
    """Microseconds a job and an attempt, minimum and median over the rounds.

    Returns
    -------
    One row a measurement: `what`, `jobs`, `attempts_a_job`, `min_us_a_job`,
    `median_us_a_job`, `median_us_an_attempt`.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="flexiflow-") as folder:
        for name, good, fixed in (
            ("passes at once, fixed order", lambda x: True, True),
            ("passes at once, Thompson", lambda x: True, False),
            ("fails now and then, Thompson", lambda x: x % 10 != 0, False),
        ):
            rows.append(_row(f"{name}, no store", good, fixed, Nothing, jobs, rounds))
            for durability in ("process", "power"):
                path = Path(folder) / f"{len(rows)}.sqlite"

                def opened(path: Path = path, durability: Any = durability) -> Store:
                    return SQLStore(path, durability=durability)

                what = f"{name}, SQLite ({durability})"
                rows.append(_row(what, good, fixed, opened, jobs, rounds))
    rows.append(_single(jobs))
    rows += [_imported("flexiflow"), _imported("polars")]
    return pl.DataFrame(rows)


def _row(
    what: str,
    good: Callable[[Any], bool],
    fixed: bool,
    open_store: Callable[[], Store],
    jobs: int,
    rounds: int,
) -> dict[str, Any]:
    store = open_store()
    flow = workflow(store, good, fixed)
    flow.run([{"x": k} for k in range(200)], progress=False)
    inputs = [{"x": k} for k in range(jobs)]
    times, attempts = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        done = [o.job.attempts for o in _outcomes(flow, inputs)]
        times.append((time.perf_counter() - began) / jobs * 1e6)
        attempts += sum(done)
    store.close()
    each = attempts / (rounds * jobs)
    return {
        "what": what,
        "jobs": jobs,
        "attempts_a_job": each,
        "min_us_a_job": min(times),
        "median_us_a_job": median(times),
        "median_us_an_attempt": median(times) / each,
    }


def _outcomes(flow: Workflow, inputs: list[dict[str, Any]]) -> list[Any]:
    seen: list[Any] = []
    flow.run(inputs, progress=False, on_outcome=seen.append)
    return seen


def _single(jobs: int) -> dict[str, Any]:
    """Calls one at a time, each durable before it returns."""
    with tempfile.TemporaryDirectory(prefix="flexiflow-") as folder:
        store = SQLStore(Path(folder) / "single.sqlite")
        flow = workflow(store, lambda x: True)
        flow(0)
        times = []
        for _ in range(3):
            began = time.perf_counter()
            for k in range(jobs // 4):
                flow(k)
            times.append((time.perf_counter() - began) / (jobs // 4) * 1e6)
        store.close()
    return {
        "what": "one call at a time, SQLite (process)",
        "jobs": jobs // 4,
        "attempts_a_job": 3.0,
        "min_us_a_job": min(times),
        "median_us_a_job": median(times),
        "median_us_an_attempt": median(times) / 3,
    }


def _imported(package: str) -> dict[str, Any]:
    """Microseconds that importing a package takes in a fresh interpreter."""
    code = f"import time; t = time.perf_counter(); import {package}; print(time.perf_counter() - t)"
    times = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout) * 1e6)
    return {"what": f"import {package}", "min_us_a_job": min(times),
            "median_us_a_job": median(times)}  # fmt: skip


def shown(table: pl.DataFrame) -> str:
    """The table as text."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60, tbl_width_chars=160,
                   float_precision=1, tbl_hide_dataframe_shape=True):  # fmt: skip
        return str(table)
