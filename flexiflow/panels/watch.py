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
from flexiflow.panels.gains import KEPT, Gains
from flexiflow.panels.jobs import MOST, LatestJobs
from flexiflow.panels.labels import Labels
from flexiflow.panels.mark import LABELLED, POINTS, ROWS, Data, Due, Mark, Now, due, fresh, whole
from flexiflow.panels.notices import Notices
from flexiflow.panels.past import CONTEXTS, Past
from flexiflow.panels.places import Places, names_of
from flexiflow.panels.strip import Strip
from flexiflow.panels.tally import Tally
from flexiflow.panels.trail import Pace, Shown
from flexiflow.panels.why import account
from flexiflow.recall import outcome_of
from flexiflow.records import Outcome
from flexiflow.samplers import Sampler
from flexiflow.stores.base import Store

_DRAWN = frozenset({"job", "choice", "node", "back"})  # of a job under way
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
        self._labels, self._labelled = Labels(store, workflow, run_id), 0
        self._logged = -1  # the last number of a job that was read from the log
        self._begun = False
        self._shown = Shown(len(graph.nodes))
        self._pace, self._slow = Pace(0.2, 70.0), Pace(2.0, 150.0)
        self._read: Beliefs | None = None  # before pins and bans
        self._steered: Mapping[str, Any] = {}
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
            for outcome in sorted(self._labels.logged(), key=lambda o: o.job.number):
                self._logged = outcome.job.number
                self._take(outcome)

    def label(self, job_id: str) -> None:
        """Take in what was told of a job after it had ended; it never raises."""
        if not self._begun:
            return  # what the log says is read at first use
        with contextlib.suppress(StoreError):
            told = self._labels.of(job_id)
            if told is not None:
                with self._mine:
                    self._correct(*told)

    def _correct(self, outcome: Outcome, before: float | None, reward: float | None) -> None:
        self._labelled += 1
        self._gains.label(outcome.job.number, before, reward)
        self._jobs.label(outcome.job_id, reward, self._labelled)
        self._baselines.label(outcome, before, reward)

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
            self._look(self._steering())
            assert self._shown.latest is not None
            return self._shown.latest

    def _look(self, steered: Mapping[str, Any]) -> None:
        """Read beliefs, baselines and notices, if there is something new and it is time to."""
        evidence = self._gains.jobs + self._labelled
        due = self._pace.due(evidence) or self._read is None
        if due:
            try:
                with self._mine:
                    counts, contexts = self._tally.counts, list(self._contexts)
                    self._said = self._notices.texts()
                self._read = read(self._sampler, self.places, counts, contexts, self._guard)
            finally:
                self._pace.done()
            self._compare(evidence)
        if self._read is not None and (due or steered != self._steered):
            self._steered = steered
            pins, bans = steered.get("pins", {}), steered.get("bans", {})
            self._shown.take(self._read.steered(pins, bans))

    def _compare(self, evidence: int) -> None:
        """Work out the baselines, if there is a tenth more to tell and it is time to."""
        if evidence < self._told_at * _AGAIN or not self._slow.due(evidence):
            return
        with self._mine:
            baselines = self._baselines.copy()
        self._told, self._told_at = baselines.data(), evidence
        self._slow.done()

    def begin(self) -> tuple[dict[str, Any], Mark]:
        """A snapshot, and the mark from which :meth:`changes` goes on without a gap."""
        self._begin()
        with self._reading:
            now, told, histories = self._now(None)
            return fresh(now, None, told, histories)

    def snapshot(self) -> dict[str, Any]:
        """Everything there is to see, as plain data and NumPy arrays of full precision."""
        self._begin()
        with self._reading:
            now, _, histories = self._now(None)
            return whole(now, histories)

    def changes(self, mark: Mark | None = None) -> tuple[dict[str, Any], Mark]:
        """What is new since a mark, and the mark of now; empty if nothing is.

        Without a mark everything counts as new, as in a snapshot.
        """
        if mark is None:
            return self.begin()
        self._begin()
        with self._reading:
            now, told, histories = self._now(mark)
            return fresh(now, mark, told, histories)

    def _now(self, mark: Mark | None) -> tuple[Now, Due, Data]:
        """All there is now, what of it is to be told, and the histories that are."""
        steering = dict(self._steering())
        self._look(steering)
        plain: dict[str, Any] = {
            "run": {"id": self.run_id, "workflow": self.workflow, **self._facts()},
            "now": [{k: x for k, x in job.items() if k in _DRAWN} for job in self._under_way()],
            "steering": steering,
            "notices": self._said,
            "graph": {**names_of(self.graph), "thresholds": dict(self._thresholds)},
        }
        with self._mine:
            now = Now(plain, self._gains.jobs, self._labelled, self._told, self._shown)
            told = due(now, mark)
            return now, told, self._histories(now, told, mark)

    def _histories(self, now: Now, told: Due, mark: Mark | None) -> Data:
        """Of the histories that are due, what came after the mark."""
        running = mark is not None and now.plain["run"].get("state") == "running"
        heard = dict.fromkeys(LABELLED, 0) if mark is None else mark.labels
        found, after = Data(), told.histories
        if "rows" in after:
            most = ROWS if running else MOST
            found["rows"] = self._jobs.rows(after["rows"] - 1, most, heard["rows"])
        if "columns" in after:
            found["columns"] = self._strip.data(after["columns"] - 1)
        if "gains" in after:
            most = POINTS if running else KEPT
            found["gains"] = self._gains.data(after["gains"], now.labels > heard["gains"], most)
        return found

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
