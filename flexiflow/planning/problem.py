"""What is to be planned: nodes with their offers, who reads whom, and what is demanded.

Symbols are those of the published planner [1]_: s a node, m a variant, b a batch size, n
replicas, R the cores of one, l(s, m, b) seconds of a batch, h = b / l jobs a second of a
replica, lambda the arrival rate.

References
----------
.. [1] Ghafouri, S. et al. (2023). IPA: Inference Pipeline Adaptation to Achieve High Accuracy
   and Cost-Efficiency. arXiv:2308.12871.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple

from flexiflow.errors import BadInput
from flexiflow.planning.curves import Seconds
from flexiflow.planning.profiles import Profile

Accuracy = Literal["product", "average", "learned"]
Joint = Mapping[tuple[str, ...], tuple[float, float]]

MOST_PATHS = 1024
_BATCHES = (1, 2, 4, 8, 16, 32, 64)


class Offer(NamedTuple):
    """One way to serve a node: a variant with its batch size and the cores of a replica."""

    variant: str
    batch: int
    cores: float
    seconds: Seconds  #: of one batch
    accuracy: float  #: from 0 to 1
    doubt: float = 0.0  #: variance of what is believed of the accuracy


class Step(NamedTuple):
    """A node to be served: its offers, whom it reads, and its mean visits a job."""

    name: str
    offers: tuple[Offer, ...]
    parents: tuple[str, ...] = ()
    visits: float = 1.0


@dataclass(frozen=True)
class Demand:
    """What a plan has to meet.

    Parameters
    ----------
    sla
        Seconds that a job may take from end to end.
    rate
        Jobs that arrive a second.
    budget
        Most that all replicas may cost (their cores, and ``batch_price``); None: no limit.
    headroom
        Capacity asked for, in arrival rates: n h >= headroom lambda. At 1, as published,
        queues grow without bound under random arrivals.
    tail
        Share of the jobs whose seconds at each node, and wait for a replica, are planned for.
    waiting
        Whether the wait for a replica counts, beside that for a batch to fill.
    spare
        Replicas beyond the least that may be bought to wait less.
    batch_price
        Cost of each place in a batch: gamma over beta in the published objective.
    """

    sla: float
    rate: float
    budget: float | None = None
    headroom: float = 1.5
    tail: float = 0.99
    waiting: bool = True
    spare: int = 3
    batch_price: float = 0.0

    def __post_init__(self) -> None:
        def need(name: str, good: bool, expected: str) -> None:
            if not good:
                got = getattr(self, name)
                raise BadInput(f"{name} must be {expected}. Got {got!r} instead.")

        need("sla", _above(self.sla, 0), "seconds, above 0 and finite")
        need("rate", _above(self.rate, 0), "jobs a second, above 0 and finite")
        need("budget", self.budget is None or _above(self.budget, 0), "above 0, or None")
        need("headroom", _above(self.headroom, 0) and self.headroom >= 1, "1 or more")
        need("tail", _above(self.tail, 0) and 0.5 <= self.tail < 1, "from 0.5 to below 1")
        need("spare", type(self.spare) is int and self.spare >= 0, "a whole number, 0 or more")
        need("batch_price", _above(self.batch_price, -1) and self.batch_price >= 0, "0 or more")


def _above(x: object, least: float) -> bool:
    number = isinstance(x, (int, float)) and not isinstance(x, bool)
    return number and math.isfinite(x) and x > least  # type: ignore[arg-type, operator]  # it is


@dataclass(frozen=True)
class Problem:
    """Nodes to be served, and how their accuracies join.

    Parameters
    ----------
    steps
        The nodes; those without parents take what arrives.
    accuracy
        ``"product"`` of the nodes' accuracies (a job is right if every node is), their
        ``"average"``, or as ``"learned"`` for whole configurations.
    joint
        With ``"learned"``: mean and variance of the chance that a job is right, by each node's
        variant, in the order of the steps. Configurations that are not in it are not offered.

    Raises
    ------
    BadInput
        If there are no steps, names repeat, a node has no offer, a parent is unknown, or
        nodes read one another in a circle.
    """

    steps: tuple[Step, ...]
    accuracy: Accuracy = "product"
    joint: Joint | None = None

    def __post_init__(self) -> None:
        names = [s.name for s in self.steps]
        if not names or len(set(names)) < len(names):
            raise BadInput(f"A plan needs nodes, each once. Got {', '.join(names) or 'none'}.")
        if self.accuracy not in ("product", "average", "learned"):
            raise BadInput(
                f"accuracy must be 'product', 'average' or 'learned'. Got {self.accuracy!r}."
            )
        if (self.accuracy == "learned") != bool(self.joint):
            raise BadInput("accuracy='learned' goes with joint=, what was learned; no other does.")
        for step in self.steps:
            if not step.offers:
                raise BadInput(f"The node {step.name!r} has no offer: profile a candidate of it.")
            unknown = [p for p in step.parents if p not in names]
            if unknown:
                raise BadInput(f"The node {step.name!r} reads {unknown[0]!r}, which is no node.")
            for offer in step.offers:
                if not 0.0 <= offer.accuracy <= 1.0:
                    raise BadInput(
                        f"The accuracy of {offer.variant!r} at {step.name!r} must be from 0 to "
                        f"1. Got {offer.accuracy!r}."
                    )
        try:
            _ = self.order
        except CycleError as error:
            raise BadInput(
                f"Nodes read one another in a circle: {' -> '.join(error.args[1])}."
            ) from error

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The nodes, each after those it reads."""
        at = {s.name: k for k, s in enumerate(self.steps)}
        sorter = TopologicalSorter({s.name: s.parents for s in self.steps})
        return tuple(at[name] for name in sorter.static_order())

    @cached_property
    def paths(self) -> tuple[frozenset[int], ...]:
        """Nodes of each way through the graph, those contained in another left out."""
        at = {s.name: k for k, s in enumerate(self.steps)}
        ending: dict[int, list[frozenset[int]]] = {}
        read: set[int] = set()
        for k in self.order:
            parents = [at[p] for p in self.steps[k].parents]
            read.update(parents)
            before = [path for p in parents for path in ending[p]] or [frozenset[int]()]
            ending[k] = [path | {k} for path in dict.fromkeys(before)]
            if len(ending[k]) > MOST_PATHS:
                raise BadInput(f"More than {MOST_PATHS} paths lead to {self.steps[k].name!r}.")
        found = {path for k, ends in ending.items() if k not in read for path in ends}
        longest = sorted(found, key=lambda path: (-len(path), sorted(path)))
        kept: list[frozenset[int]] = []
        for path in longest:
            if not any(path <= other for other in kept):
                kept.append(path)
        return tuple(kept)


def offers(
    profile: Profile,
    node: str,
    accuracies: Mapping[str, float],
    batches: Sequence[int] | None = None,
    unbatched: Sequence[str] = (),
    doubts: Mapping[str, float] | None = None,
) -> tuple[Offer, ...]:
    """All offers of a node from its profile.

    Parameters
    ----------
    profile
        Seconds by variant, cores and batch size.
    node
        Its name there.
    accuracies
        By variant; those without one are not offered.
    batches
        Sizes to offer, between the least and the largest that were measured of a candidate;
        by default powers of two, and what was measured.
    unbatched
        Variants that take one job at a time.
    doubts
        Variances of the accuracies, by variant; 0 where nothing is said.
    """
    found = []
    for (name, variant, cores), sizes in profile.measured.items():
        if name != node or variant not in accuracies:
            continue
        asked = {1} if variant in unbatched else set(batches or {*_BATCHES, *sizes})
        for batch in sorted(b for b in asked if min(sizes) <= b <= max(sizes)):
            seconds = profile.seconds(node, variant, batch, cores)
            right, doubt = float(accuracies[variant]), float((doubts or {}).get(variant, 0.0))
            found.append(Offer(variant, batch, cores, seconds, right, doubt))
    return tuple(found)
