"""FlexiFlow on a record: the real runner, with recorded values in place of models.

Assertions, context and objectives are the workflow's own and are evaluated anew; only the
candidates are looked up, and the clock says what they took when they were recorded.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from flexiflow.candidates.base import Candidate, Options, Raw
from flexiflow.errors import BadInput
from flexiflow.examples.lessons.policies import Fared
from flexiflow.examples.lessons.record import Key, Record
from flexiflow.flow import Workflow
from flexiflow.graph import Graph
from flexiflow.samplers import Hybrid, Sampler
from flexiflow.stores import MemoryStore
from flexiflow.versions import digest


class Played:
    """A recorded candidate: gives what it gave when it was recorded.

    Parameters
    ----------
    tape
        What each run gave.
    node, name
        Whose runs to look up.
    meter
        Is told what the run took.
    """

    def __init__(self, tape: Mapping[Key, Raw], node: str, name: str, meter: Meter) -> None:
        self._tape, self._node, self._name, self._meter = tape, node, name, meter

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Look up a run."""
        key = digest((args, kwargs))
        found = None if key is None else self._tape.get((self._node, self._name, key))
        if found is None:
            raise BadInput(
                f"{self._name!r} at {self._node!r} was not recorded on this value. Replay the "
                "jobs that were recorded."
            )
        self._meter.seconds = found.seconds
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Give the recorded value."""
        return self.raw(args, kwargs, 0).value


class Meter:
    """What the run that was made last took, as recorded; the workflow's clock."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, number: int, node: str, candidate: str) -> float:
        """Give the seconds of the attempt that has just been made."""
        return self.seconds


def played(record: Record) -> tuple[Graph, Meter]:
    """Give the record's workflow with recorded candidates, and the clock that goes with it."""
    meter = Meter()

    def recorded(node: str, it: Candidate) -> Candidate:
        kind = Played(record.tape, node, it.name, meter)
        return Candidate(it.name, kind, Options(cost=it.options.cost), kind, it.fingerprint)

    nodes = tuple(
        replace(n, candidates=tuple(recorded(n.name, c) for c in n.candidates))
        for n in record.graph.nodes
    )
    return replace(record.graph, nodes=nodes), meter


def flexiflow_on(
    record: Record,
    name: str = "FlexiFlow",
    *,
    labelled: float = 1.0,
    seeds: Sequence[int] = (0,),
    sampler: type[Sampler] = Hybrid,
) -> Fared:
    """Run FlexiFlow over the recorded jobs, in their order, from a cold start.

    Parameters
    ----------
    name
        Of the row it gets.
    labelled
        Share of the jobs, 0 to 1, whose label is known when they end; drawn at random.
    seeds
        One run each.
    sampler
        Makes a new one for each run.
    """
    late = {i.name: i.default for i in record.graph.inputs if i.late}
    place = {configuration: k for k, configuration in enumerate(record.configurations)}
    shape = (len(seeds), len(record.jobs))
    right, passed, seconds = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape)
    tries = np.zeros(shape)
    learning = 0.0
    for row, seed in enumerate(seeds):
        told = np.random.default_rng([seed, 1]).random(len(record.jobs)) < labelled
        jobs = [dict(it) if t else {**it, **late} for it, t in zip(record.jobs, told, strict=True)]
        graph, meter = played(record)
        flow = Workflow(graph, sampler=sampler(), store=MemoryStore())
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that labels are missing is the point here
            for at, outcome in enumerate(flow.stream(jobs, seed=seed, clock=meter)):
                taken = outcome.job.configuration
                path = tuple(taken.get(node, "") for node in record.nodes)
                right[row, at] = record.right[at, place[path]] if path in place else 0.0
                passed[row, at], seconds[row, at] = outcome.passed, outcome.seconds
                tries[row, at] = 1 + outcome.job.switches + outcome.job.rollbacks
        learning += time.process_time() - began
    return Fared(name, right, passed, seconds, tries, learning / right.size)
