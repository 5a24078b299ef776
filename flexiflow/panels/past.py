"""Beliefs as they were: the log of a run replayed into a fresh sampler, with checkpoints."""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from flexiflow.panels.beliefs import Beliefs, read
from flexiflow.panels.places import Places
from flexiflow.panels.tally import Tally
from flexiflow.panels.thinned import Thinned
from flexiflow.recall import outcomes_of
from flexiflow.records import Outcome
from flexiflow.samplers import Sampler
from flexiflow.stores.base import Store

CONTEXTS = 8  # latest jobs over whose contexts beliefs are averaged
_CHECKPOINTS = 32
_EVERY = 50  # jobs between two checkpoints, at first

Contexts = deque[Mapping[str, Any]]


def logged(store: Store, workflow: str, run: str, after: int = 0) -> Iterator[tuple[int, Outcome]]:
    """The jobs of one run as the log has them: the ``seq`` of each, and its outcome.

    Parameters
    ----------
    after
        The ``seq`` of the last job not to be given.
    """
    jobs = store.read("jobs", workflow=workflow, after=after)
    others = set(jobs["run"]) - {run}
    seqs = dict(zip(jobs["job_id"], jobs["seq"], strict=True))
    for _, outcomes in outcomes_of(store, workflow, after, others):
        for outcome in outcomes:
            yield int(seqs.get(outcome.job_id, 0)), outcome


class _Then:
    """All that beliefs depend on, after some jobs of the run."""

    def __init__(self, sampler: Sampler, tally: Tally) -> None:
        self.jobs, self.seq = 0, 0
        self.sampler, self.tally = sampler, tally
        self.contexts: Contexts = deque(maxlen=CONTEXTS)

    def copy(self) -> _Then:
        fresh = _Then(copy.deepcopy(self.sampler), self.tally.copy())
        fresh.jobs, fresh.seq, fresh.contexts = self.jobs, self.seq, copy.copy(self.contexts)
        return fresh

    def learn(self, seq: int, outcome: Outcome) -> None:
        self.sampler.update([outcome])
        self.tally.add(outcome)
        self.contexts.append(outcome.job.context)
        self.jobs, self.seq = self.jobs + 1, seq


class Past:
    """What was believed after any number of jobs of a run; thread-safe.

    Parameters
    ----------
    places, store, workflow, run
        Whose log is replayed.
    blank
        The sampler as it was when the run began; it is copied and stays as it is.
    """

    def __init__(
        self, places: Places, store: Store, workflow: str, run: str, blank: Sampler
    ) -> None:
        self._places, self._store, self._workflow, self._run = places, store, workflow, run
        self._lock = threading.Lock()
        self._blank = copy.deepcopy(blank)
        self._kept = Thinned[_Then](_CHECKPOINTS)
        self._furthest = 0

    def at(self, job: int) -> tuple[int, Beliefs]:
        """What was believed after so many jobs, or after all that are logged; and how many."""
        with self._lock:
            then = self._nearest(job)
            if then.jobs < job:
                for seq, outcome in logged(self._store, self._workflow, self._run, then.seq):
                    if then.jobs >= job:
                        break
                    then.learn(seq, outcome)
                    self._keep(then)
            beliefs = read(then.sampler, self._places, then.tally.counts, list(then.contexts))
            return then.jobs, beliefs

    def _nearest(self, job: int) -> _Then:
        known = [then for then in self._kept.rows if then.jobs <= job]
        if known:
            return known[-1].copy()
        return _Then(copy.deepcopy(self._blank), Tally(self._places))

    def _keep(self, then: _Then) -> None:
        place, rest = divmod(then.jobs, _EVERY)
        if rest == 0 and then.jobs > self._furthest:
            self._furthest = then.jobs
            if self._kept.due(place):
                self._kept.add(place, then.copy())
