"""What the runner, the store, the samplers and a live view cost, beside other libraries."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from flexiflow import Fixed, Hybrid, Sampler, SQLStore, Thompson, Workflow
from flexiflow.benchmarks import batches, decisions, live, peers
from flexiflow.benchmarks.nothing import Nothing
from flexiflow.language import read
from flexiflow.options import whole
from flexiflow.stores import Store

_TEXT = """three(x)
one = (a | b | c)(x)
two = (a | b | c)(one)
end = (a | b | c)(two)
assert good(end)
"""


def workflow(store: Store, good: Callable[[Any], bool], sampler: Sampler) -> Workflow:
    """Three nodes with three trivial candidates each and one assertion."""
    models: dict[str, Any] = {
        "a": lambda x: x,
        "b": lambda x: x + 0,
        "c": lambda x: x + 1,
        "good": good,
    }
    return Workflow(read(_TEXT, models), store=store, sampler=sampler)


def measure(jobs: int, rounds: int, device: str = "cpu") -> pl.DataFrame:
    """Microseconds a job and an attempt, minimum and median over the rounds.

    Parameters
    ----------
    jobs
        How many a measurement.
    rounds
        Measurements a row.
    device
        Of the batches in torch: ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    One row a measurement: `what`, `jobs`, `attempts_a_job`, `min_us_a_job`,
    `median_us_a_job`, `median_us_an_attempt`; for decisions also what ``measure`` of
    :mod:`~flexiflow.benchmarks.decisions`, :mod:`~flexiflow.benchmarks.batches` and
    :mod:`~flexiflow.benchmarks.peers` says.

    Raises
    ------
    BadInput
        If there is no such device.
    """
    batches.check(device)
    rows = _run(jobs, rounds)
    rows += [_imported("flexiflow"), _imported("polars")]
    decided = decisions.measure(jobs, rounds)
    rows += decided + batches.measure(jobs, rounds, device)
    rows += peers.measure(decisions.steps(decided), jobs, rounds, peers.PEERS)
    return pl.DataFrame(rows, infer_schema_length=None)


def _run(jobs: int, rounds: int) -> list[dict[str, Any]]:
    """Rows of whole runs of a workflow of three trivial nodes."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="flexiflow-") as folder:
        for name, good, sampler in (
            ("passes at once, fixed order", lambda x: True, Fixed),
            ("passes at once, Thompson", lambda x: True, Thompson),
            ("fails now and then, Thompson", lambda x: x % 10 != 0, Thompson),
            ("fails now and then, hybrid", lambda x: x % 10 != 0, Hybrid),
        ):
            rows.append(_row(f"{name}, no store", good, sampler(), Nothing, jobs, rounds))
            for durability in ("process", "power"):
                path = Path(folder) / f"{len(rows)}.sqlite"

                def opened(path: Path = path, durability: Any = durability) -> Store:
                    return SQLStore(path, durability=durability)

                what = f"{name}, SQLite ({durability})"
                rows.append(_row(what, good, sampler(), opened, jobs, rounds))
    return [*rows, _single(jobs)]


def _row(
    what: str,
    good: Callable[[Any], bool],
    sampler: Sampler,
    open_store: Callable[[], Store],
    jobs: int,
    rounds: int,
) -> dict[str, Any]:
    store = open_store()
    flow = workflow(store, good, sampler)
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
        flow = workflow(store, lambda x: True, Thompson())
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
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=80, tbl_width_chars=220,
                   float_precision=1, tbl_hide_dataframe_shape=True,
                   tbl_hide_column_data_types=True):  # fmt: skip
        return str(table)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("--jobs", type=int, default=2000, help="jobs a measurement (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements a row (default 5)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda, of batches (default cpu)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Measure as the command line asks, and print what was found."""
    jobs, rounds = whole("jobs", given.jobs, 4), whole("rounds", given.rounds, 1)
    looked = pl.DataFrame(live.measure(jobs, rounds))
    for table in (measure(jobs, rounds, given.device), looked):
        if given.json:
            for row in table.iter_rows(named=True):
                print(json.dumps(row))
        else:
            print(shown(table))
    if (left := peers.missing(peers.PEERS)) is not None:
        print(left, file=sys.stderr)
