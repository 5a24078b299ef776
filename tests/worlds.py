"""Small workflows and outcomes, made by hand, for tests that need no language."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flexiflow.candidates import adopt, candidate
from flexiflow.graph import Assertion, Expression, Graph, Input, Node, Read
from flexiflow.records import Attempt, Job, Outcome, Verdict


def expression(text: str, *names: str, **words: Any) -> Expression:
    """An expression over inputs and targets, compiled as the reader would."""
    reads = tuple(Read("value", n) for n in names)
    return Expression(text, 1, reads, eval(f"lambda {', '.join(names)}: {text}", dict(words)))


def node(name: str, models: Mapping[str, Any], *reads: str, **options: Any) -> Node:
    """A node that calls its models with the values it reads."""
    made = tuple(adopt(candidate(m, **options), n) for n, m in models.items())
    return Node(name, (name,), made, tuple(expression(r, r) for r in reads))


def assertion(text: str, *names: str, **words: Any) -> Assertion:
    return Assertion(text, expression(text, *names, **words), None, 1, f"fingerprint of {text}")


def tag(name: str) -> Any:
    """A model that appends its name to what it gets."""
    return lambda *values: "".join(map(str, values)) + name


def chain(*sizes: int, rerolls: int = 0) -> Graph:
    """Nodes in a row with so many candidates each, and one assertion at the end."""
    nodes, before = [], "x"
    for v, size in enumerate(sizes):
        name = f"n{v}"
        models = {f"{name}c{k}": tag(f".{k}") for k in range(size)}
        nodes.append(node(name, models, before, rerolls=rerolls))
        before = name
    return Graph(
        f"chain{'x'.join(map(str, sizes))}", (Input("x"),), tuple(nodes),
        (assertion(f"good({before})", before, good=lambda value: True),),
    )  # fmt: skip


def diamond() -> Graph:
    """Fan-out and fan-in: a -> (b, c) -> d, one assertion on b and one at the end."""
    two = {"one": tag("1"), "two": tag("2")}
    nodes = (
        node("a", two, "x"),
        node("b", two, "a"),
        node("c", two, "a"),
        node("d", two, "b", "c"),
    )
    always = {"good": lambda value: True}
    return Graph(
        "diamond", (Input("x"),), nodes,
        (assertion("good(b)", "b", **always), assertion("good(d)", "d", **always)),
    )  # fmt: skip


_numbers = itertools.count()


def outcome(
    graph: Graph,
    configuration: Sequence[int],
    passed: bool,
    seconds: Sequence[float] | None = None,
    teaches: bool = True,
) -> Outcome:
    """What a job that tried one configuration leaves behind; each assertion got one verdict."""
    job_id = f"job{next(_numbers)}"
    cost = (1.0,) * len(graph.nodes) if seconds is None else tuple(map(float, seconds))
    who = [graph.candidate(v, k) for v, k in enumerate(configuration)]
    attempts = tuple(
        Attempt(
            job_id,
            v,
            n.name,
            who[v].name,
            who[v].fingerprint,
            0,
            (),
            v,
            0,
            0,
            0,
            None,
            None,
            None,
            None,
            "pass",
            None,
            None,
            cost[v],
            0.0,
            False,
            None,
        )
        for v, n in enumerate(graph.nodes)
    )
    verdicts = tuple(
        Verdict(
            job_id,
            max(scope),
            a.text,
            a.fingerprint,
            {graph.nodes[v].name: who[v].fingerprint for v in scope},
            passed,
            None,
            0.0,
            False,
        )
        for a, scope in zip(graph.assertions, graph.scopes, strict=True)
    )
    empty: Mapping[str, Any] = MappingProxyType({})
    job = Job(
        job_id, graph.name, graph.digest, "run", 0, 0.0, 0.0, "passed" if passed else "exhausted",
        passed, empty, empty, None, sum(cost), 0.0, len(attempts), 0, 0, empty, None, None, None,
        None, teaches,
    )  # fmt: skip
    return Outcome(job, attempts, verdicts)
