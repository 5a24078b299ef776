"""What a workflow offers to those who serve it: profile, plan, front, server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from flexiflow.planning import Plan
from flexiflow.planning.problem import Accuracy
from flexiflow.present import Settings
from flexiflow.provisioning.asking import pareto, plan
from flexiflow.provisioning.fronts import Front
from flexiflow.provisioning.profiling import profile
from flexiflow.remembering import Remembering
from flexiflow.thresholds import Thresholds

if TYPE_CHECKING:
    from flexiflow.serving import Server


class Provisioned(Remembering):
    """Base of a workflow: planning how it is served, and serving it."""

    settings: Settings
    _profiled: pl.DataFrame | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The numbers of ``threshold(...)`` by name; they can be set while jobs run."""
        raise NotImplementedError

    def profile(
        self,
        jobs: Any,
        batches: Sequence[int] = (1, 2, 4, 8),
        threads: int | Sequence[int] | None = None,
        **options: Any,
    ) -> pl.DataFrame:
        """Measure how long each candidate takes, by batch size, and how much memory it needs.

        What was measured last is what :meth:`plan` and :meth:`pareto` go by. Nothing is
        learned, and nothing is logged.

        Parameters
        ----------
        jobs
            Some typical ones, as for :meth:`run`; candidates are given what reaches their node.
        batches
            Sizes to measure of candidates with ``batch=``, up to that; 1 of all others.
        threads
            Cores that one replica may use, several to measure each; None: as it is, counted as
            one core.
        **options
            Of :func:`flexiflow.provisioning.profile`: ``tight``, ``least``, ``most``,
            ``limit``, ``warm_up``, ``seed``.

        Returns
        -------
        polars.DataFrame
            A row for each candidate, batch size and number of cores; see
            :func:`flexiflow.provisioning.profile`.
        """
        self._profiled = profile(self, jobs, batches, threads, **options)
        return self._profiled

    def plan(
        self,
        sla: float,
        rate: float,
        budget: float | None = None,
        accuracy: Accuracy = "product",
        confidence: float | None = 0.95,
        **options: Any,
    ) -> Plan:
        """Plan candidate, batch size and replicas of each node under a latency SLA.

        Parameters
        ----------
        sla
            Seconds that a job may take from end to end.
        rate
            Jobs that arrive a second.
        budget
            Most cores that all replicas may have; None: no limit.
        accuracy
            ``"product"`` of what each candidate adds to the chance that all checks hold, their
            ``"average"``, or as ``"learned"`` for whole configurations.
        confidence
            Probability with which the SLA is to hold, given what is known; None takes seconds
            as expected.
        **options
            Of :func:`flexiflow.provisioning.plan`; ``profile=`` gives measurements in place
            of those that :meth:`profile` made last.

        Raises
        ------
        Infeasible
            If no plan fits; it says what is in the way and the nearest that could be met.
        """
        return plan(self, sla, rate, budget, accuracy, confidence, **self._with(options))

    def pareto(
        self,
        sla: float,
        rate: float,
        budget: float | None = None,
        accuracy: Accuracy = "product",
        confidence: float | None = 0.95,
        **options: Any,
    ) -> Front:
        """All plans that meet a demand and are best for their cost; as for :meth:`plan`.

        ``front.table()`` is a Polars frame, ``front.figure()`` a plotly figure, ``front[k]`` a
        plan, and ``front.view()`` picks one by a click and moves the demand by sliders.
        """
        return pareto(self, sla, rate, budget, accuracy, confidence, **self._with(options))

    def serve(self, plan: Plan | None = None, **options: Any) -> Server:
        """Serve it, as a plan says if there is one; see :func:`flexiflow.serving.serve`."""
        from flexiflow.serving import serve

        served: Any = self
        return serve(served, plan, **options)

    def _with(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"profile": self._profiled, **options}
