"""The workflow as a user holds it: call it, run it over many jobs, ask it why."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import polars as pl

from flexiflow.changes import Names, changes
from flexiflow.errors import BadInput
from flexiflow.explain import Account, explain
from flexiflow.feedback import Recent, late_feedback
from flexiflow.graph import Graph
from flexiflow.jobs import bind, count, read_jobs, unseen
from flexiflow.learner import Learner
from flexiflow.options import one_of, settings_from, whole
from flexiflow.present import Clock, Settings
from flexiflow.records import Feedback, Outcome
from flexiflow.run import Progress, Run, insist
from flexiflow.runner import Runner
from flexiflow.samplers import Hybrid, Sampler
from flexiflow.stores import Store
from flexiflow.tables import unpacked
from flexiflow.thresholds import Thresholds

Outcomes = Generator[Outcome, None, None]


class Workflow:
    """A workflow that learns: nodes with candidates, assertions, objectives.

    Made by ``%%flexiflow`` or :func:`workflow`; calling it runs one job.

    Parameters
    ----------
    graph
        What the reader of the language made of the definition.
    sampler
        Who chooses; default the hybrid Thompson sampler.
    store
        Where records go; default the SQLite file in ``.flexiflow/``.
    on_failure
        ``"return"`` the best attempt of a job that did not pass, or ``"raise"``.
    like
        An older workflow whose store and beliefs this one goes on with (a re-run cell).
    namespace
        Where the definition's names were bound, to notice that one has been redefined.
    **options
        Defaults for all jobs, as for :meth:`run`.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        sampler: Sampler | None = None,
        store: Store | str | Path | None = None,
        on_failure: Literal["return", "raise"] = "return",
        like: Workflow | None = None,
        namespace: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.graph = graph
        if like is None or sampler is not None or store is not None:
            self._learner = Learner(graph.name, sampler or Hybrid(), store)
        else:
            self._learner = like._learner
        self._thresholds = Thresholds(graph.thresholds)
        self.last: Outcome | None = None
        self.__name__, self.__doc__ = graph.name, graph.doc or None
        self._on_failure = one_of("on_failure", on_failure, ("return", "raise"))
        self._settings = settings_from(Settings(), options)
        self._names = Names(graph, namespace or {})
        self._runner: Runner | None = None
        self._told = False
        self._recent = Recent(graph)

    @property
    def name(self) -> str:
        """The workflow's name: beliefs and records belong to it."""
        return self.graph.name

    @property
    def sampler(self) -> Sampler:
        """Who chooses, with what it has learned."""
        return self._learner.sampler

    @property
    def store(self) -> Store:
        """Where records go; the default one is opened at first use."""
        return self._learner.store

    @property
    def thresholds(self) -> Thresholds:
        """The numbers of ``threshold(...)`` by name; they can be set while jobs run."""
        return self._thresholds

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        """Run one job and return its output.

        Raises
        ------
        JobFailed
            If the job did not pass and ``on_failure="raise"``.
        """
        outcome = self.job(*args, **inputs)
        insist(outcome, self._on_failure)
        return outcome.output

    def job(self, *args: Any, **inputs: Any) -> Outcome:
        """Run one job and return its whole :class:`Outcome`, passed or not."""
        given = bind(self.graph, args, inputs)
        self._names.warn()
        with self._learner.lock:
            if self._runner is None:
                self._runner = self._make_runner(self._learner, self._settings)
        return self._noted(self._learner.one(self._runner, given))

    def run(
        self,
        jobs: Any,
        *,
        ids: str | None = None,
        resume: bool = False,
        progress: bool | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_failure: Literal["return", "raise"] | None = None,
        sampler: Sampler | None = None,
        store: Store | str | Path | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        seed: int | None = None,
        clock: Clock | None = None,
        **options: Any,
    ) -> Run:
        """Run many jobs and learn from each.

        Parameters
        ----------
        jobs
            Polars or pandas frame (one row a job, columns named as the inputs), list of
            dictionaries, or a generator of them, which is read as jobs are run.
        ids
            Column that holds unique job ids; by default they are made from the run.
        resume
            With ``ids``: leave out jobs that the store has already.
        progress
            Show a bar; by default where someone can see it.
        on_outcome
            Called with each outcome, real output included, once it is durable.
        on_failure
            "raise" stops at the first job that did not pass; each job is then committed by
            itself, and with several workers those under way are finished.
        sampler, store
            Use these for this run only, in place of the workflow's own. A sampler given
            here starts as it is; with a store given here, what is learned is learned from
            that store.
        workers
            Jobs that run at the same time, each in a thread.
        executor
            Where candidates run, any ``concurrent.futures.Executor``; independent branches
            of a job then run side by side. By default in the job's own thread.
        seed, clock
            With one worker, repeat a run exactly: what is drawn follows from ``seed``, and
            ``clock(number, node, candidate)`` gives each attempt's seconds, ``number`` being
            the job's place in the run. A workflow used as a candidate keeps its own.
        **options
            ``max_attempts``, ``max_seconds`` (over the attempts of a job; looked at between
            attempts), ``stop_when`` (what a pass is worth, in the unit of the price: a job
            ends when that times the chance of a pass is no more than the price still to pay;
            or a function of the decision), ``on_refusal`` ("stop" or "switch"), ``cooldown``
            (seconds an unavailable candidate is left alone).

        Returns
        -------
        The run, with its tables. Its records are durable.
        """
        wanted = one_of("on_failure", on_failure or self._on_failure, ("return", "raise"))
        runner, outcomes = self._start(
            jobs, ids, resume, sampler, store, workers, seed, wanted != "raise",
            {"clock": clock, "executor": executor, **options},
        )  # fmt: skip
        run = Run(runner.store, self.name, runner.run)
        with closing(outcomes):  # at once, even if the error's traceback keeps them alive
            for outcome in Progress(self.name, count(jobs), progress).over(outcomes, run):
                if on_outcome is not None:
                    on_outcome(outcome)
                insist(outcome, wanted)
        return run

    def stream(
        self,
        jobs: Any,
        *,
        ids: str | None = None,
        workers: int = 1,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | None = None,
        **options: Any,
    ) -> Iterator[Outcome]:
        """Run jobs as they are asked for; each outcome is durable when it is given.

        With one worker no job is read before the last outcome was taken, so what a job is
        may depend on how the last one ended.
        """
        extra = {"clock": clock, "executor": executor, **options}
        return self._start(jobs, ids, False, None, None, workers, seed, False, extra)[1]

    def _start(
        self,
        jobs: Any,
        ids: str | None,
        resume: bool,
        sampler: Sampler | None,
        store: Store | str | Path | None,
        workers: int,
        seed: int | None,
        together: bool,
        options: Mapping[str, Any],
    ) -> tuple[Runner, Outcomes]:
        """Check all that was asked for; the runner, and the outcomes as they will come."""
        settings = settings_from(self._settings, options)
        pairs = read_jobs(self.graph, jobs, ids)
        whole("workers", workers, 1)
        learner = self._learner if store is None else self._learner.elsewhere(store)
        runner = self._make_runner(learner, settings, sampler, workers, seed)
        if ids is not None:
            pairs = unseen(pairs, runner.store, self.name, resume)
        return runner, self._outcomes(learner.stream(runner, pairs, together))

    def _outcomes(self, ended: Outcomes) -> Outcomes:
        with closing(ended):
            for outcome in ended:
                yield self._noted(outcome)

    def _make_runner(
        self,
        learner: Learner,
        settings: Settings,
        sampler: Sampler | None = None,
        workers: int = 1,
        seed: int | None = None,
    ) -> Runner:
        self._names.warn()
        for notice in () if self._told else self.notices():
            warnings.warn(notice, stacklevel=4)
        return learner.runner(self.graph, self._thresholds, settings, sampler, workers, seed)

    def _noted(self, outcome: Outcome) -> Outcome:
        self.last = outcome
        self._recent.keep(outcome)
        return outcome

    def feedback(self, job_id: str, *, score: float | None = None, **labels: Any) -> Feedback:
        """Give a job its label, or a score, after it has ended.

        ``labels`` are inputs that default to None and were not given; ``score`` sets the
        reward directly. Returns the record with all terms as they stand now; it is durable.
        """
        values = self._recent.values_of(job_id)
        record = late_feedback(self.graph, self.store, job_id, labels, score, values)
        self._learner.tell(record)
        return record

    def explain(self, job: str | Outcome | None = None) -> Account:
        """Tell why a job went as it did, by its id or outcome; by default the latest one."""
        if (job := self.last if job is None else job) is None:
            raise BadInput(f"{self.name} has run no job yet here. Give a job id.")
        job_id = job if isinstance(job, str) else job.job_id
        return explain(self.store, self.name, job_id, self.sampler)

    def log(self) -> pl.DataFrame:
        """All jobs of this workflow over all runs, one row each."""
        feedback = self.store.read("feedback", workflow=self.name)
        return unpacked(self.store.read("jobs", workflow=self.name), feedback)

    def reset(self) -> None:
        """Forget what was learned; the records stay."""
        self._learner.forget()

    def notices(self) -> list[str]:
        """What this definition changes for what was learned under older ones; told once."""
        self._told = True
        return changes(self.graph, self.store)

    def __repr__(self) -> str:
        from flexiflow.widgets.picture import text

        return text(self.graph)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from flexiflow.widgets.picture import svg, text

        return {"text/plain": text(self.graph), "image/svg+xml": svg(self.graph)}
