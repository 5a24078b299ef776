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
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any
from weakref import WeakKeyDictionary

from flexiflow.candidates.base import Candidate
from flexiflow.closing import close
from flexiflow.course import Course
from flexiflow.doubts import Doubts
from flexiflow.graph import Graph
from flexiflow.pace import Pace
from flexiflow.present import Mark, Present, Settings, Ticket, UnderWay
from flexiflow.records import Definition, Effect, Outcome
from flexiflow.samplers.base import Advice, Ask, Decision, Explanation, JobState, Sampler
from flexiflow.steering import Steering
from flexiflow.stores.base import Store
from flexiflow.turns import in_turn, side_by_side

_TOGETHER = 0.02  # seconds: jobs that end within it are committed together
_MOST = 256  # jobs in one transaction

Inputs = Mapping[str, Any]
Done = tuple[Outcome, list[Outcome]]
"""An ended job, and older ones whose lessons count from now on."""

_LOCKS: WeakKeyDictionary[Sampler, threading.RLock] = WeakKeyDictionary()
"""One lock a sampler: runs that share one take turns."""


def lock_of(sampler: Sampler) -> threading.RLock:
    """The lock to hold while a sampler is asked, taught, read or set."""
    return _LOCKS.setdefault(sampler, threading.RLock())


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
    steering
        Pins, bans and weights, over all runs of the workflow.

    Attributes
    ----------
    run
        Identifies the run in all tables.
    pace
        When the jobs of ``stream`` start.
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
        steering: Steering | None = None,
    ) -> None:
        self.graph, self.sampler, self.store = graph, sampler, store
        self.settings = settings or Settings()
        self.thresholds = graph.thresholds if thresholds is None else thresholds
        self._fixed: Set[str] = getattr(self.thresholds, "fixed", frozenset())
        self.workers = workers
        self.run = secrets.token_hex(5)
        self.warned: set[str] = set()
        self.steering = steering or Steering(graph)
        self.pace = Pace()
        self._under_way: dict[int, tuple[Present, float]] = {}
        self._seed = secrets.randbits(63) if seed is None else seed
        self._lock = lock_of(sampler)
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
        outcome, lessons = self._do((self._ticket(job_id), inputs))
        self._commit([outcome], lessons)
        return outcome

    def stream(
        self, jobs: Iterable[tuple[str | None, Inputs]], *, together: bool = True
    ) -> Iterator[Outcome]:
        """Run jobs, each an (id or None, inputs) pair; give their outcomes in the same order.

        An outcome is given when its records are durable. With ``together=False`` each job
        is committed by itself and no job is taken before the last one was given out. Before
        a wait that ``pace`` asks for, all that has ended is given out; and before a source
        that waits now and then (a queue, a camera) is asked for a job.
        """
        todo = ((self._ticket(job_id), inputs) for job_id, inputs in jobs)
        beside = side_by_side(todo, self._do, self.pace, self.workers, self._rescued)
        done = in_turn(todo, self._do, self.pace) if self.workers == 1 else beside
        pending: list[Outcome] = []
        lessons: list[Outcome] = []
        latest = time.monotonic()
        try:
            for ended in done:
                if ended is not None:
                    pending.append(ended[0])
                    lessons += ended[1]
                    now = time.monotonic()
                    if together and now - latest < _TOGETHER and len(pending) < _MOST:
                        continue
                elif not pending:
                    continue
                ready, pending, late, lessons = pending, [], lessons, []
                self._commit(ready, late)
                latest = time.monotonic()
                yield from ready
        except GeneratorExit:  # nobody takes them
            self._rest(done, pending, lessons)
            raise
        except BaseException:
            yield from self._rest(done, pending, lessons)
            raise
        yield from self._rest(done, pending, lessons)

    def _rest(
        self,
        done: Generator[Done | None, None, None],
        pending: list[Outcome],
        lessons: list[Outcome],
    ) -> list[Outcome]:
        """Acknowledge the jobs that have ended by now, whatever went wrong."""
        done.close()
        for outcome, released in self._rescued:
            pending.append(outcome)
            lessons += released
        self._rescued.clear()
        if pending:
            self._commit(pending, lessons)
        return pending

    def under_way(self) -> list[UnderWay]:
        """The jobs that have begun and not ended, as they stand."""
        now = time.time()
        jobs = tuple(self._under_way.values())
        return [job.standing(now - began) for job, began in jobs]

    def _do(self, job: tuple[Ticket, Inputs]) -> Done:
        """Run a job and learn from it; also gives older outcomes whose lessons now count."""
        ticket, inputs = job
        started = time.time()
        steered = self.steering.now
        course = Course(steered.graph, self, ticket, inputs)
        if steered.out:
            steered.apply(course.job.state)
        self._under_way[ticket.number] = course.job, started
        try:
            outcome = close(course, ticket, started)
        finally:
            del self._under_way[ticket.number]
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

    def advise(self, threshold: str, ask: Ask) -> Advice | None:
        """Ask where a threshold is best put; None where its user has set it."""
        if threshold in self._fixed:
            return None
        with self._lock:
            return self.sampler.advise(ask)

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
            cold = {f for f, until in tuple(self._cool_until.items()) if until > now}
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


def _replaced(outcome: Outcome, *, teaches: bool) -> Outcome:
    job = outcome.job._replace(teaches=teaches)
    return Outcome(job, outcome.attempts, outcome.verdicts, outcome.output, outcome.values)
