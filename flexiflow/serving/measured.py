"""What a server has done so far: jobs, seconds, queues, utilisation."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from flexiflow.serving.station import Station

KEPT = 10_000
"""Latest jobs whose latency is kept."""

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Stats:
    """What a server has done so far.

    Attributes
    ----------
    seconds
        Since it began.
    under_way
        Jobs that were taken and have not ended.
    done, passed, failed, late, refused
        Jobs that ended by now, with every check held, by an error that is not a model's, after
        their deadline; and those that were not taken because the server was full.
    p50, p95, p99
        Seconds from taking a job to its end, of the latest ones; None before the first.
    sla
        Seconds that the plan allows a job; None without a plan.
    misses
        Share of the jobs that took longer; None without a plan, or before the first.
    nodes
        By node: ``variant``, ``batch``, ``replicas``, ``waiting`` (calls in its queue),
        ``longest`` (the most there have been), ``calls``, ``filled`` (calls a batch), and
        ``utilisation`` (share of its replicas' seconds in which they ran something).
    """

    seconds: float
    under_way: int
    done: int
    passed: int
    failed: int
    late: int
    refused: int
    p50: float | None
    p95: float | None
    p99: float | None
    sla: float | None
    misses: float | None
    nodes: Mapping[str, Mapping[str, Any]]

    def table(self) -> pl.DataFrame:
        """A row a node."""
        return pl.DataFrame([{"node": name, **row} for name, row in self.nodes.items()])


@dataclass
class Tally:
    """Counts what happens to jobs; its owner's lock guards it."""

    began: float
    sla: float | None = None
    under_way: int = 0
    done: int = 0
    passed: int = 0
    failed: int = 0
    late: int = 0
    refused: int = 0
    missed: int = 0
    judged: int = 0  # jobs that had an SLA
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def end(self, seconds: float, passed: bool, late: bool) -> None:
        """Note that a job has ended so many seconds after it was taken."""
        self.done += 1
        self.passed += passed
        self.late += late
        self.latest.append(seconds)
        if self.sla is not None:
            self.judged += 1
            self.missed += seconds > self.sla

    def stats(self, now: float, stations: Sequence[Station]) -> Stats:
        """All of it, with what the stations count."""
        seconds = np.array(self.latest)
        quantiles = {
            name: float(np.quantile(seconds, share)) if len(seconds) else None
            for name, share in SHARES.items()
        }
        return Stats(
            seconds=now - self.began,
            under_way=self.under_way,
            done=self.done,
            passed=self.passed,
            failed=self.failed,
            late=self.late,
            refused=self.refused,
            **quantiles,
            sla=self.sla,
            misses=self.missed / self.judged if self.judged else None,
            nodes={s.place.node: _row(s) for s in stations},
        )


def _row(station: Station) -> dict[str, Any]:
    place, counted = station.place, station.counted()
    return {
        "variant": None if place.first is None else place.first.name,
        "batch": place.batch,
        "replicas": place.replicas,
        "waiting": counted.waiting,
        "longest": counted.longest,
        "calls": counted.calls,
        "filled": counted.calls / counted.batches if counted.batches else 0.0,
        "utilisation": counted.busy / counted.held if counted.held > 0 else 0.0,
    }
