"""The progress bar of a run."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from flexiflow.records import Outcome
from flexiflow.run import Run


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
