"""Measuring a workflow's candidates where they run.

Some jobs are run first, by a copy of what the workflow believes and into a store of their own,
so that each candidate can then be given what reaches its node. Every candidate runs until the
interval of its median is tight; batches are real batches.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import polars as pl

from flexiflow.candidates.base import Raw
from flexiflow.candidates.call import attempt, prepared
from flexiflow.errors import BadInput
from flexiflow.graph import Graph, Node
from flexiflow.jobs import read_jobs
from flexiflow.options import whole
from flexiflow.present import Settings
from flexiflow.provisioning.measuring import Call, Care, measured, with_threads
from flexiflow.runner import Runner, lock_of
from flexiflow.samplers import Sampler
from flexiflow.steering import Steering
from flexiflow.stores import MemoryStore
from flexiflow.thresholds import Thresholds


class Profiled(Protocol):
    """What of a workflow is needed to measure it."""

    steering: Steering
    settings: Settings

    @property
    def thresholds(self) -> Thresholds:
        """Numbers of the checks, by name."""
        ...

    @property
    def sampler(self) -> Sampler:
        """Who chooses."""
        ...


def profile(
    workflow: Profiled,
    jobs: Any,
    batches: Sequence[int] = (1, 2, 4, 8),
    threads: int | Sequence[int] | None = None,
    *,
    tight: float = 0.05,
    least: int = 10,
    most: int = 200,
    limit: float = 5.0,
    warm_up: int = 2,
    seed: int = 0,
) -> pl.DataFrame:
    """Measure each candidate of each node, by batch size and cores.

    Nodes with ``effects=True``, and those that read them, are not run and not in the table.

    Parameters
    ----------
    workflow
        Whose candidates; it learns and logs nothing.
    jobs
        Typical ones, as for ``workflow.run``.
    batches
        Sizes to measure of candidates that take batches, up to their own ``batch=``; of all
        others 1 only.
    threads
        Cores that one replica may use (threads of torch, and of BLAS and OpenMP where
        threadpoolctl is installed), several to measure each; None leaves them as they are and
        counts one.
    tight
        Half the width of the 95 % interval of the median, relative to it, at which to stop.
    least, most
        Runs of each, at least and at most.
    limit
        Seconds after which no further run of one candidate and batch size begins.
    warm_up
        Runs of each that are not timed; memory is looked at during these.
    seed
        Of the workflow's choices, and of candidates that take one.

    Returns
    -------
    polars.DataFrame
        ``node``, ``variant`` (the candidate), ``batch``, ``cores``, ``runs``, ``failed`` (share
        of the runs that gave no value, and are not in what follows), ``seconds`` (mean of one
        whole batch), ``median``, ``p95``, ``p99``, ``low``, ``high`` (ends of the 95 % interval
        of the median), ``throughput`` (jobs a second), ``memory`` (bytes that this process and
        its children have grown by since before the candidate was first used).

    Raises
    ------
    BadInput
        If an option is out of its range, no job reaches a node, or no candidate of a node
        gives a value.
    """
    care = Care(tight, least, most, limit, warm_up, seed)
    sizes = sorted({whole("batches", b, 1) for b in batches})
    if not sizes or sizes[0] != 1:
        raise BadInput(f"batches must be sizes of which one is 1. Got {list(batches)}.")
    given = [threads] if threads is None or isinstance(threads, int) else list(threads)
    cores = [None if n is None else whole("threads", n, 1) for n in given]
    graph = workflow.steering.graph
    calls = calls_of(workflow, jobs, seed)
    rows: list[dict[str, Any]] = []
    for v, node in enumerate(graph.nodes):
        if any(graph.nodes[u].effects for u in graph.lineage[v]):
            continue
        if not calls[v]:
            raise BadInput(f"No job reaches the node {node.name!r}: give some that pass up to it.")
        rows += _of_node(node, calls[v], sizes, cores, care)
    if not rows:
        raise BadInput("All nodes have effects: there is nothing that can be measured.")
    return pl.DataFrame(rows)


def _of_node(
    node: Node, calls: list[Call], sizes: Sequence[int], cores: Sequence[int | None], care: Care
) -> list[dict[str, Any]]:
    rows, reasons = [], []
    for it in node.candidates:
        for n in cores:
            if n is not None and it.options.isolate:
                raise BadInput(
                    f"threads= does not reach {it.name!r} in its own process: leave threads out, "
                    "and set them where it is loaded."
                )
            with with_threads(n):
                found, reason = measured(it, calls, sizes, care)
            reasons += [f"{it.name}: {reason}"] * (not found)
            named = {"node": node.name, "variant": it.name}
            rows += [{**named, "cores": float(n or 1), **row} for row in found]
    if not rows:
        raise BadInput(f"No candidate of {node.name!r} gives a value. {'; '.join(reasons)}")
    order = ["node", "variant", "batch", "cores"]
    return [{k: row[k] for k in [*order, *(k for k in row if k not in order)]} for row in rows]


def calls_of(workflow: Profiled, jobs: Any, seed: int) -> list[list[Call]]:
    """What reaches each node while the jobs are run; effects are held back."""
    graph = workflow.steering.graph
    calls: list[list[Call]] = [[] for _ in graph.nodes]
    with lock_of(workflow.sampler):
        sampler = copy.deepcopy(workflow.sampler)
    runner = Runner(
        _noting(graph, calls), sampler, MemoryStore(),
        settings=workflow.settings, thresholds=dict(workflow.thresholds), seed=seed,
    )  # fmt: skip
    pairs = ((None, inputs) for _, inputs in read_jobs(graph, jobs))
    if not sum(1 for _ in runner.stream(pairs)):
        raise BadInput("There are no jobs to measure with: give at least one.")
    return calls


def _noting(graph: Graph, calls: list[list[Call]]) -> Graph:
    """The same workflow with candidates that note what they are given."""
    nodes = []
    for node, noted in zip(graph.nodes, calls, strict=True):
        those = [replace(c, kind=Noting(c.kind, noted, node.effects)) for c in node.candidates]
        nodes.append(replace(node, candidates=tuple(those)))
    return replace(graph, nodes=tuple(nodes))


@dataclass
class Noting:
    """A kind of candidate that notes its inputs and runs another; see :mod:`.call`."""

    kind: Callable[..., Any]
    calls: list[Call]
    held: bool = False  #: whether it only notes

    @property
    def limits_itself(self) -> bool:
        """Whether the kind keeps the time limit on its own."""
        return bool(getattr(self.kind, "limits_itself", False))

    def prepare(self) -> tuple[Noting, Callable[[], None] | None]:
        """Have the model ready before the clock starts."""
        if self.held:
            return self, None
        kind, done = prepared(self.kind)
        return Noting(kind, self.calls), done

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Note the input, and run the kind on it."""
        self.calls.append((args, kwargs))
        if self.held:
            return Raw("refused", reason="it acts on the world, and is not run to be measured")
        return attempt(self.kind, args, kwargs, seed)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it on one input."""
        raise TypeError(f"{self.kind!r} is run by its raw()")
