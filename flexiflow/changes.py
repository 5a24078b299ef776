"""What a new definition of a workflow changes for what was learned under the old one."""

from __future__ import annotations

import json

from flexiflow.graph import Graph
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
