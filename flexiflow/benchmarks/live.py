"""What the live view of a run costs: messages, the kernel's time, the run's pace, memory.

A workflow of three nodes with four candidates each and a context, under the hybrid sampler,
runs in the background, its candidates waiting so that a job takes 5 to 20 ms; a page that only
counts stands at the other end. A message is counted as Jupyter sends it: the JSON text of the
comm message's data, and its buffer.
"""

from __future__ import annotations

import gc
import itertools
import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from flexiflow import MemoryStore, Workflow
from flexiflow.benchmarks.nothing import Nothing
from flexiflow.language import read
from flexiflow.panels import RunWatch
from flexiflow.records import Outcome
from flexiflow.run import Run
from flexiflow.widgets.packing import pack
from flexiflow.widgets.publisher import Publisher

NODES, CANDIDATES = 3, 4
HISTORY = 50  # jobs behind the page that is opened late, for each job measured
WAITS = (0.005, 0.020)  # seconds a job
SOME = 100  # jobs that are seen in several messages
SETTLED = 5  # messages of a page until it is in a steady state


def workflow(wait: Callable[[float], None], least: float, most: float) -> Workflow:
    """Three nodes of four candidates; which is right most often depends on the job.

    Parameters
    ----------
    wait
        Lets so many seconds pass in a candidate.
    least, most
        Seconds a job without failures takes.
    """
    dice, names = random.Random(0), dict[str, Any]()

    def candidate(k: int) -> Callable[[int], int]:
        def run(x: int) -> int:
            wait(dice.uniform(least, most) / NODES)
            return x if dice.random() < 0.8 + 0.06 * ((x + k) % 4) else -1

        return run

    text, before = "live(x)\ncontext(x % 3, x % 4, x % 7)\nminimize(runtime)\n", "x"
    for v in range(NODES):
        offered = [f"m{v}{k}" for k in range(CANDIDATES)]
        names |= {name: candidate(k) for k, name in enumerate(offered)}
        text += f"t{v} = ({' | '.join(offered)})({before})\nassert good{v}(t{v})\n"
        names[f"good{v}"] = lambda t: t >= 0
        before = f"t{v}"
    return Workflow(read(text, names), store=MemoryStore())


def spin(seconds: float) -> None:
    """Compute for so long, in Python itself: nothing else runs meanwhile."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


class Page:
    """Counts what a page is sent; it says hello and then only listens.

    Attributes
    ----------
    snapshots, ticks
        Bytes of each.
    times, spent
        When each tick came, and the seconds of its thread up to then.
    """

    def __init__(self, run: Run, hz: float = 10.0) -> None:
        self.snapshots, self.ticks = list[int](), list[int]()
        self.times, self.spent = list[float](), list[float]()
        self._publisher = Publisher(run.watch, lambda kind, rest: None, self._hear, hz)
        self._publisher.receive({"kind": "hello", "buffers": True})

    def _hear(self, content: Any, buffers: list[bytes]) -> None:
        size = bytes_of(content, buffers)
        if content["kind"] == "snapshot":
            self.snapshots.append(size)
        else:
            self.ticks.append(size)
            self.times.append(time.monotonic())
            self.spent.append(time.thread_time())

    def close(self) -> None:
        """Listen no more."""
        self._publisher.close()


def bytes_of(content: Any, buffers: Sequence[bytes]) -> int:
    """Bytes of a message as Jupyter sends it: JSON of the comm's data, and the buffers."""
    data = {"method": "custom", "content": content}
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return len(text.encode()) + sum(map(len, buffers))


def steady(jobs: int) -> list[dict[str, Any]]:
    """Rows of a run that is looked at: bytes and number of messages, the kernel's time."""
    jobs = max(jobs, SOME)
    run = workflow(time.sleep, *WAITS).run(_inputs(jobs), seed=0, wait=False, progress=False)
    page = Page(run)
    run.wait()
    page.close()
    start = SETTLED if len(page.ticks) > 2 * SETTLED else 0
    end = -1 if len(page.ticks) > 2 else None  # the last one tells of the end
    sizes = page.ticks[start:end]
    lasted = max(page.times[-1] - page.times[start], 1e-9)
    turns = [1000 * (b - a) for a, b in itertools.pairwise(page.spent[start:])]
    return [
        _row("message while jobs of 5 to 20 ms run", "bytes", sizes),
        _row("messages", "a second", [(len(page.ticks) - start - 1) / lasted]),
        _row("kernel's time for a message", "ms", turns or [0.0]),
        _row("kernel's time for all of it", "percent", [sum(turns) / (10 * lasted)]),
    ]


def share_lost(jobs: int, rounds: int) -> list[dict[str, Any]]:
    """Rows of the share of a run's pace that a live view costs, at 5 ms a job.

    Runs with and without it alternate; each round is one of both. The pace is attempts a
    second, since two runs never need quite as many attempts for their jobs.
    """
    rows = []
    _took(10, time.sleep, True)  # imports, and whatever else is done once
    for name, wait in (("wait", time.sleep), ("compute in Python", spin)):
        lost = []
        for one in range(rounds):
            looks = (False, True) if one % 2 else (True, False)
            took = {look: _took(jobs, wait, look) for look in looks}
            lost.append(100 * (1 - took[False] / took[True]))
        rows.append(_row(f"throughput lost, jobs of 5 ms that {name}", "percent", lost))
    return rows


def _took(jobs: int, wait: Callable[[float], None], look: bool) -> float:
    """Seconds an attempt."""
    flow, ended = workflow(wait, WAITS[0], WAITS[0]), list[Outcome]()
    began = time.perf_counter()
    run = flow.run(_inputs(jobs), seed=0, wait=False, progress=False, on_outcome=ended.append)
    page = Page(run) if look else None
    run.wait()
    took = time.perf_counter() - began
    if page is not None:
        page.close()
    return took / sum(len(outcome.attempts) for outcome in ended)


def long_run(jobs: int) -> list[dict[str, Any]]:
    """Rows of a page opened after very many jobs, and of memory while it stays open.

    The outcomes of some hundred jobs stand for all of them, again and again.
    """
    flow, seen = workflow(lambda seconds: None, *WAITS), list[Outcome]()
    run = flow.run(_inputs(min(jobs, 400)), seed=0, progress=False, on_outcome=seen.append)
    bare = [Outcome(o.job, o.attempts, o.verdicts) for o in seen]
    facts: dict[str, Any] = {"state": "running", "total": None, "done": 0, "passed": 0}
    watch = RunWatch(flow.graph, flow.sampler, Nothing(), run.workflow, "long", lambda: facts)

    def add(number: int) -> None:
        one = bare[number % len(bare)]
        watch.add(replace(one, job=one.job._replace(number=number)))
        facts["done"] = number + 1

    many, ticks = HISTORY * jobs, jobs
    for number in range(many):
        add(number)
    snapshot, mark = watch.begin()
    size = bytes_of(*pack({"kind": "snapshot", "seq": 0, **snapshot}))
    gc.collect()
    tracemalloc.start()
    before = 0
    for tick in range(ticks):
        if tick == ticks // 2:
            before = tracemalloc.get_traced_memory()[0]
        for number in range(10):
            add(many + 10 * tick + number)
        fresh, mark = watch.changes(mark)
        bytes_of(*pack({"kind": "tick", "seq": tick, **fresh}))
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return [
        _row(f"snapshot after {many} jobs", "bytes", [size]),
        _row(f"memory grown over the later half of {ticks} messages", "kB", [grown / 1000]),
    ]


def measure(jobs: int, rounds: int) -> list[dict[str, Any]]:
    """All of it; one row a quantity: `live_view`, `unit`, `median`, `p95`, `count`.

    Parameters
    ----------
    jobs
        How many a measurement; a page is opened late after fifty times as many.
    rounds
        Pairs of runs with and without a live view.
    """
    return [*steady(jobs), *share_lost(max(jobs // 5, 10), rounds), *long_run(jobs)]


def _inputs(jobs: int) -> list[dict[str, Any]]:
    return [{"x": k} for k in range(jobs)]


def _row(what: str, unit: str, values: Sequence[float]) -> dict[str, Any]:
    return {
        "live_view": what,
        "unit": unit,
        "median": float(statistics.median(values)),
        "p95": float(np.quantile(values, 0.95)),
        "count": len(values),
    }
