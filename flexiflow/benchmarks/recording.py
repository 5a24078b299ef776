"""A set of recorded outcomes as arrays: who passed on which job, and at what price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RecordedNode:
    """One node: who can run there, and what came of each run.

    A *run* is a candidate after given choices at all earlier nodes (the last node changing
    fastest) where the node is ``chained``, and a candidate alone where it is not.

    Attributes
    ----------
    checked
        Whether the node has an assertion. Without one, a run that did not pass gave no output.
    price, passed
        Of each run, `(jobs, runs)`. A run that nobody can get to, since one before it did not
        pass, may be unknown: it passes at no price.
    correct
        1, 0, or NaN where it was not recorded, `(jobs, runs)`.
    """

    name: str
    candidates: tuple[str, ...]
    chained: bool
    checked: bool
    price: Floats = field(repr=False)
    passed: Bools = field(repr=False)
    correct: Floats = field(repr=False)

    @cached_property
    def fails(self) -> bool:
        """Whether any of its runs does not pass."""
        return not self.passed.all()


@dataclass(frozen=True)
class Recording:
    """A whole set.

    Attributes
    ----------
    unit
        Of the price.
    context
        Feature -> its values, one a job, None where missing.
    """

    name: str
    unit: Literal["seconds", "cost"]
    jobs: tuple[str, ...]
    nodes: tuple[RecordedNode, ...]
    context: Mapping[str, list[Any]] = field(repr=False, default_factory=dict)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Candidates per node."""
        return tuple(len(n.candidates) for n in self.nodes)

    @property
    def size(self) -> int:
        """How many configurations there are."""
        return prod(self.sizes)

    @property
    def head(self) -> int:
        """How many nodes hang together: all up to the last chained one."""
        return max((v + 1 for v, n in enumerate(self.nodes) if n.chained), default=0)

    @cached_property
    def configurations(self) -> Ints:
        """Every configuration, `(size, nodes)`, the last node changing fastest."""
        return grid(self.sizes)

    def run_of(self, node: int, configurations: Ints) -> Ints:
        """The run that configurations make at a node, `(n,)`; later nodes do not matter.

        Parameters
        ----------
        configurations
            `(n, nodes)`, or as many leading nodes as reach to ``node``.
        """
        if not self.nodes[node].chained:
            return configurations[:, node]
        run = np.zeros(len(configurations), dtype=np.int64)
        for v in range(node + 1):
            run = run * self.sizes[v] + configurations[:, v]
        return run

    def reached(self, node: int, configurations: Ints) -> Bools:
        """On which jobs configurations get to a node, `(jobs, n)`: all runs before it pass."""
        good = np.ones((len(self.jobs), len(configurations)), dtype=bool)
        for v in range(node):
            if self.nodes[v].fails:
                good &= self.nodes[v].passed[:, self.run_of(v, configurations)]
        return good

    @cached_property
    def solvable(self) -> Bools:
        """On which jobs some configuration passes, `(jobs,)`."""
        good = np.ones(len(self.jobs), dtype=bool)
        if self.head:
            good &= self.reached(self.head, grid(self.sizes[: self.head])).any(axis=1)
        for it in self.nodes[self.head :]:
            good &= it.passed.any(axis=1)
        return good

    def correct(self, configurations: Ints) -> Floats | None:
        """Whether the output of one configuration a job is right, `(jobs,)`.

        It is right if it is right at each node that no later node reads, as far as that was
        recorded; None if it was recorded at none of them, NaN on single jobs.

        Parameters
        ----------
        configurations
            `(jobs, nodes)`.
        """
        every = np.arange(len(self.jobs))
        told = [
            self.nodes[v].correct[every, self.run_of(v, configurations)]
            for v in range(max(self.head - 1, 0), len(self.nodes))
            if not np.isnan(self.nodes[v].correct).all()
        ]
        return np.asarray(np.prod(told, axis=0)) if told else None

    def take(self, jobs: NDArray[Any]) -> Recording:
        """The same with only these jobs, given by their numbers or a mask."""
        numbers = np.arange(len(self.jobs))[jobs]
        nodes = tuple(
            replace(it, price=it.price[numbers], passed=it.passed[numbers],
                    correct=it.correct[numbers])
            for it in self.nodes
        )  # fmt: skip
        context = {name: [column[j] for j in numbers] for name, column in self.context.items()}
        return replace(
            self, jobs=tuple(self.jobs[j] for j in numbers), nodes=nodes, context=context
        )


def grid(sizes: tuple[int, ...]) -> Ints:
    """All choices at nodes of these sizes, `(product of sizes, nodes)`, last changing fastest.

    Examples
    --------
    >>> grid((2, 2)).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    cells = np.indices(sizes).reshape(len(sizes), prod(sizes))
    return np.ascontiguousarray(cells.T.astype(np.int64))
