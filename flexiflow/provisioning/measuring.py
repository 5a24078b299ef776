"""Timing one candidate on real inputs: warm-up, repetition until tight, threads, memory."""

from __future__ import annotations

import contextlib
import importlib
import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from flexiflow.candidates import call
from flexiflow.candidates.base import Candidate, Raw
from flexiflow.errors import BadInput
from flexiflow.options import whole
from flexiflow.planning import Seconds

Call = tuple[tuple[Any, ...], dict[str, Any]]  # positional and keyword arguments

_ENOUGH = 5  # runs that may fail until a candidate is given up, if none gave a value
_LOOK = 0.005  # seconds between two looks at the memory
_LEAST = 1e-9  # seconds; coarse timers read 0


@dataclass(frozen=True)
class Care:
    """How carefully to measure; see :func:`flexiflow.provisioning.profile`."""

    tight: float = 0.05
    least: int = 10
    most: int = 200
    limit: float = 5.0
    warm_up: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        whole("least", self.least, 2)
        whole("most", self.most, self.least)
        whole("warm_up", self.warm_up, 1)
        for name in ("tight", "limit"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 < value < math.inf):
                raise BadInput(f"{name} must be a number above 0. Got {value!r}.")


def measured(
    candidate: Candidate, calls: Sequence[Call], sizes: Sequence[int], care: Care
) -> tuple[list[dict[str, Any]], str | None]:
    """A row a batch size, and why the last run that gave no value did not.

    Parameters
    ----------
    candidate
        What to run.
    calls
        Inputs of single jobs, taken in turn.
    sizes
        Batch sizes, ascending; a candidate without ``batch=`` is measured one by one.
    care
        How often.
    """
    rows: list[dict[str, Any]] = []
    last: str | None = None
    before = resident()
    for size in [b for b in sizes if b <= (candidate.options.batch or 1)]:
        runs = _Runs(candidate, calls, size, care)
        with _Memory() as memory:
            for _ in range(care.warm_up):
                runs.once()
        times = runs.repeat()
        last = runs.reason or last
        if times:
            failed = runs.failed / (runs.failed + len(times))
            grown = max(memory.most - before, 0)
            rows.append({**_row(size, times), "failed": failed, "memory": float(grown)})
    return rows, last


def _row(size: int, times: Sequence[float]) -> dict[str, Any]:
    low, high = Seconds.of(times).interval(0.95)
    median, p95, p99 = np.quantile(times, [0.5, 0.95, 0.99]).tolist()
    mean = float(np.mean(times))
    return {
        "batch": size, "runs": len(times), "seconds": mean, "median": median, "p95": p95,
        "p99": p99, "low": low, "high": high, "throughput": size / mean,
    }  # fmt: skip


class _Runs:
    """Runs of one candidate in batches of one size."""

    def __init__(self, candidate: Candidate, calls: Sequence[Call], size: int, care: Care) -> None:
        self.calls, self.size, self.care = calls, size, care
        self.batched = candidate.options.batch is not None
        # what gathers single jobs into lists is left out: it is given lists
        inner = getattr(candidate.kind, "_kind", None) if self.batched else candidate.kind
        self.candidate = replace(candidate, kind=inner) if inner is not None else candidate
        self.at = self.failed = 0
        self.reason: str | None = None

    def repeat(self) -> list[float]:
        """Seconds of each run that gave a value, until they are known well enough."""
        care, times, began = self.care, list[float](), time.monotonic()
        self.failed = 0
        while len(times) + self.failed < care.most:
            raw = self.once()
            if raw.kind == "pass":
                times.append(max(raw.seconds, _LEAST))
            else:
                self.failed += 1
            if not times and self.failed >= _ENOUGH:
                break
            late = time.monotonic() - began > care.limit
            if len(times) >= 2 and (late or (len(times) >= care.least and self._tight(times))):
                break
        return times

    def once(self) -> Raw:
        """The next batch."""
        picked = [self.calls[(self.at + k) % len(self.calls)] for k in range(self.size)]
        self.at += self.size
        args, kwargs = picked[0]
        if not self.batched:
            raw = call.run(self.candidate, args, kwargs, self.care.seed)
        else:
            columns = tuple(list(column) for column in zip(*(a for a, _ in picked), strict=True))
            raw = call.run(self.candidate, columns, kwargs, self.care.seed)
            if raw.kind == "pass" and not _answers(raw.value, self.size):
                told = f"a batch of {self.size} gave no list of {self.size} answers"
                raw = Raw("exception", seconds=raw.seconds, reason=told)
        if raw.kind != "pass":
            self.reason = raw.reason
        return raw

    def _tight(self, times: Sequence[float]) -> bool:
        low, high = Seconds.of(times).interval(0.95)
        return high / low <= ((1.0 + self.care.tight) / (1.0 - min(self.care.tight, 0.99)))


def _answers(value: Any, size: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == size


@contextlib.contextmanager
def with_threads(number: int | None) -> Iterator[None]:
    """Let the libraries of numbers use so many threads in this process; None: as they are."""
    if number is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    limits: Any = contextlib.nullcontext()
    if find_spec("threadpoolctl"):
        limits = importlib.import_module("threadpoolctl").threadpool_limits(number)
    torch.set_num_threads(number)
    try:
        with limits:
            yield
    finally:
        torch.set_num_threads(before)


def resident() -> int:
    """Bytes of resident memory of this process and its children."""
    psutil = importlib.import_module("psutil")  # it publishes no types
    me, total = psutil.Process(), 0
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it has ended
            total += int(process.memory_info().rss)
    return total


class _Memory:
    """The most resident memory while something goes on, looked at from a thread."""

    def __init__(self) -> None:
        self.most = resident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.most = max(self.most, resident())

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            self.most = max(self.most, resident())
