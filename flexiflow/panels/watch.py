"""All that there is to see of a run, in bounded memory, whole or as what is new.

The run feeds it each acknowledged job; pages ask it for a snapshot first and for changes from
then on. What came before it was made is read from the log, once, at first use.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flexiflow.errors import BadInput, StoreError
from flexiflow.graph import Graph
from flexiflow.panels.baselines import Baselines
from flexiflow.panels.beliefs import Beliefs, read
from flexiflow.panels.gains import Gains
from flexiflow.panels.jobs import MOST, LatestJobs
from flexiflow.panels.mark import ROWS, Mark, Now, due, fresh
from flexiflow.panels.notices import Notices
from flexiflow.panels.past import CONTEXTS, Past, logged
from flexiflow.panels.places import Places, names_of
from flexiflow.panels.strip import Strip
from flexiflow.panels.tally import Tally
from flexiflow.panels.trail import Pace, Shown
from flexiflow.panels.why import account
from flexiflow.recall import outcome_of
from flexiflow.records import Outcome
from flexiflow.samplers import Sampler
from flexiflow.stores.base import Store

_AGAIN = 1.1  # times as many jobs, until baselines are worked out anew

Facts = Callable[[], Mapping[str, Any]]
UnderWay = Callable[[], Sequence[Mapping[str, Any]]]


class RunWatch:
    """What the panels of a run show; thread-safe, its memory bounded whatever the jobs.

    Parameters
    ----------
    graph, sampler, store
        The workflow, who chooses, and where records go.
    workflow, run_id
        Names of the workflow and of the run in the store.
    facts
        Gives state, total, done, passed, seconds, error and speed of the run as they are now.
    under_way
        Gives the jobs on their way: job, choice (per node), node and back, as plain data.
    steering
        Gives pins, bans and weights as they are now, as plain data.
    lock
        Guards the sampler; held for well under 2 ms, ten times a second at the most.
    blank
        The sampler as it was when the run began, for :meth:`at`; it is copied.
    thresholds
        Their present values, where they are not those of the graph.
    """

    def __init__(
        self,
        graph: Graph,
        sampler: Sampler,
        store: Store,
        workflow: str,
        run_id: str,
        facts: Facts,
        under_way: UnderWay = tuple,
        steering: Facts = dict,
        lock: AbstractContextManager[Any] | None = None,
        blank: Sampler | None = None,
        thresholds: Mapping[str, float] | None = None,
    ) -> None:
        self.graph, self.workflow, self.run_id = graph, workflow, run_id
        self._sampler, self._store = sampler, store
        self._facts, self._under_way, self._steering = facts, under_way, steering
        self._guard: AbstractContextManager[Any] = nullcontext() if lock is None else lock
        self._thresholds = graph.thresholds if thresholds is None else thresholds
        self.places = Places(graph)
        self._past = None if blank is None else Past(self.places, store, workflow, run_id, blank)
        self._mine = threading.Lock()  # what jobs feed; held for microseconds
        self._reading = threading.RLock()  # what is worked out of it; never taken by ``add``
        self._strip, self._gains, self._jobs = Strip(self.places), Gains(), LatestJobs()
        self._tally, self._notices = Tally(self.places), Notices(self.places)
        self._baselines = Baselines(self.places)
        self._contexts: deque[Mapping[str, Any]] = deque(maxlen=CONTEXTS)
        self._failed: deque[Outcome] = deque(maxlen=CONTEXTS * 5)
        self._logged = -1  # the last number of a job that was read from the log
        self._begun = False
        self._shown, self._pace, self._slow = Shown(len(graph.nodes)), Pace(), Pace(2.0, 50.0)
        self._told: dict[str, Any] = {"single": None, "fixed": None}
        self._told_at, self._said = 0, list[str]()

    def add(self, outcome: Outcome) -> None:
        """Take in a job that has been acknowledged; some microseconds, and it never raises."""
        if not self._begun:
            with contextlib.suppress(StoreError):
                self._begin()
        with self._mine:
            if outcome.job.number > self._logged:
                self._take(outcome)

    def _begin(self) -> None:
        """Read what came before from the log; jobs in it will be passed over by ``add``."""
        with self._mine:
            if self._begun:
                return
            self._begun = True
            before = [o for _, o in logged(self._store, self.workflow, self.run_id)]
            for outcome in sorted(before, key=lambda o: o.job.number):
                self._logged = outcome.job.number
                self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        place = self._gains.jobs
        self._strip.add(place, outcome)
        self._gains.add(outcome)
        self._jobs.add(place, outcome)
        self._tally.add(outcome)
        self._notices.add(outcome)
        self._baselines.add(outcome)
        self._contexts.append(outcome.job.context)
        if not outcome.passed or outcome.job.switches or outcome.job.rollbacks:
            self._failed.append(Outcome(outcome.job, outcome.attempts, outcome.verdicts))

    def beliefs(self) -> Beliefs:
        """What is believed of each candidate, as of the latest reading."""
        self._begin()
        with self._reading:
            self._look(self._gains.jobs)
            assert self._shown.latest is not None
            return self._shown.latest

    def _look(self, jobs: int) -> None:
        """Read beliefs, baselines and notices, if there is something new and it is time to."""
        if not self._pace.due(jobs) and self._shown.latest is not None:
            return
        try:
            with self._mine:
                counts, contexts = self._tally.counts, list(self._contexts)
                self._said = self._notices.texts()
            self._shown.take(read(self._sampler, self.places, counts, contexts, self._guard))
        finally:
            self._pace.done()
        self._compare(jobs)

    def _compare(self, jobs: int) -> None:
        """Work out the baselines, if there are a tenth more jobs and it is time to."""
        if jobs < self._told_at * _AGAIN or not self._slow.due(jobs):
            return
        with self._mine:
            baselines = self._baselines.copy()
        self._told, self._told_at = baselines.data(), jobs
        self._slow.done()

    def begin(self) -> tuple[dict[str, Any], Mark]:
        """A snapshot, and the mark from which :meth:`changes` goes on without a gap."""
        self._begin()
        with self._reading:
            self._look(self._gains.jobs)
            return fresh(self._now(None), None)

    def snapshot(self) -> dict[str, Any]:
        """Everything there is to see, as plain data and NumPy arrays."""
        return self.begin()[0]

    def changes(self, mark: Mark | None = None) -> tuple[dict[str, Any], Mark]:
        """What is new since a mark, and the mark of now; empty if nothing is.

        Without a mark everything counts as new, as in a snapshot.
        """
        if mark is None:
            return self.begin()
        self._begin()
        with self._reading:
            self._look(self._gains.jobs)
            return fresh(self._now(mark), mark)

    def _now(self, mark: Mark | None) -> Now:
        """All there is now, and of the histories what came after a mark."""
        plain: dict[str, Any] = {
            "run": {"id": self.run_id, "workflow": self.workflow, **self._facts()},
            "now": [dict(job) for job in self._under_way()],
            "steering": dict(self._steering()),
            "notices": self._said,
            "graph": {**names_of(self.graph), "thresholds": dict(self._thresholds)},
        }
        running = mark is not None and plain["run"].get("state") == "running"
        with self._mine:
            jobs = self._gains.jobs
            histories = due(mark, jobs, running)
            told: dict[str, Any] = {}
            if "rows" in histories:
                told["rows"] = self._jobs.rows(histories["rows"] - 1, ROWS if running else MOST)
            if "columns" in histories:
                told["columns"] = self._strip.data(histories["columns"] - 1)
            if "gains" in histories:
                told["gains"] = self._gains.data(histories["gains"])
        return Now(plain, jobs, told, self._told, self._shown)

    def at(self, job: int) -> dict[str, Any]:
        """Beliefs and posteriors as they were after so many jobs, replayed from the log.

        Raises
        ------
        BadInput
            If the number is not 0 or more, or the watch knows no sampler to begin with.
        """
        if isinstance(job, bool) or not isinstance(job, int) or job < 0:
            raise BadInput(f"A place in the run must be a whole number, 0 or more. Got {job!r}.")
        if self._past is None:
            raise BadInput("This run did not keep the sampler it began with: it cannot go back.")
        jobs, beliefs = self._past.at(job)
        nodes = range(len(self.graph.nodes))
        posterior = [{**beliefs.posterior(v), "trail": _no_trail(beliefs, v)} for v in nodes]
        return {"job": jobs, "beliefs": [beliefs.node(v) for v in nodes], "posterior": posterior}

    def why(self, job_id: str) -> dict[str, Any]:
        """The account of one job, as plain data.

        Raises
        ------
        BadInput
            If the log has no such job.
        """
        if self._store.read("jobs", workflow=self.workflow, job_id=job_id).is_empty():
            raise BadInput(
                f"The log of {self.workflow!r} has no job {job_id!r}. "
                "Ids are in the column job_id of run.jobs."
            )
        outcome = outcome_of(self._store, self.workflow, job_id)
        return account(self.graph, outcome, self.blame_of(outcome))

    def blame_of(self, outcome: Outcome) -> dict[tuple[str, str], float]:
        """(node, candidate) -> P(good enough for the job), where the sampler can tell."""
        blame = getattr(self._sampler, "blame", None)
        if blame is None:
            return {}
        with self._guard:
            return dict(blame(outcome))

    @property
    def troubled(self) -> list[Outcome]:
        """The latest jobs that switched, rolled back or failed, without their values."""
        self._begin()
        with self._mine:
            return list(self._failed)


def _no_trail(beliefs: Beliefs, v: int) -> Any:
    import numpy as np

    return np.zeros((0, beliefs.places.sizes[v]), dtype=np.float32)
