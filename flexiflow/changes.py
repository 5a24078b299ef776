"""What edits change: a new definition for old beliefs, a new helper for an old definition."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from flexiflow.graph import Graph
from flexiflow.language import stale
from flexiflow.stores.base import Store


def changes(graph: Graph, store: Store) -> list[str]:
    """Sentences that tell the user which beliefs start anew; none for an unchanged workflow.

    Beliefs belong to candidates with their code and options, and to assertions with the code
    they call: what was edited no longer finds the old ones.
    """
    known = store.read("definitions", workflow=graph.name)
    if known.is_empty() or graph.digest in set(known["digest"]):
        return []
    rows = [(json.loads(a), json.loads(c)) for a, c in known["assertions", "candidates"].rows()]
    old_assertions = {f for assertions, _ in rows for f in assertions.values()}
    told = []
    for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
        if scope and assertion.fingerprint not in old_assertions:
            nodes = ", ".join(graph.nodes[v].name for v in scope)
            told.append(
                f"The assertion `{assertion.text}` is new or edited: how often candidates of "
                f"{nodes} pass it is learned anew."
            )
    old = {
        (node, name): {c[node][name] for _, c in rows if name in c.get(node, {})}
        for _, candidates in rows
        for node, names in candidates.items()
        for name in names
    }
    for node in graph.nodes:
        for candidate in node.candidates:
            before = old.get((node.name, candidate.name))
            if before and candidate.fingerprint not in before:
                told.append(
                    f"The candidate {candidate.name} of {node.name} was edited: it starts from "
                    "what is known of the others at its node."
                )
    return told


class Names:
    """The names that a definition has bound, and whether the notebook has new objects for them."""

    def __init__(self, graph: Graph, namespace: Mapping[str, Any]) -> None:
        self._graph, self._namespace = graph, namespace
        self._told: set[str] = set()

    def warn(self) -> None:
        """Warn, once each, of names that were redefined since: the old objects are in use."""
        for name in stale(self._graph, self._namespace):
            if name not in self._told:
                self._told.add(name)
                warnings.warn(
                    f"{name!r} has been redefined since {self._graph.name} was defined, which "
                    "still uses the old one. Define the workflow again to use the new one.",
                    stacklevel=4,
                )
