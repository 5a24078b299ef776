"""A sampler with the store it learns from: what outlives a definition of its workflow."""

from __future__ import annotations

import threading

from flexiflow.recall import Recall
from flexiflow.samplers import Sampler
from flexiflow.stores import Store


class Learner:
    """Keeps a workflow's sampler and its log together; thread-safe.

    Attributes
    ----------
    sampler
        Who chooses.
    lock
        Guards the sampler.
    """

    def __init__(self, workflow: str, sampler: Sampler, store: Store | None) -> None:
        self.workflow, self.sampler = workflow, sampler
        self.lock = threading.RLock()
        self._store = store
        self._recall: Recall | None = None

    @property
    def store(self) -> Store:
        """The store; the default one is opened at first use."""
        with self.lock:
            if self._store is None:
                from flexiflow.stores import SQLStore

                self._store = store = SQLStore()
                if store.fresh:
                    print(f"FlexiFlow keeps its records in {store.location}")
            return self._store

    def _log(self) -> Recall:
        if self._recall is None:
            self._recall = Recall(self.store, self.workflow, self.sampler)
        return self._recall

    def join(self, run: str) -> None:
        """Learn what is new in the log; the run to come teaches the sampler directly."""
        with self.lock:
            self._log().catch_up()
            self._log().own.add(run)

    def save(self, run: str) -> None:
        """Write a snapshot of the beliefs after one of the runs that joined."""
        with self.lock:
            if run in self._log().own:
                self._log().save()

    def forget(self) -> None:
        """Start anew from nothing; the records stay."""
        with self.lock:
            fresh = type(self.sampler)().state
            if fresh:
                self.sampler.state = fresh
            self._log().forget()
