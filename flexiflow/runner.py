"""Running the jobs of a workflow: one after the other or side by side, in the given order.

A job is acknowledged when its records are committed: outcomes are handed out only after
that. Fast jobs are committed together, each whole in the one transaction; a slow job is
committed as soon as it ends. Whatever the order in which jobs end, outcomes come in the
order of the jobs.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from flexiflow.candidates.base import Candidate
from flexiflow.closing import close
from flexiflow.course import Course
from flexiflow.doubts import Doubts
from flexiflow.graph import Graph
from flexiflow.present import Mark, Settings, Ticket
from flexiflow.records import Definition, Effect, Outcome
from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.stores.base import Store

_TOGETHER = 0.02  # seconds: jobs that end within it are committed together
_MOST = 256  # jobs in one transaction

Inputs = Mapping[str, Any]
Done = tuple[Outcome, list[Outcome]]
"""An ended job, and older ones whose lessons count from now on."""

_LOCKS: WeakKeyDictionary[Sampler, threading.RLock] = WeakKeyDictionary()
"""One lock a sampler: runs that share one take turns."""


class Runner:
    """Runs jobs of one workflow with a sampler and a store; thread-safe.

    Parameters
    ----------
    graph, sampler, store
        What to run, who chooses, and where records go.
    settings
        How jobs are run.
    thresholds
        Present value of each ``threshold(...)``; may change while running.
    workers
        Jobs that run at the same time, each in a thread.
    seed
        Makes everything that is drawn repeatable, with one worker.
    doubts
        Assertions that have raised on every check so far, over all runs of the definition.
    cooling
        Fingerprints of unavailable candidates and until when to leave them, over all runs.
    """

    def __init__(
        self,
        graph: Graph,
        sampler: Sampler,
        store: Store,
        *,
        settings: Settings | None = None,
        thresholds: Mapping[str, float] | None = None,
        workers: int = 1,
        seed: int | None = None,
        doubts: Doubts | None = None,
        cooling: dict[str, float] | None = None,
    ) -> None:
        self.graph, self.sampler, self.store = graph, sampler, store
        self.settings = settings or Settings()
        self.thresholds = graph.thresholds if thresholds is None else thresholds
        self.workers = workers
        self.run = secrets.token_hex(5)
        self.warned: set[str] = set()
        self._seed = secrets.randbits(63) if seed is None else seed
        self._lock = _LOCKS.setdefault(sampler, threading.RLock())
        self._doubts = doubts or Doubts()
        self._rescued: list[Done] = []
        self._spent = 0.0
        shared = cooling is not None and self.settings.clock is None
        self._cool_until = cooling if cooling is not None and shared else {}
        self._number = 0

    def define(self) -> None:
        """Write down what the jobs to come are jobs of."""
        graph = self.graph
        candidates = {n.name: {c.name: c.fingerprint for c in n.candidates} for n in graph.nodes}
        assertions = {a.text: a.fingerprint for a in graph.assertions}
        known = Definition(
            graph.digest, graph.name, time.time(), graph.text, assertions, candidates
        )
        self.store.append([known])

    def one(self, inputs: Inputs, job_id: str | None = None) -> Outcome:
        """Run one job; its records are durable when this returns."""
        outcome, lessons = self._do(self._ticket(job_id), inputs)
        self._commit([outcome], lessons)
        return outcome

    def stream(
        self, jobs: Iterable[tuple[str | None, Inputs]], *, together: bool = True
    ) -> Iterator[Outcome]:
        """Run jobs, each an (id or None, inputs) pair; give their outcomes in the same order.

        An outcome is given when its records are durable. With ``together=False`` each job
        is committed by itself and no job is taken before the last one was given out.
        """
        done = self._in_turn(jobs) if self.workers == 1 else self._side_by_side(jobs)
        pending: list[Outcome] = []
        lessons: list[Outcome] = []
        latest = time.monotonic()
        try:
            for outcome, released in done:
                pending.append(outcome)
                lessons += released
                now = time.monotonic()
                if together and now - latest < _TOGETHER and len(pending) < _MOST:
                    continue
                ready, pending, late, lessons = pending, [], lessons, []
                self._commit(ready, late)
                latest = time.monotonic()
                yield from ready
        finally:
            done.close()  # jobs that have ended by now are acknowledged, whatever went wrong
            for outcome, released in self._rescued:
                pending.append(outcome)
                lessons += released
            self._rescued.clear()
            ready, pending = pending, []
            if ready:
                self._commit(ready, lessons)
        yield from ready

    def _in_turn(self, jobs: Iterable[tuple[str | None, Inputs]]) -> Generator[Done, None, None]:
        for job_id, inputs in jobs:
            yield self._do(self._ticket(job_id), inputs)

    def _side_by_side(
        self, jobs: Iterable[tuple[str | None, Inputs]]
    ) -> Generator[Done, None, None]:
        """Keep a bounded number of jobs on their way, so that a generator is not drained."""
        waiting: deque[Future[Done]] = deque()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="flexiflow-job")
        try:
            for job_id, inputs in jobs:
                waiting.append(pool.submit(self._do, self._ticket(job_id), inputs))
                if len(waiting) >= 2 * self.workers:
                    yield _first_of(waiting)
            while waiting:
                yield _first_of(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            ended = [f for f in waiting if not f.cancelled() and f.exception() is None]
            self._rescued += [f.result() for f in ended]

    def _do(self, ticket: Ticket, inputs: Inputs) -> Done:
        """Run a job and learn from it; also gives older outcomes whose lessons now count."""
        course = Course(self.graph, self, ticket, inputs)
        outcome = close(course, ticket, time.time())
        with self._lock:
            self._spent += outcome.seconds
            lessons = self._doubts.settle(
                self.graph, outcome, course.judge.sound, course.judge.raised
            )
            if lessons:
                self.sampler.update(lessons)
        older = [o for o in lessons if o.job_id != outcome.job_id]
        if len(older) == len(lessons) and outcome.job.teaches:
            outcome = _replaced(outcome, teaches=False)  # it is held back
        return outcome, older

    def _commit(self, outcomes: list[Outcome], lessons: list[Outcome]) -> None:
        """Write outcomes; rewrite older ones that were held back and count after all."""
        released = {o.job_id: o for o in lessons}
        fresh = [released.pop(o.job_id, o) for o in outcomes]
        self.store.append([*fresh, *released.values()])

    def _ticket(self, job_id: str | None) -> Ticket:
        with self._lock:
            number = self._number
            self._number += 1
        drawn = hashlib.blake2b(f"{self._seed}:{number}".encode(), digest_size=8).digest()
        seed = int.from_bytes(drawn, "little") >> 1
        return Ticket(job_id or f"{self.run}-{number:06d}", self.run, number, seed)

    # What jobs share: the protocol World.

    def propose(self, state: JobState) -> Decision | None:
        """Ask the sampler for the next configuration of a job."""
        with self._lock:
            return self.sampler.propose([state])[0]

    def explain(self, decisions: Sequence[Decision]) -> list[Explanation]:
        """Ask why each configuration was chosen, when the job has ended."""
        with self._lock:  # beliefs must not change under the sampler while it looks at them
            return [decision.explain() for decision in decisions]

    def cooling(self) -> set[tuple[int, int]]:
        """(node, choice) pairs that were unavailable a short time ago."""
        if not self._cool_until:
            return set()
        now = self._now()
        with self._lock:
            cold = {f for f, until in self._cool_until.items() if until > now}
        return {
            (v, k)
            for v, node in enumerate(self.graph.nodes)
            for k, choice in enumerate(node.choices)
            if node.candidates[choice.candidate].fingerprint in cold
        }

    def cool(self, candidate: Candidate, seconds: float | None) -> None:
        """Leave an unavailable candidate alone for a while."""
        wait = self.settings.cooldown if seconds is None else seconds
        with self._lock:
            self._cool_until[candidate.fingerprint] = self._now() + wait

    def _now(self) -> float:
        """Seconds; with a clock of the user's, those that all attempts have taken by it."""
        return time.monotonic() if self.settings.clock is None else self._spent

    def mark_effect(self, job_id: str, node: int, choice: int, state: Mark) -> None:
        """Write a mark into the journal of effects; durable on return."""
        it = self.graph.nodes[node]
        name = self.graph.candidate(node, choice).name
        self.store.append([Effect(job_id, self.graph.name, it.name, name, time.time(), state)])

    def effect_marked(self, job_id: str, node: int) -> str | None:
        """The latest mark of an earlier try at this effect."""
        marks = self.store.read("effects", workflow=self.graph.name, job_id=job_id)
        mine = marks.filter(marks["node"] == self.graph.nodes[node].name)
        return None if mine.is_empty() else str(mine["state"][-1])


def _first_of(waiting: deque[Future[Done]]) -> Done:
    """Wait for the first; it stays in the queue if the wait is interrupted."""
    done = waiting[0].result()
    waiting.popleft()
    return done


def _replaced(outcome: Outcome, *, teaches: bool) -> Outcome:
    job = outcome.job._replace(teaches=teaches)
    return Outcome(job, outcome.attempts, outcome.verdicts, outcome.output, outcome.values)
