"""The tables of a lesson, its three numbers, and whether switching pays at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.examples.lessons.plain import plain_thompson
from flexiflow.examples.lessons.policies import (
    Fared,
    by_accuracy,
    in_order,
    oracle,
    single,
    two_fold,
)
from flexiflow.examples.lessons.record import Floats, Record
from flexiflow.examples.lessons.replay import flexiflow_on

if TYPE_CHECKING:
    import polars as pl

QUANTILE = 0.95
"""The share of jobs that a latency agreement speaks of."""

PLAIN_RUNS = 20
"""Runs of plain Thompson sampling, which cost next to nothing."""

SURE = 2.0
"""Standard errors from which on a difference is told as one."""


@dataclass(frozen=True)
class Lesson:
    """All that a lesson shows, computed from a record.

    Attributes
    ----------
    record
        What it was computed from.
    sla
        The latency agreed on: 95 % of the jobs in at most so many seconds.
    best
        The path that is right most often, for every job.
    sequential
        Whole paths from scratch until one passes, the one most often right first.
    flow, blind
        FlexiFlow, with labels and without.
    plain
        Plain Thompson sampling without a second try, learning from labels or from passes,
        whichever is right more often; None in a workflow of one node.
    policies
        All rows of :meth:`comparison`.
    """

    record: Record
    sla: float
    best: Fared
    sequential: Fared
    flow: Fared
    blind: Fared
    plain: Fared | None
    policies: tuple[Fared, ...] = field(repr=False)

    def configurations(self, most: int = 30) -> pl.DataFrame:
        """Every path by itself, the most often right first, checks unused.

        Parameters
        ----------
        most
            Rows at most.

        Returns
        -------
        polars.DataFrame
            ``path``; ``accuracy``; ``pass_rate``, share that all checks let pass;
            ``right_if_passed``; mean milliseconds ``ms NODE`` of each node, where there are
            several, and ``ms_a_job``; ``p95_ms``; and ``sla_met``.
        """
        import polars as pl

        it, rows = self.record, []
        for at, name in enumerate(it.names):
            passed = it.passed[:, at]
            right = it.right[passed, at].mean() if passed.any() else None
            row = {"path": name, "accuracy": it.right[:, at].mean(), "pass_rate": passed.mean(),
                   "right_if_passed": right}  # fmt: skip
            if len(it.nodes) > 1:
                means = 1e3 * it.seconds[:, at].mean(axis=0)
                row |= {f"ms {node}": ms for node, ms in zip(it.nodes, means, strict=True)}
            rows.append(row | self._latency(it.total[None, :, at]))
        frame = pl.DataFrame(rows)
        return frame.sort("accuracy", "ms_a_job", descending=[True, False]).head(most)

    def comparison(self) -> pl.DataFrame:
        """The policies side by side.

        Returns
        -------
        polars.DataFrame
            ``policy``; ``accuracy``; ``pass_rate``; ``ms_a_job`` in the models, ``p95_ms``,
            ``sla_met``; ``tries``, paths begun a job; ``ms_learning``, milliseconds a job in
            all but the models.
        """
        import polars as pl

        return pl.DataFrame(
            {
                "policy": it.name,
                "accuracy": it.right.mean(),
                "pass_rate": it.passed.mean(),
                **self._latency(it.seconds),
                "tries": it.tries.mean(),
                "ms_learning": 1e3 * it.learning,
            }
            for it in self.policies
        )

    def _latency(self, seconds: Floats) -> dict[str, Any]:
        late = float(np.quantile(seconds, QUANTILE))
        return {"ms_a_job": 1e3 * float(seconds.mean()), "p95_ms": 1e3 * late,
                "sla_met": late <= self.sla}  # fmt: skip

    @property
    def accuracy_gain(self) -> float:
        """How much more often FlexiFlow is right than the best single path, as a share of 1."""
        return float(self.flow.right.mean() - self.best.right.mean())

    @property
    def time_saved(self) -> float:
        """Share of the models' seconds saved beside trial one after the other."""
        return 1 - float(self.flow.seconds.mean() / self.sequential.seconds.mean())

    @property
    def price(self) -> float:
        """What a second costs, in the unit of being right: the weight of the runtime."""
        graph = self.record.graph
        return sum(o.weight for o in graph.objectives if o.word == "runtime")

    def worth(self, it: Fared) -> Floats:
        """What each job has earned, right less the price of its seconds, mean over the runs."""
        return np.asarray((it.right - self.price * it.seconds).mean(axis=0))

    @property
    def lead(self) -> Floats:
        """How far FlexiFlow is ahead of the best single path after each job, in sum."""
        return np.asarray((self.worth(self.flow) - self.worth(self.best)).cumsum())

    @property
    def paid_after(self) -> int | None:
        """After how many jobs it was ahead of the best single path for good; None: never."""
        behind = np.flatnonzero(self.lead <= 0)
        first = int(behind[-1]) + 1 if len(behind) else 0
        return None if first >= len(self.lead) else first + 1

    def numbers(self) -> str:
        """The three numbers up front, and the judgement, as lines of text."""
        flow, best, trial = self.flow, self.best, self.sequential
        dearer = "less" if self.time_saved >= 0 else "more"
        after = self.paid_after
        paid = f"after {after} of {len(self.record.jobs)} jobs" if after else "not on these jobs"
        return "\n".join(
            [
                f"accuracy      {_percent(flow)} right, the best single path {_percent(best)}: "
                f"{100 * self.accuracy_gain:+.1f} points",
                f"time          {_ms(flow)} a job in models, paths one after the other from "
                f"scratch {_ms(trial)} ({_percent(trial)} right): "
                f"{abs(self.time_saved):.0%} {dearer}",
                f"exploration   paid {paid}",
                self.judgement(),
            ]
        )

    def judgement(self) -> str:
        """Whether to switch, from the paired difference to the best single path."""
        difference = self.worth(self.flow) - self.worth(self.best)
        mean, many = float(difference.mean()), len(difference)
        error = float(difference.std(ddof=1) / np.sqrt(many)) if many > 1 else 0.0
        points = f"{100 * self.accuracy_gain:+.1f} points"
        slower = 1e3 * float(self.flow.seconds.mean() - self.best.seconds.mean())
        spent = f"{points} of accuracy and {slower:+.3g} ms a job"
        if mean > SURE * error:
            return f"judgement     switching pays: {spent} beside {self.best.name} alone"
        if mean < -SURE * error:
            lost = f"costs you {100 * abs(self.accuracy_gain):.1f} points of accuracy"
            lost += f" and {slower:.3g} ms a job"
            if self.accuracy_gain > 0:
                lost = f"brings {points} of accuracy at {slower:+.3g} ms a job, which is too dear"
            return (
                f"judgement     one model dominates: use {self.best.name} alone; switching {lost}"
            )
        return f"judgement     no clear difference to {self.best.name} alone: {spent}"


def _percent(it: Fared) -> str:
    return f"{it.right.mean():.1%}"


def _ms(it: Fared) -> str:
    return f"{1e3 * it.seconds.mean():.3g} ms"


def lesson(record: Record, *, sla: float, seeds: Sequence[int] = (0, 1, 2)) -> Lesson:
    """Compute a lesson from a record.

    Parameters
    ----------
    record
        Every path on every job.
    sla
        The latency agreed on, in seconds, for 95 % of the jobs.
    seeds
        FlexiFlow runs once with each; its figures are means over them.

    Raises
    ------
    BadInput
        If ``sla`` is not above 0 or there are no seeds.
    """
    if not sla > 0 or not seeds:
        raise BadInput(
            f"A lesson needs a latency in seconds, above 0, and seeds. Got {sla} and {seeds!r}."
        )
    ranked = by_accuracy(record)
    best = single(record, ranked[0])
    written = list(range(len(ranked)))
    sequential = in_order(record, ranked, "most often right first, from scratch", reuse=False)
    flow = flexiflow_on(record, "FlexiFlow", seeds=seeds)
    blind = flexiflow_on(record, "FlexiFlow, no labels", labelled=0.0, seeds=seeds)
    plain: list[Fared] = []
    if len(record.nodes) > 1:
        for name, labelled in (("plain Thompson, no labels", False), ("plain Thompson", True)):
            plain.append(plain_thompson(record, name, range(PLAIN_RUNS), labelled))
    policies = (
        best._replace(name=f"best single: {best.name}"),
        *plain,
        sequential,
        in_order(record, written, "as written, from scratch", reuse=False),
        two_fold(record, "best order, learned on other jobs"),
        blind,
        flow,
        oracle(record),
    )
    better = max(plain, key=lambda it: it.right.mean(), default=None)
    return Lesson(record, sla, best, sequential, flow, blind, better, policies)
