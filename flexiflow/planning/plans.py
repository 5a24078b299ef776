"""A plan: for each node a variant, its batch size, its replicas and their cores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from flexiflow.planning.choices import Choices, Floats, total_latency
from flexiflow.planning.problem import Demand, Offer, Problem
from flexiflow.planning.waiting import tail_wait

_DRAWS = 4_000
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
        rng = np.random.default_rng(0)
        each, right = np.empty((_DRAWS, len(self.placed))), np.empty((_DRAWS, len(self.placed)))
        for v, placed in enumerate(self.placed):
            each[:, v] = self._drawn_latency(v, rng)
            right[:, v] = _drawn_accuracy(placed.offer.accuracy, placed.offer.doubt, rng)
        if self.problem.joint:
            known = self.problem.joint[tuple(p.offer.variant for p in self.placed)]
            return total_latency(self.problem.paths, each), _drawn_accuracy(*known, rng)
        product = self.problem.accuracy == "product"
        whole = right.prod(axis=1) if product else right.mean(axis=1)
        return total_latency(self.problem.paths, each), whole

    def _drawn_latency(self, v: int, rng: np.random.Generator) -> Floats:
        """Seconds at one node as planned for, `(draws,)`; infinite where it cannot keep up."""
        placed, demand = self.placed[v], self.demand
        batch, rate = placed.offer.batch, demand.rate * self.problem.steps[v].visits
        m, s = placed.offer.seconds.draw(_DRAWS, rng)
        mean = np.exp(m + s * s / 2)
        found = np.exp(m + NormalDist().inv_cdf(demand.tail) * s) + (batch - 1) / rate
        if demand.waiting:
            varied = np.expm1(np.minimum(s * s, 50.0))
            n = placed.replicas
            found = found + tail_wait(n, rate / batch, mean, demand.tail, 1.0 / batch, varied)
        return np.where(placed.replicas * batch > rate * mean, found, np.inf)

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


def _drawn_accuracy(mean: float, doubt: float, rng: np.random.Generator) -> Floats:
    """From the Beta with this mean and variance; the mean alone where there is none."""
    most = mean * (1.0 - mean)
    if doubt <= 0 or most <= 0:
        return np.full(_DRAWS, mean)
    size = most / min(doubt, most / 1.01) - 1.0
    return rng.beta(mean * size, (1.0 - mean) * size, size=_DRAWS)
