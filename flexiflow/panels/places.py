"""Nodes and candidates by number: what a log says by name, as a workflow's panels count it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flexiflow.graph import Graph
from flexiflow.records import Attempt, Outcome

NONE = 255  # no candidate


class Try(NamedTuple):
    """One configuration of a job as far as it was run.

    Attributes
    ----------
    choice
        Per node the candidate's number, -1 where the job did not get.
    passed
        Whether the job ended with it, passed.
    seconds, cost
        That it took; what it shared with earlier ones cost nothing.
    chance
        How likely it was to come next: the propensity of as much of it as was run.
    """

    choice: tuple[int, ...]
    passed: bool
    seconds: float
    cost: float
    chance: float | None


class Places:
    """The numbers of a graph's nodes and candidates.

    Attributes
    ----------
    candidates
        Names, per node.
    offsets, size
        Where each node's candidates start among all of them; how many there are.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.node = {n.name: v for v, n in enumerate(graph.nodes)}
        self.candidates = [tuple(c.name for c in n.candidates) for n in graph.nodes]
        self.number = [{name: k for k, name in enumerate(names)} for names in self.candidates]
        self.sizes = tuple(len(names) for names in self.candidates)
        self.offsets = tuple(sum(self.sizes[:v]) for v in range(len(self.sizes)))
        self.size = sum(self.sizes)
        self.at = {
            (n.name, name): self.offsets[v] + k
            for v, n in enumerate(graph.nodes)
            for k, name in enumerate(self.candidates[v])
        }
        self._after = [
            tuple(u for u, line in enumerate(graph.lineage) if v in line and u != v)
            for v in range(len(graph.nodes))
        ]

    def chosen(self, configuration: Mapping[str, str]) -> bytes:
        """The candidates of a configuration, a byte a node; 255 where there is none."""
        row = bytearray(b"\xff" * len(self.sizes))
        for name, candidate in configuration.items():
            v = self.node.get(name)
            if v is not None:
                row[v] = min(self.number[v].get(candidate, NONE), NONE)
        return bytes(row)

    def first(self, outcome: Outcome) -> bytes:
        """The candidates first proposed, as far as the job came with them."""
        row = bytearray(b"\xff" * len(self.sizes))
        for attempt in outcome.attempts:
            if attempt.decision:
                break
            v = self.node.get(attempt.node)
            if v is not None:
                row[v] = min(self.number[v].get(attempt.candidate, NONE), NONE)
        return bytes(row)

    def first_try(self, outcome: Outcome) -> Try | None:
        """The first configuration of a job as far as it was run; None if there was none."""
        attempts = []
        for attempt in outcome.attempts:
            if attempt.decision:
                break
            attempts.append(attempt)
        whole = len(attempts) == len(outcome.attempts)
        found = self._followed({0: attempts}, outcome.job.passed and whole) if attempts else []
        return found[0] if found else None

    def tries(self, outcome: Outcome) -> list[Try]:
        """The configurations a job went through, in order; those of unknown names left out."""
        parts: dict[int, list[Attempt]] = {}
        for attempt in outcome.attempts:
            parts.setdefault(attempt.decision, []).append(attempt)
        return self._followed(parts, outcome.job.passed)

    def _followed(self, parts: dict[int, list[Attempt]], passed: bool) -> list[Try]:
        now, found, last = [-1] * len(self.sizes), list[Try](), max(parts, default=-1)
        for decision, attempts in sorted(parts.items()):
            seconds = cost = 0.0
            for attempt in attempts:
                place = self.at.get((attempt.node, attempt.candidate))
                if place is None:
                    return found
                v = self.node[attempt.node]
                now[v] = place - self.offsets[v]
                for u in self._after[v]:
                    now[u] = -1
                seconds += attempt.seconds
                cost += attempt.cost
            chance = _chance(attempts, len(now))
            found.append(Try(tuple(now), passed and decision == last, seconds, cost, chance))
        return found

    def text(self, choice: tuple[int, ...]) -> str:
        """A configuration in words; a node that does not matter is left out."""
        one = len(self.sizes) == 1
        parts = []
        for v, k in enumerate(choice):
            if k >= 0:
                name = self.candidates[v][k]
                parts.append(name if one else f"{self.graph.nodes[v].name}={name}")
        return " > ".join(parts)


def _chance(attempts: list[Attempt], nodes: int) -> float | None:
    """The propensity of as much of a configuration as was run.

    That of a whole configuration, or of a single node, is in the records. That of a part lies
    between the whole's and the smallest of its nodes'; their product is taken within these.
    """
    whole = attempts[0].path_propensity
    each = {a.node: a.propensity for a in attempts}
    known = [p for p in each.values() if p is not None]
    if whole is None or len(known) < len(each):
        return None
    if len(each) == nodes:
        return whole if whole > 0 else None
    product = 1.0
    for p in known:
        product *= p
    chance = max(min(product, *known), whole) if len(known) > 1 else known[0]
    return chance if chance > 0 else None


def names_of(graph: Graph) -> dict[str, Any]:
    """A workflow as plain data: what the panels' numbers stand for.

    Returns
    -------
    ``inputs`` (name, late), ``nodes`` (name, targets, candidates, parents, effects),
    ``assertions`` (text, scope, at: the node whose end lets it be checked, -1 for the input),
    ``objectives`` (text, sign, weight, word), ``context`` (texts), ``thresholds``.
    """
    due = {a: v for v, checks in enumerate(graph.checks) for a in checks}
    return {
        "inputs": [{"name": i.name, "late": i.late} for i in graph.inputs],
        "nodes": [
            {
                "name": n.name,
                "targets": list(n.targets),
                "candidates": [c.name for c in n.candidates],
                "parents": list(graph.parents[v]),
                "effects": n.effects,
            }
            for v, n in enumerate(graph.nodes)
        ],
        "assertions": [
            {"text": a.text, "scope": list(graph.scopes[k]), "at": due.get(k, -1)}
            for k, a in enumerate(graph.assertions)
        ],
        "objectives": [
            {"text": o.text, "sign": o.sign, "weight": o.weight, "word": o.word}
            for o in graph.objectives
        ],
        "context": [e.text for e in graph.context],
        "thresholds": dict(graph.thresholds),
    }
