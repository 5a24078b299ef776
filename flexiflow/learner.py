"""A sampler with the store it learns from: what outlives a definition of its workflow."""

from __future__ import annotations

import copy
import os
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from flexiflow.doubts import Doubts, users_own_frames
from flexiflow.errors import BadInput, StoreError
from flexiflow.graph import Graph
from flexiflow.jobs import Inputs, JobPair
from flexiflow.options import whole
from flexiflow.present import Settings
from flexiflow.recall import Recall
from flexiflow.records import Feedback, Outcome
from flexiflow.runner import Runner, lock_of
from flexiflow.samplers import Sampler
from flexiflow.steering import Steering
from flexiflow.stores import Store

_OFTEN = 2.0  # seconds between two looks at what others have written
_EARLY = 1_000  # jobs looked at for one that passed


class Learner:
    """Keeps a workflow's sampler and its log together; thread-safe.

    Who holds both locks took ``lock`` first, then the sampler's.

    Attributes
    ----------
    sampler
        Who chooses.
    lock
        Guards what is kept here.
    runs
        The runs whose jobs teach here, as long as somebody holds them.
    """

    def __init__(self, workflow: str, sampler: Sampler, store: Store | str | Path | None) -> None:
        self.workflow, self.sampler = workflow, sampler
        self.lock = threading.RLock()
        self._asking = lock_of(sampler)
        self._blank = copy.deepcopy(sampler)
        self.runs: WeakSet[Any] = WeakSet()
        self._store = None if store is None else opened(store)
        self._recall: Recall | None = None
        self._looked = 0.0
        self._astray = False  # whether something was learned that is not in the log
        self._learning = 0  # runs and calls under way: what they learn is not in the log yet
        self._cooling: dict[str, float] = {}
        self._doubts: dict[str, Doubts] = {}

    @property
    def store(self) -> Store:
        """The store; the default one is opened at first use."""
        with self.lock:
            if self._store is None:
                from flexiflow.stores import SQLStore

                self._store = store = SQLStore()
                if store.fresh and not os.environ.get("FLEXIFLOW_HOME"):
                    print(f"FlexiFlow keeps its records in {store.location}")
            return self._store

    def fresh(self) -> Sampler:
        """A sampler like the one here that has learned nothing."""
        return copy.deepcopy(self._blank)

    def elsewhere(self, store: Store | str | Path) -> Learner:
        """One like this that begins with nothing learned, on another store."""
        return Learner(self.workflow, self.fresh(), store)

    def _log(self) -> Recall:
        if self._recall is None:
            self._recall = Recall(self.store, self.workflow, self.sampler)
        return self._recall

    def runner(
        self,
        graph: Graph,
        thresholds: Mapping[str, float],
        settings: Settings,
        steering: Steering,
        sampler: Sampler | None = None,
        workers: int = 1,
        seed: int | None = None,
    ) -> Runner:
        """A runner whose jobs teach the sampler here, or another one that starts as it is."""
        made = Runner(
            graph,
            sampler or self.sampler,
            self.store,
            settings=settings,
            thresholds=thresholds,
            workers=workers,
            seed=None if seed is None else whole("seed", seed, 0),
            doubts=self._doubts_about(graph) if sampler is None else None,
            cooling=self._cooling,
            steering=steering,
        )
        made.define()
        if sampler is None:
            with self.lock:
                self._look()
                self._log().own.add(made.run)
        return made

    def one(self, runner: Runner, inputs: Inputs) -> Outcome:
        """Run one job, with what others have written of late learned before it."""
        with self.lock:
            if self._astray or time.monotonic() - self._looked > _OFTEN:
                self._look()
            self._learning += 1
        try:
            with users_own_frames():
                return runner.one(inputs)
        except StoreError:
            self._astray = True  # what was learned from a job that could not be written
            raise
        finally:
            with self.lock:
                self._learning -= 1

    def stream(
        self, runner: Runner, pairs: Iterable[JobPair], together: bool
    ) -> Generator[Outcome, None, None]:
        """Run jobs, and save what was learned when they have ended."""
        with self._under_way(runner.run):
            try:
                with users_own_frames():
                    yield from runner.stream(pairs, together=together)
            except StoreError:
                self._astray = True
                raise

    @contextmanager
    def _under_way(self, run: str) -> Iterator[None]:
        """Context of a run: the last one to end saves what was learned, if it is in the log."""
        with self.lock:
            own = run in self._log().own
            self._learning += own
        try:
            yield
        finally:
            with self.lock:
                self._learning -= own
                if own and not self._learning and not self._astray:
                    with self._asking:
                        self._log().save()

    def tell(self, record: Feedback) -> None:
        """Write down what was told of a job, and learn it."""
        self.store.append([record])
        with self.lock:
            self._look()

    def _look(self) -> None:
        with self._asking:  # beliefs must not change under a job that asks for advice
            if self._astray:
                self._start_over()
                self._log().anew()
                self._astray = False
            self._log().catch_up()
        self._looked = time.monotonic()

    def forget(self) -> None:
        """Start anew from nothing; the records stay."""
        with self.lock, self._asking:
            self._start_over()
            self._log().forget()

    def learned(self) -> dict[str, Any]:
        """All that was learned, what others have written included, as plain data."""
        with self.lock:
            self._look()
            with self._asking:
                return dict(self.sampler.state)

    def take_over(self, state: Mapping[str, Any]) -> None:
        """Believe what was learned elsewhere and nothing else, from the next job on.

        Raises
        ------
        BadInput
            If it is no state of the sampler here; then nothing changes.
        """
        trial = self.fresh()
        try:
            trial.state = state
        except BadInput:
            raise
        except Exception as error:
            kind = type(trial).__name__
            raise BadInput(f"This is not what a {kind} has learned: {error!r}.") from error
        with self.lock, self._asking:
            self.sampler.state = state
            self._astray = False
            self._log().forget()
            self._log().save()

    def _start_over(self) -> None:
        blank = self._blank.state
        if blank:
            self.sampler.state = blank

    def _doubts_about(self, graph: Graph) -> Doubts:
        """The doubts about a definition's assertions; none where a job has passed already."""
        with self.lock:
            if graph.digest not in self._doubts:
                self._doubts[graph.digest] = known = Doubts()
                jobs = self.store.read("jobs", workflow=self.workflow, limit=_EARLY)
                if (jobs["passed"] & (jobs["definition"] == graph.digest)).any():
                    known.trust(range(len(graph.assertions)))
            return self._doubts[graph.digest]


def opened(store: Store | str | Path) -> Store:
    """A store as it is, or the SQL store at a path or URL."""
    if isinstance(store, (str, Path)):
        from flexiflow.stores import SQLStore

        return SQLStore(store)
    if not callable(getattr(store, "append", None)) or not callable(getattr(store, "read", None)):
        raise BadInput(
            f"store must be a Store (MemoryStore(), SQLStore(...)), a path or a database URL. "
            f"Got {store!r}."
        )
    return store
