"""What a plan does under load: a simulation from event to event.

Each node has one queue, first come first served, and its replicas. A free replica takes a
batch as soon as the batch is full, or its oldest job has waited for ``timeout`` seconds; while
all are busy the queue goes on filling, up to a full batch at a time. A job is at a node once
all the nodes that it reads have done it. A job whose output fails the check after a node goes
on at an earlier node, or tries again at the node itself (:class:`Fault`): what lies between is
done once more, after the job's other branches have come to their end. Plans may change on the way:
jobs that wait go on waiting in their queues.

Events are kept in a heap, as in any event simulation; the closed forms of
:mod:`flexiflow.planning.waiting` are its test.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.planning.arriving import Floats
from flexiflow.planning.stations import Fault, Load, Queue, Station


class Layout:
    """A graph of stations, to be run under load.

    Parameters
    ----------
    stations
        In an order in which each comes after those it reads.
    faults
        Per station what happens if its check fails, None where it never does.
    attempts
        Times that a job may fail until it is let go on as it is.
    """

    def __init__(
        self,
        stations: Sequence[Station],
        faults: Sequence[Fault | None] = (),
        attempts: int = 10,
    ) -> None:
        self.stations = tuple(stations)
        self.faults = tuple(faults) or (None,) * len(self.stations)
        self.attempts = attempts
        self._check()
        self.home = list(range(len(self.stations)))  # whose retries a station takes
        for v, fault in enumerate(self.faults):
            if fault is not None and fault.station is not None:
                self.home[fault.station] = v
        spare = {f.station for f in self.faults if f is not None and f.station is not None}
        self.main = [v for v in range(len(self.stations)) if v not in spare]
        self.children: list[list[int]] = [[] for _ in self.stations]
        for v in self.main:
            for p in self.stations[v].parents:
                self.children[p].append(v)

    def _check(self) -> None:
        for v, s in enumerate(self.stations):
            if s.replicas < 1 or s.batch < 1 or not s.timeout >= 0:
                raise BadInput(f"{s.name!r} needs replicas and batch of 1 or more, timeout >= 0.")
            if any(not 0 <= p < v for p in s.parents):
                raise BadInput(f"{s.name!r} must come after the stations that it reads.")
        if len(self.faults) != len(self.stations):
            raise BadInput(f"There must be a fault or None for each of {len(self.stations)} nodes.")
        for v, f in enumerate(self.faults):
            if f is not None and (not 0 <= f.chance < 1 or not 0 <= f.back <= v):
                raise BadInput(f"A fault's chance must be below 1, and it goes back. Got {f}.")

    def run(
        self,
        arrivals: Floats,
        seed: int = 0,
        warm_up: float = 0.0,
        changes: Sequence[tuple[float, Layout]] = (),
    ) -> Load:
        """Run all jobs to their end.

        Parameters
        ----------
        arrivals
            Times, ascending, in seconds, `(jobs,)`.
        seed
            Of the stations' seconds and of the checks.
        warm_up
            Seconds from the first arrival on whose jobs do not count in ``latency``.
        changes
            When, in seconds, which layout of the same stations takes the place of the last one.
        """
        if not len(arrivals):
            raise BadInput("Nothing arrives: give at least one time.")
        for _, other in changes:
            if [s.parents for s in other.stations] != [s.parents for s in self.stations]:
                raise BadInput("A layout can only change into one of the same stations.")
        return Course(self, arrivals, seed, changes).run(warm_up)


class Course:
    """One simulation under way."""

    def __init__(
        self, plan: Layout, arrivals: Floats, seed: int, changes: Sequence[tuple[float, Layout]]
    ) -> None:
        self.plan, self.arrivals, self.changes = plan, arrivals, changes
        rngs = np.random.default_rng(seed).spawn(len(plan.stations) + 1)
        self.queues = [
            Queue(s, rng, s.replicas, since=float(arrivals[0]))
            for s, rng in zip(plan.stations, rngs, strict=False)
        ]
        self.chance = rngs[-1]
        self.events: list[tuple[float, int, int, list[int] | None, int]] = []
        self.number = 0
        main = plan.main
        # per job: stations that are still to be done before each, and before its end
        self.missing = [[len(plan.stations[v].parents) for v in range(len(plan.stations))]
                        for _ in arrivals]  # fmt: skip
        self.left = [len(main)] * len(arrivals)
        self.fails = [0] * len(arrivals)
        self.broken = [set[int]() for _ in arrivals]  # where it is to go back to
        self.under_way = [0] * len(arrivals)
        self.done = [set[int]() for _ in arrivals]
        self.end = np.zeros(len(arrivals))
        self.failed = 0

    def run(self, warm_up: float) -> Load:
        """Run all jobs to their end."""
        for number, (when, _) in enumerate(self.changes):
            self._push(when, -2, [number])
        for job, now in enumerate(self.arrivals.tolist()):
            self._push(now, -1, [job])
        now = last = 0.0
        while self.events:
            now, _, v, jobs, turn = heapq.heappop(self.events)
            if v == -2:
                self._change(now, self.changes[(jobs or [0])[0]][1])
                continue
            last = now
            if v == -1:
                for job in jobs or ():
                    self._start(now, job)
                continue
            if jobs is not None:
                self.queues[v].free += turn == self.queues[v].turn
                for job in jobs:
                    self._finished(now, v, job)
            self._serve(now, v)
        return self._load(last, warm_up)

    def _push(self, when: float, v: int, jobs: list[int] | None, turn: int = 0) -> None:
        self.number += 1
        heapq.heappush(self.events, (when, self.number, v, jobs, turn))

    def _change(self, now: float, plan: Layout) -> None:
        self.plan = plan
        for v, (queue, station) in enumerate(zip(self.queues, plan.stations, strict=True)):
            queue.change(max(now, queue.since), station)
            for since, _ in queue.waiting:  # by the new timeout
                self._push(max(now, since + station.timeout), v, None)
            self._serve(now, v)

    def _start(self, now: float, job: int) -> None:
        for v in self.plan.main:
            if not self.plan.stations[v].parents:
                self._come(now, v, job)

    def _come(self, now: float, v: int, job: int) -> None:
        """Put a job into a station's queue: the one for retries if it comes back to it."""
        fault = self.plan.faults[v]
        to = v
        if fault is not None and fault.station is not None and self.fails[job]:
            to = fault.station
        queue = self.queues[to]
        queue.waiting.append((now, job))
        self.under_way[job] += 1
        if queue.station.batch > 1 and queue.station.timeout > 0:
            self._push(now + queue.station.timeout, to, None)
        self._serve(now, to)

    def _serve(self, now: float, v: int) -> None:
        queue = self.queues[v]
        while queue.ready(now):
            end, jobs = queue.begin(now)
            self._push(end, v, jobs, queue.turn)

    def _finished(self, now: float, v: int, job: int) -> None:
        self.under_way[job] -= 1
        v = self.plan.home[v]
        fault = self.plan.faults[v]
        if fault is not None and self.chance.random() < fault.chance:
            if self.fails[job] < self.plan.attempts:
                self.fails[job] += 1
                self.broken[job].add(fault.back)
            else:
                self.failed += 1
        self.done[job].add(v)
        self.left[job] -= 1
        if self.broken[job]:
            if not self.under_way[job]:
                self._go_back(now, job)
            return
        for child in self.plan.children[v]:
            self.missing[job][child] -= 1
            if not self.missing[job][child]:
                self._come(now, child, job)
        if not self.left[job]:
            self.end[job] = now

    def _go_back(self, now: float, job: int) -> None:
        """Undo stations and all that depends on them, and go on with whatever is due."""
        undone, waiting = set(self.broken[job]), list(self.broken[job])
        self.broken[job].clear()
        while waiting:
            for child in self.plan.children[waiting.pop()]:
                if child not in undone:
                    undone.add(child)
                    waiting.append(child)
        self.done[job] -= undone
        self.left[job] = len(self.plan.main) - len(self.done[job])
        for v in self.plan.main:
            parents = self.plan.stations[v].parents
            self.missing[job][v] = sum(p not in self.done[job] for p in parents)
        for v in self.plan.main:
            if v not in self.done[job] and not self.missing[job][v]:
                self._come(now, v, job)

    def _load(self, now: float, warm_up: float) -> Load:
        start = float(self.arrivals[0])
        counted = self.arrivals >= start + warm_up
        if not counted.any():
            raise BadInput("The warm-up is longer than the arrivals last: shorten it.")
        queues = self.queues
        for queue in queues:
            queue.count(max(now, queue.since))
        visits = np.array([q.visits for q in queues], dtype=float)
        return Load(
            (self.end - self.arrivals)[counted],
            np.array([q.waited for q in queues]) / np.maximum(visits, 1.0),
            visits / len(self.arrivals),
            np.array([q.busy / max(q.offered, 1e-300) for q in queues]),
            visits / np.maximum([q.batches for q in queues], 1),
            tuple(q.station.name for q in queues),
            self.failed / len(self.arrivals),
        )
