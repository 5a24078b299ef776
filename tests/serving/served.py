"""Small workflows to be served, and plans for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import flexiflow
from flexiflow.candidates import adopt, candidate
from flexiflow.candidates.base import Candidate
from flexiflow.language import read
from flexiflow.planning import Demand, Placed, Plan, Problem, Seconds, Step
from flexiflow.planning.problem import Offer
from flexiflow.serving.gathering import Call
from flexiflow.serving.places import Place

LONGEST = 10  # seconds until a test that hangs fails


def workflow(text: str, models: Mapping[str, Any], **options: Any) -> flexiflow.Workflow:
    options.setdefault("store", flexiflow.MemoryStore())
    options.setdefault("sampler", flexiflow.Fixed())
    return flexiflow.Workflow(read(text.strip(), dict(models)), **options)


def plan_of(
    graph: Any,
    variants: Mapping[str, str],
    batches: Mapping[str, int] | None = None,
    replicas: Mapping[str, int] | None = None,
    rate: float = 100.0,
    sla: float = 1.0,
) -> Plan:
    """A plan that was made by hand."""
    steps, parts = [], []
    for v, node in enumerate(graph.nodes):
        name = node.name
        offer = Offer(
            variants[name], (batches or {}).get(name, 1), 1.0, Seconds.of([0.01] * 30), 0.9, 0.0
        )
        parents = tuple(graph.nodes[p].name for p in graph.parents[v])
        steps.append(Step(name, (offer,), parents))
        parts.append(Placed(name, offer, (replicas or {}).get(name, 1), 0.01, 1.0))
    return Plan(Problem(tuple(steps)), Demand(sla, rate), tuple(parts))


def model(function: Callable[..., Any], name: str = "model", **options: Any) -> Candidate:
    return adopt(candidate(function, **options), name)


def place(
    first: Candidate | None, batch: int = 1, timeout: float = 0.0, replicas: int = 1
) -> Place:
    return Place("node", None if first is None else 0, first, batch, timeout, replicas)


def call(which: Candidate, *args: Any, since: float = 0.0, **kwargs: Any) -> Call:
    return Call(args, kwargs, 0, candidate=which, since=since)


def told(one: Call) -> Any:
    """What came of a call: its value, or else its kind and reason."""
    future: Future[Any] = one.future
    raw = future.result(LONGEST)
    return raw.value if raw.kind == "pass" else (raw.kind, raw.reason)
