"""A run: many jobs of a workflow, their tables, and the progress bar."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from flexiflow.errors import JobFailed
from flexiflow.explain import Account, explain
from flexiflow.records import Outcome
from flexiflow.stores.base import Store
from flexiflow.tables import results, unpacked


class Run:
    """Many jobs of a workflow, as tables.

    Attributes
    ----------
    run_id
        Identifies the run in all tables.
    total, passed
        Jobs acknowledged so far, and how many of them passed.
    seconds
        Sum of the jobs' seconds.
    """

    def __init__(self, store: Store, workflow: str, run_id: str) -> None:
        self._store, self.workflow, self.run_id = store, workflow, run_id
        self.total = self.passed = 0
        self.seconds = 0.0

    def count(self, outcome: Outcome) -> None:
        """Take note of an acknowledged job."""
        self.total += 1
        self.passed += outcome.passed
        self.seconds += outcome.seconds

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
        return explain(self._store, self.workflow, job_id)

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


class Progress:
    """A bar that shows jobs, pass rate, seconds a job and the path that leads now.

    Parameters
    ----------
    show
        True, False, or None: only where someone can see it (a notebook or a terminal).
    """

    def __init__(self, name: str, total: int | None, show: bool | None) -> None:
        self._name, self._total = name, total
        self._show = _visible() if show is None else show
        self._paths: Counter[str] = Counter()
        self._recent: list[str] = []

    def over(self, outcomes: Iterable[Outcome], run: Run) -> Iterator[Outcome]:
        """Give the outcomes on, keeping the bar up to date."""
        if not self._show:
            for outcome in outcomes:
                run.count(outcome)
                yield outcome
            return
        with _bar(total=self._total, desc=self._name, unit="job", mininterval=0.2) as bar:
            for outcome in outcomes:
                run.count(outcome)
                self._note(outcome)
                if bar.update():
                    bar.set_postfix_str(self.postfix(run), refresh=False)
                yield outcome
            bar.set_postfix_str(self.postfix(run))

    def _note(self, outcome: Outcome) -> None:
        if outcome.passed:
            self._recent.append(" > ".join(outcome.job.configuration.values()))
            self._paths[self._recent[-1]] += 1
            if len(self._recent) > 50:
                self._paths[self._recent.pop(0)] -= 1

    def postfix(self, run: Run) -> str:
        """Pass rate, seconds a job, and the path accepted most often of late."""
        text = f"{run.passed / run.total:.1%} passed" if run.total else "no jobs"
        if run.total:
            text += f", {run.seconds / run.total:.3g} s/job"
        if self._paths:
            text += f", {self._paths.most_common(1)[0][0]}"
        return text


def _bar(**options: Any) -> Any:
    """A bar of tqdm's; in a notebook one line of text, which a saved notebook keeps."""
    from tqdm import tqdm

    if not _in_notebook():
        return tqdm(**options)
    from IPython.display import display

    class Line(tqdm):  # type: ignore[misc, unused-ignore]  # tqdm carries no types
        line: Any = None

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            text = {"text/plain": msg or str(self)}
            if self.line is None:
                self.line = display(text, raw=True, display_id=True)
            else:
                self.line.update(text, raw=True)

    return Line(**options, ncols=110, file=io.StringIO())


def _visible() -> bool:
    return _in_notebook() or sys.stderr.isatty()


def _in_notebook() -> bool:
    shell: Any = sys.modules.get("IPython")
    return shell is not None and shell.get_ipython() is not None
