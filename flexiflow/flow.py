"""The workflow as a user holds it: call it, run it over many jobs, ask it why."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from flexiflow.changes import Names
from flexiflow.feedback import Recent
from flexiflow.graph import Graph
from flexiflow.jobs import bind, count, read_jobs, unseen
from flexiflow.learner import Learner
from flexiflow.options import one_of, settings_from, whole
from flexiflow.present import Clock, Settings
from flexiflow.progress import Progress
from flexiflow.provisioning.provisioned import Provisioned
from flexiflow.records import Outcome
from flexiflow.run import Run, insist
from flexiflow.runner import Runner
from flexiflow.samplers import Hybrid, Sampler
from flexiflow.steering import Steering
from flexiflow.stores import Store
from flexiflow.thresholds import Thresholds

Outcomes = Generator[Outcome, None, None]


class Workflow(Provisioned):
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
        An older workflow whose store, beliefs and steering this one goes on with (a re-run
        cell).
    namespace
        Where the definition's names were bound, to notice that one has been redefined.
    **options
        Defaults for all jobs, as for :meth:`run`.

    Attributes
    ----------
    last_run
        The run begun last here, under way or over.
    settings
        How jobs are run where a run does not say otherwise.
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
        self.steering = Steering(graph, None if like is None else like.steering)
        self._thresholds = Thresholds(graph.thresholds)
        self.last: Outcome | None = None
        self.last_run: Run | None = None
        self.__name__, self.__doc__ = graph.name, graph.doc or None
        self._on_failure = one_of("on_failure", on_failure, ("return", "raise"))
        self.settings = settings_from(Settings(), options)
        self._names = Names(graph, namespace or {})
        self._runner: Runner | None = None
        self._told = False
        self._recent = Recent(graph)

    @property
    def thresholds(self) -> Thresholds:
        """The numbers of ``threshold(...)`` by name; they can be set while jobs run."""
        return self._thresholds

    def pin(self, node: str, candidate: str | None) -> None:
        """Take only this candidate at a node, from the next job on; None lifts the pin."""
        self.steering.pin(node, candidate)

    def ban(self, node: str, candidate: str, on: bool = True) -> None:
        """Never take this candidate at a node, from the next job on; ``on=False`` lifts it."""
        self.steering.ban(node, candidate, on)

    def weigh(self, term: str, weight: float) -> None:
        """Give a term of the objective, as it is written, another weight from the next job on."""
        self.steering.weigh(term, weight)

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
                self._runner = self._make_runner(self._learner, self.settings)
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
        wait: bool | None = None,
        live: bool = False,
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
            Show a bar; by default where someone can see it and waits for the run.
        on_outcome
            Called with each outcome, real output included, once it is durable.
        on_failure
            "raise" stops at the first job that did not pass; each job is then committed by
            itself, and with several workers those under way are finished.
        wait
            False: return at once, the jobs go on in a thread of their own; what the run
            raises is kept and told in a warning, or raised by its ``wait()``.
        live
            Show a dashboard of the run, and by default do not wait for it.
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
            ``max_attempts`` (of a job; what needs more than are left waits, where anything else
            is left), ``max_seconds`` (over the attempts of a job; looked at between
            attempts), ``stop_when`` (what a pass is worth, in the unit of the price: a job
            ends when that times the chance of a pass is no more than the price still to pay;
            or a function of the decision), ``on_refusal`` ("stop" or "switch"), ``cooldown``
            (seconds an unavailable candidate is left alone).

        Returns
        -------
        The run, with its tables, which can be read, and it be steered, while it goes on. The
        records of all jobs that it counts are durable.
        """
        wanted = one_of("on_failure", on_failure or self._on_failure, ("return", "raise"))
        run, outcomes = self._start(
            jobs, ids, resume, sampler, store, workers, seed, wanted != "raise",
            {"clock": clock, "executor": executor, **options},
        )  # fmt: skip
        here = not live if wait is None else wait
        bar = Progress(self.name, count(jobs), (None if here and not live else False)
                       if progress is None else progress)  # fmt: skip

        def work() -> None:
            with closing(outcomes):  # at once, even if the error's traceback keeps them alive
                for outcome in bar.over(outcomes, run):
                    if on_outcome is not None:
                        on_outcome(outcome)
                    insist(outcome, wanted)

        if live:
            run.show()
        self.last_run = run
        (run.perform if here else run.begin)(work)
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
    ) -> tuple[Run, Outcomes]:
        """Check all that was asked for; the run, and the outcomes as they will come."""
        settings = settings_from(self.settings, options)
        pairs = read_jobs(self.graph, jobs, ids)
        whole("workers", workers, 1)
        learner = self._learner if store is None else self._learner.elsewhere(store)
        runner = self._make_runner(learner, settings, sampler, workers, seed)
        if ids is not None:
            pairs = unseen(pairs, runner.store, self.name, resume)
        run = Run(runner, learner, sampler, count(jobs))
        return run, self._outcomes(learner.stream(runner, pairs, together))

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
        return learner.runner(
            self.graph, self._thresholds, settings, self.steering, sampler, workers, seed
        )

    def _noted(self, outcome: Outcome) -> Outcome:
        self.last = outcome
        self._recent.keep(outcome)
        return outcome

    def compare(self, *others: Workflow | Run) -> Any:
        """All its jobs, and others', beside doing without; see :func:`flexiflow.compare`."""
        from flexiflow.comparing import compare

        return compare(self, *others)

    def __repr__(self) -> str:
        from flexiflow.widgets.picture import text

        return text(self.graph)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from flexiflow.widgets.picture import svg, text

        return {"text/plain": text(self.graph), "image/svg+xml": svg(self.graph)}
