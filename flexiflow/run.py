"""A run: many jobs of a workflow, their tables, and the hand that steers it."""

from __future__ import annotations

import copy
import difflib
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from flexiflow.errors import BadInput, JobFailed
from flexiflow.explain import Account, explain
from flexiflow.learner import Learner
from flexiflow.records import Outcome
from flexiflow.runner import Runner, lock_of
from flexiflow.running import Running
from flexiflow.samplers import Sampler
from flexiflow.steering import Steering
from flexiflow.tables import results, unpacked

if TYPE_CHECKING:
    from flexiflow.panels.watch import RunWatch


class Run(Running):
    """Many jobs of a workflow: their tables, and the hand that steers them.

    Parameters
    ----------
    runner
        What runs the jobs.
    learner
        What they teach.
    given
        The sampler of this run only, if it has one.
    expected
        How many jobs there are, if that is known.

    Attributes
    ----------
    run_id
        Identifies the run in all tables.
    total, passed
        Jobs acknowledged so far, and how many of them passed.
    seconds
        Sum of the jobs' seconds.
    """

    def __init__(
        self, runner: Runner, learner: Learner, given: Sampler | None, expected: int | None
    ) -> None:
        super().__init__(f"Run {runner.run} of {runner.graph.name}", runner.pace)
        self._runner, self._learner, self._expected = runner, learner, expected
        self._store = runner.store
        self.workflow, self.run_id = runner.graph.name, runner.run
        self.total = self.passed = 0
        self.seconds = 0.0
        self._given = given
        with lock_of(runner.sampler):
            self._before = copy.deepcopy(runner.sampler)
        self._lock = threading.Lock()
        self._watch: RunWatch | None = None
        learner.runs.add(self)

    def count(self, outcome: Outcome) -> None:
        """Take note of an acknowledged job."""
        with self._lock:
            self.total += 1
            self.passed += outcome.passed
            self.seconds += outcome.seconds
            if self._watch is not None:
                self._watch.add(outcome)

    def label(self, job_id: str) -> None:
        """Let who looks at the run know that a job was given a label."""
        if self._watch is not None:
            self._watch.label(job_id)

    @property
    def steering(self) -> Steering:
        """Pins, bans and weights; those of the workflow."""
        return self._runner.steering

    def threshold(self, name: str, value: float) -> None:
        """Move one of the workflow's thresholds."""
        thresholds: Any = self._runner.thresholds
        thresholds[name] = value

    def reset(self) -> None:
        """Forget what was learned; the records stay.

        A sampler given to this run alone goes back to what it was when the run began.
        """
        if self._given is None:
            self._learner.forget()
        else:
            before = self._before.state
            with lock_of(self._given):
                self._given.state = before

    def steer(self, kind: str, rest: Mapping[str, Any]) -> None:
        """Carry out what the page of a dashboard asks for.

        Parameters
        ----------
        kind
            pause, resume, step, stop, speed, weight, pin, ban, threshold or reset.
        rest
            What goes with it, by name: ``{"jobs"}``, ``{"value"}``, ``{"term", "value"}``,
            ``{"node", "candidate"}``, ``{"node", "candidate", "on"}``, ``{"name", "value"}``.

        Raises
        ------
        BadInput
            If it cannot be done; the text is for the user.
        """
        orders: dict[str, tuple[Callable[..., None], tuple[str, ...]]] = {
            "pause": (self.pause, ()),
            "resume": (self.resume, ()),
            "step": (self.step, ("jobs",)),
            "stop": (self.stop, ()),
            "speed": (lambda value: setattr(self, "speed", value), ("value",)),
            "weight": (self.steering.weigh, ("term", "value")),
            "pin": (self.steering.pin, ("node", "candidate")),
            "ban": (self.steering.ban, ("node", "candidate", "on")),
            "threshold": (self.threshold, ("name", "value")),
            "reset": (self.reset, ()),
        }
        if kind not in orders:
            near = difflib.get_close_matches(kind, orders, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(orders)}."
            raise BadInput(f"A run cannot be asked to {kind!r}. {hint}")
        do, names = orders[kind]
        missing = [name for name in names if name not in rest]
        if missing:
            raise BadInput(f"{kind} needs {', '.join(names)}. It came without {missing[0]}.")
        do(*(rest[name] for name in names))

    def facts(self) -> dict[str, Any]:
        """Where the run stands as plain data.

        ``state``, ``total`` (jobs expected, or None), ``done``, ``passed``, ``seconds`` (sum
        over the jobs), ``error`` (text or None) and ``speed``.
        """
        error = self.error
        return {
            "state": self.state,
            "total": self._expected,
            "done": self.total,
            "passed": self.passed,
            "seconds": self.seconds,
            "error": None if error is None else f"{type(error).__name__}: {error}",
            "speed": self.speed,
        }

    def under_way(self) -> list[dict[str, Any]]:
        """The jobs that have begun and not ended as plain data.

        For each ``job`` (its id), ``choice`` (the candidate's number at each node; none before
        the first decision), ``node`` (the number of the one at hand, or None), ``back`` (of
        the node whose failure sent the job back there, or None) and ``seconds`` so far.
        """
        nodes = self._runner.graph.nodes
        return [
            {
                "job": it.job_id,
                "choice": [
                    n.choices[k].candidate
                    for n, k in zip(nodes, it.configuration or (), strict=False)
                ],
                "node": it.node,
                "back": it.back,
                "seconds": it.seconds,
            }
            for it in self._runner.under_way()
        ]

    @property
    def watch(self) -> RunWatch:
        """The run as data for panels and figures; made at first use, kept up to date from then."""
        with self._lock:
            if self._watch is None:
                from flexiflow.panels.watch import RunWatch

                runner = self._runner
                self._watch = RunWatch(
                    runner.graph,
                    runner.sampler,
                    self._store,
                    self.workflow,
                    self.run_id,
                    facts=self.facts,
                    under_way=self.under_way,
                    steering=self.steering.snapshot,
                    lock=lock_of(runner.sampler),
                    blank=self._before,
                    thresholds=runner.thresholds,
                )
            return self._watch

    def dashboard(self) -> Any:
        """A live view of the run, a Jupyter widget: it shows the run and steers it."""
        from flexiflow.widgets.dashboard import Dashboard

        return Dashboard(self.watch, self.steer, graph=self._runner.graph)

    def show(self) -> None:
        """Display a dashboard of the run."""
        from IPython.display import display

        display(self.dashboard())

    def figure(self, name: str, **options: Any) -> Any:
        """A plotly figure of the run, to be looked at closely or kept.

        Parameters
        ----------
        name
            "posterior", "order", "reward", "graph" or "blame".
        **options
            As for :func:`flexiflow.figures.figure`.
        """
        from flexiflow.figures import figure

        return figure(name, self.watch, **options)

    @property
    def jobs(self) -> pl.DataFrame:
        """One row a job; context and objective terms as columns of their own."""
        frame = self._read("jobs")
        feedback = self._store.read("feedback", workflow=self.workflow, run=self.run_id)
        return unpacked(frame, feedback)

    @property
    def attempts(self) -> pl.DataFrame:
        """One row for each candidate tried on a job, memo hits included."""
        return self._read("attempts")

    @property
    def verdicts(self) -> pl.DataFrame:
        """One row for each check of an assertion."""
        return self._read("verdicts")

    @property
    def results(self) -> pl.DataFrame:
        """What came out: id, output, passed, objective terms, seconds, attempts."""
        return results(self.jobs)

    def explain(self, job_id: str) -> Account:
        """Tell why a job of this run went as it did."""
        runner = self._runner
        return explain(self._store, self.workflow, job_id, runner.sampler, runner.graph)

    def _read(self, table: str) -> pl.DataFrame:
        return self._store.read(table, workflow=self.workflow, run=self.run_id)

    def __repr__(self) -> str:
        if not self.total:
            return f"Run {self.run_id} of {self.workflow}: no jobs"
        return (
            f"Run {self.run_id} of {self.workflow}: {self.total} jobs, "
            f"{self.passed / self.total:.1%} passed, {self.seconds / self.total:.4g} s a job"
        )


def insist(outcome: Outcome, on_failure: str) -> None:
    """Raise if a job did not pass and that was asked for.

    Raises
    ------
    JobFailed
        With the outcome, best attempt included.
    """
    if on_failure == "raise" and not outcome.passed:
        raise JobFailed(
            f"Job {outcome.job_id} of {outcome.job.workflow} did not pass ({outcome.status}): "
            f"{outcome.job.error}. Its best attempt is in the error's outcome.",
            outcome,
        )
