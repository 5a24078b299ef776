"""A plan: for each node a variant, its batch size, its replicas and their cores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from flexiflow.errors import BadInput
from flexiflow.planning.choices import Choices, total_latency
from flexiflow.planning.curves import Floats
from flexiflow.planning.problem import Demand, Offer, Problem
from flexiflow.planning.waiting import tail_wait

_DRAWS = 4_000
_LONGEST = 50.0  # logarithm of seconds, beyond which what is drawn of a wide belief is cut
_ROUNDING = 1e-9  # relative, on the SLA


class Placed(NamedTuple):
    """What serves one node."""

    node: str
    offer: Offer
    replicas: int
    latency: float  #: seconds planned for
    cost: float  #: of all replicas


@dataclass(frozen=True)
class Plan:
    """What serves each node, and what is to be expected of it.

    Attributes
    ----------
    problem, demand
        What was planned for.
    placed
        What serves each node, in the order of the problem's steps.
    pessimism
        The level at which seconds were taken, 0.5 as expected.
    workflow
        The workflow that was planned for, where there is one.

    Examples
    --------
    >>> from flexiflow.planning import Demand, Problem, Profile, Step, offers, plan
    >>> profile = Profile({"node": ["ocr"] * 2, "variant": ["fast", "fine"],
    ...                    "seconds": [0.02, 0.2], "runs": [100, 100]})
    >>> ocr = Step("ocr", offers(profile, "ocr", {"fast": 0.8, "fine": 0.95}))
    >>> plan(Problem((ocr,)), Demand(sla=1.0, rate=10)).describe()
    'ocr: fine, batch 1, 4 x 1 cores'
    """

    problem: Problem
    demand: Demand
    placed: tuple[Placed, ...]
    pessimism: float = 0.5
    workflow: Any = field(default=None, compare=False, repr=False)

    @property
    def accuracy(self) -> float:
        """The nodes' accuracies, multiplied or averaged as the problem says, or as learned."""
        if self.problem.joint:
            return self.problem.joint[tuple(p.offer.variant for p in self.placed)][0]
        each = [p.offer.accuracy for p in self.placed]
        return (
            math.prod(each) if self.problem.accuracy == "product" else math.fsum(each) / len(each)
        )

    @property
    def latency(self) -> float:
        """Seconds planned for along the longest path."""
        each = np.array([p.latency for p in self.placed])
        return float(total_latency(self.problem.paths, each))

    @property
    def cost(self) -> float:
        """Cost of all replicas."""
        return math.fsum(p.cost for p in self.placed)

    @property
    def cores(self) -> float:
        """Cores of all replicas."""
        return math.fsum(p.replicas * p.offer.cores for p in self.placed)

    @property
    def timeouts(self) -> tuple[float, ...]:
        """Seconds that a batch waits to fill at each node, (b - 1) / lambda as planned."""
        rates = [self.demand.rate * step.visits for step in self.problem.steps]
        return tuple((p.offer.batch - 1) / rate for p, rate in zip(self.placed, rates, strict=True))

    @cached_property
    def drawn(self) -> tuple[Floats, Floats]:
        """Latency and accuracy over what is believed, `(draws,)` each; always the same draws."""
        each, right = np.empty((_DRAWS, len(self.placed))), np.empty((_DRAWS, len(self.placed)))
        for v, p in enumerate(self.placed):
            rate = self.demand.rate * self.problem.steps[v].visits
            each[:, v] = _drawn_latency(v, p.offer, p.replicas, rate, self.demand)
            rng = np.random.default_rng([1, v])
            right[:, v] = _drawn_accuracy(p.offer.accuracy, p.offer.doubt, rng)
        if self.problem.joint:
            known = self.problem.joint[tuple(p.offer.variant for p in self.placed)]
            whole = _drawn_accuracy(*known, np.random.default_rng(1))
            return total_latency(self.problem.paths, each), whole
        product = self.problem.accuracy == "product"
        whole = right.prod(axis=1) if product else right.mean(axis=1)
        return total_latency(self.problem.paths, each), whole

    @property
    def feasible(self) -> float:
        """Probability that the SLA holds, given what is believed of seconds, by simulation."""
        return float((self.drawn[0] <= self.demand.sla * (1.0 + _ROUNDING)).mean())

    def interval(self, of: str, share: float = 0.8) -> tuple[float, float]:
        """Ends of the interval that holds the latency or the accuracy with a probability.

        ``of`` is ``"latency"`` or ``"accuracy"``. The cost is certain.
        """
        drawn = self.drawn[0 if of == "latency" else 1]
        low, high = np.quantile(drawn, [0.5 - share / 2, 0.5 + share / 2], method="nearest")
        return float(low), float(high)

    def table(self) -> pl.DataFrame:
        """A row a node: variant, batch, replicas, cores of a replica, accuracy, latency, cost.

        ``utilisation`` is the load at the planned rate over what the replicas can do.
        """
        rows = []
        for step, placed in zip(self.problem.steps, self.placed, strict=True):
            offer = placed.offer
            capacity = placed.replicas * offer.batch / offer.seconds.mean
            rows.append(
                {
                    "node": placed.node, "variant": offer.variant, "batch": offer.batch,
                    "replicas": placed.replicas, "cores": offer.cores,
                    "accuracy": offer.accuracy, "seconds": offer.seconds.mean,
                    "latency": placed.latency, "cost": placed.cost,
                    "utilisation": self.demand.rate * step.visits / capacity,
                }
            )  # fmt: skip
        return pl.DataFrame(rows)

    def apply(self, **options: Any) -> Any:
        """Serve the workflow that was planned for, as planned; options as for its ``serve``.

        Returns
        -------
        flexiflow.serving.Server
        """
        if self.workflow is None:
            raise BadInput("This plan is of no workflow: make it with workflow.plan(...).")
        return self.workflow.serve(self, **options)

    def describe(self) -> str:
        """A line a node."""
        return "\n".join(
            f"{p.node}: {p.offer.variant}, batch {p.offer.batch}, "
            f"{p.replicas} x {p.offer.cores:g} cores"
            for p in self.placed
        )


def placed(
    problem: Problem, demand: Demand, every: Sequence[Choices], picks: Sequence[int], level: float
) -> Plan:
    """The plan of one choice per node."""
    parts = []
    for step, stage, k in zip(problem.steps, every, picks, strict=True):
        offer = step.offers[int(stage.offer[k])]
        n, seconds, cost = int(stage.replicas[k]), float(stage.latency[k]), float(stage.cost[k])
        parts.append(Placed(step.name, offer, n, seconds, cost))
    return Plan(problem, demand, tuple(parts), level)


@lru_cache(maxsize=1024)
def _drawn_latency(number: int, offer: Offer, replicas: int, rate: float, demand: Demand) -> Floats:
    """Seconds at a node as planned for, `(draws,)`; infinite where it cannot keep up.

    Plans of one front share most of what serves their nodes, so what was drawn is kept.
    """
    m, s = offer.seconds.draw(_DRAWS, np.random.default_rng([0, number]))
    mean = np.exp(np.minimum(m + s * s / 2, _LONGEST))
    tail = np.exp(np.minimum(m + NormalDist().inv_cdf(demand.tail) * s, _LONGEST))
    found = tail + (offer.batch - 1) / rate
    if demand.waiting:
        varied = np.expm1(np.minimum(s * s, 50.0))
        b = offer.batch
        found = found + tail_wait(replicas, rate / b, mean, demand.tail, 1.0 / b, varied)
    return np.where(replicas * offer.batch > rate * mean, found, np.inf)


def _drawn_accuracy(mean: float, doubt: float, rng: np.random.Generator) -> Floats:
    """From the Beta with this mean and variance; the mean alone where there is none."""
    most = mean * (1.0 - mean)
    if doubt <= 0 or most <= 0:
        return np.full(_DRAWS, mean)
    size = most / min(doubt, most / 1.01) - 1.0
    return rng.beta(mean * size, (1.0 - mean) * size, size=_DRAWS)
