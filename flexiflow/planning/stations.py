"""The parts of a simulation: stations, faults, queues, and what came of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl

from flexiflow.planning.arriving import Floats

Draw = Callable[[np.random.Generator, int], Floats]  # (rng, n) -> seconds of n batches

_BLOCK = 4_096  # seconds drawn at a time


class Station(NamedTuple):
    """A node as it is served.

    ``seconds`` draws those of full batches; a batch that is not full takes ``share`` of them
    plus the rest in proportion to its jobs.
    """

    name: str
    replicas: int
    seconds: Draw
    batch: int = 1
    timeout: float = 0.0  #: seconds that the oldest job of a batch waits for it to fill
    parents: tuple[int, ...] = ()  #: stations whose outputs it reads
    share: float = 1.0  #: of a full batch's seconds that a batch of any size takes
    variant: str = ""  #: what serves it


class Fault(NamedTuple):
    """What happens if the check after a station fails."""

    chance: float  #: of failing, each time
    back: int  #: the station where the job goes on: itself or one that it depends on
    station: int | None = None  #: a station that takes its retries, for a switch


@dataclass(frozen=True)
class Load:
    """What came of a simulation.

    Attributes
    ----------
    latency
        Seconds of each job from its arrival to the end of its last node, `(jobs,)`, in the
        order of arrival; those of the warm-up left out.
    waits
        Mean seconds that a job was in each station's queue.
    visits
        Mean visits of a job to each station.
    utilisation
        Share of the time that each station's replicas were busy.
    filled
        Mean jobs in a batch at each station.
    names
        Of the stations.
    failed
        Share of the jobs that failed a check for the last time they could.
    """

    latency: Floats
    waits: Floats
    visits: Floats
    utilisation: Floats
    filled: Floats
    names: tuple[str, ...]
    failed: float

    def misses(self, sla: float) -> float:
        """Share of the jobs that took longer than ``sla`` seconds."""
        return float((self.latency > sla).mean())

    def quantile(self, share: float) -> float:
        """Seconds that a share of the jobs stayed within."""
        return float(np.quantile(self.latency, share))

    def table(self) -> pl.DataFrame:
        """A row a station: node, utilisation, visits, wait (seconds), filled (jobs a batch)."""
        return pl.DataFrame(
            {
                "node": list(self.names),
                "utilisation": self.utilisation,
                "visits": self.visits,
                "wait": self.waits,
                "filled": self.filled,
            }
        )


@dataclass
class Queue:
    """A station while it runs."""

    station: Station
    rng: np.random.Generator
    free: int
    waiting: deque[tuple[float, int]] = field(default_factory=deque)  # since when, which job
    drawn: list[float] = field(default_factory=list)
    busy: float = 0.0
    waited: float = 0.0
    visits: int = 0
    batches: int = 0
    turn: int = 0  # how often what serves it has changed
    offered: float = 0.0  # seconds of its replicas up to ``since``
    since: float = 0.0

    def change(self, now: float, station: Station) -> None:
        """Be served otherwise from now on; what waits stays, what has begun comes to its end.

        Replicas of the same variant are added, or leave once they are free; those of another
        variant all leave, and the new ones start at once.
        """
        self.count(now)
        if station.variant == self.station.variant:
            self.free += station.replicas - self.station.replicas
        else:
            self.free, self.turn = station.replicas, self.turn + 1
        self.station = station
        self.drawn.clear()

    def count(self, now: float) -> None:
        """Count the seconds that its replicas were there."""
        self.offered += self.station.replicas * (now - self.since)
        self.since = now

    def ready(self, now: float) -> bool:
        """Whether a batch can begin: a replica is free, and it is full or has waited enough."""
        if self.free <= 0 or not self.waiting:
            return False
        full = len(self.waiting) >= self.station.batch
        return full or now >= self.waiting[0][0] + self.station.timeout

    def begin(self, now: float) -> tuple[float, list[int]]:
        """Take a batch; when it ends, and its jobs."""
        size = min(self.station.batch, len(self.waiting))
        taken = [self.waiting.popleft() for _ in range(size)]
        if not self.drawn:
            self.drawn = self.station.seconds(self.rng, _BLOCK).tolist()
        part = self.station.share + (1.0 - self.station.share) * size / self.station.batch
        seconds = self.drawn.pop() * part
        self.free -= 1
        self.busy += seconds
        self.batches += 1
        self.visits += size
        self.waited += sum(now - since for since, _ in taken)
        return now + seconds, [job for _, job in taken]
