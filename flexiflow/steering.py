"""Steering a workflow: candidates pinned and banned at a node, objectives weighed anew.

What is set here takes effect from the next job on: a job reads it once, when it begins, and
keeps it to its end. It is a property of the workflow: all its runs and calls share it.
"""

from __future__ import annotations

import difflib
import math
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flexiflow.errors import BadInput
from flexiflow.graph import Graph, Node
from flexiflow.samplers.base import JobState


class Steered(NamedTuple):
    """What holds for the jobs that begin now."""

    graph: Graph  #: the definition, with the weights in force
    out: tuple[tuple[int, int], ...]  #: (node, choice) pairs that may not be taken

    def apply(self, state: JobState) -> None:
        """Rule out what may not be taken on a job."""
        for node, choice in self.out:
            state.exclude((node,), (choice,))


class Steering:
    """Pins, bans and weights of a workflow; thread-safe, every call returns at once.

    Parameters
    ----------
    graph
        The workflow as it was written.
    like
        Steering of an older definition: what still applies is taken over. A weight is where
        the term's weight was not rewritten since.

    Attributes
    ----------
    now
        What holds for the jobs that begin now.
    """

    def __init__(self, graph: Graph, like: Steering | None = None) -> None:
        self._graph = graph
        self._lock = threading.Lock()
        self._pins: dict[str, str] = {}
        self._bans: dict[str, set[str]] = {}
        self._weights: dict[str, float] = {}
        self.now = Steered(graph, ())
        if like is not None:
            self._take_over(like)

    @property
    def graph(self) -> Graph:
        """The definition, with the weights in force."""
        return self.now.graph

    @property
    def pins(self) -> dict[str, str]:
        """Node -> the one candidate that may be taken there; a copy."""
        with self._lock:
            return dict(self._pins)

    @property
    def bans(self) -> dict[str, set[str]]:
        """Node -> the candidates that may not be taken there; a copy."""
        with self._lock:
            return {node: set(names) for node, names in self._bans.items()}

    @property
    def weights(self) -> dict[str, float]:
        """Term of the objective, as it is written -> its weight now; a copy."""
        return {o.text: o.weight for o in self.now.graph.objectives}

    def snapshot(self) -> dict[str, Any]:
        """``pins``, ``bans`` (as sorted lists) and ``weights`` as plain data."""
        bans = {node: sorted(names) for node, names in self.bans.items()}
        return {"pins": self.pins, "bans": bans, "weights": self.weights}

    def pin(self, node: str, candidate: str | None) -> None:
        """Take only this candidate at a node, from the next job on; None lifts the pin.

        Raises
        ------
        BadInput
            If there is no such node or candidate, or the candidate is banned.
        """
        it = self._node(node)
        with self._lock:
            if candidate is None:
                self._pins.pop(node, None)
            elif _known(it, candidate) in self._bans.get(node, ()):
                raise BadInput(
                    f"{candidate!r} is banned at {node!r} and cannot be pinned. Lift the ban "
                    f"first: ban({node!r}, {candidate!r}, on=False)."
                )
            else:
                self._pins[node] = candidate
            self._refresh()

    def ban(self, node: str, candidate: str, on: bool = True) -> None:
        """Never take this candidate at a node, from the next job on; ``on=False`` lifts it.

        Raises
        ------
        BadInput
            If there is no such node or candidate, or none would be left.
        """
        it = self._node(node)
        _known(it, candidate)
        with self._lock:
            banned = self._bans.get(node, set())
            if not on:
                banned = banned - {candidate}
            elif self._pins.get(node) == candidate:
                raise BadInput(
                    f"{candidate!r} is pinned at {node!r} and cannot be banned. Lift the pin "
                    f"first: pin({node!r}, None)."
                )
            else:
                banned = banned | {candidate}
            _leave_one(it, banned)
            self._bans.pop(node, None)
            if banned:
                self._bans[node] = banned
            self._refresh()

    def weigh(self, term: str, weight: float) -> None:
        """Give a term of the objective another weight, from the next job on.

        Parameters
        ----------
        term
            The term as it is written in the workflow: ``"runtime"``, ``"text == label"``.
        weight
            0 or more; 0 leaves the term out of every decision.

        Raises
        ------
        BadInput
            If there is no such term, or the weight is no such number.
        """
        terms = [o.text for o in self._graph.objectives]
        if term not in terms:
            raise BadInput(_unknown(f"{self._graph.name} has no objective", term, terms))
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not 0 <= weight < math.inf:
            raise BadInput(f"A weight must be a finite number, 0 or more. Got {weight!r}.")
        with self._lock:
            self._weights[term] = float(weight)
            self._refresh()

    def _node(self, name: str) -> Node:
        names = [n.name for n in self._graph.nodes]
        if name not in names:
            raise BadInput(_unknown(f"{self._graph.name} has no node", name, names))
        return self._graph.nodes[names.index(name)]

    def _refresh(self) -> None:
        """Make what was set hold; the lock is held."""
        out = []
        for v, node in enumerate(self._graph.nodes):
            pinned, banned = self._pins.get(node.name), self._bans.get(node.name, set())
            for k, choice in enumerate(node.choices):
                name = node.candidates[choice.candidate].name
                if name in banned or pinned not in (None, name):
                    out.append((v, k))
        graph = self._graph.reweighed(self._weights) if self._weights else self._graph
        if graph.key == self.now.graph.key:
            graph = self.now.graph
        self.now = Steered(graph, tuple(out))

    def _take_over(self, old: Steering) -> None:
        here = {n.name: {c.name for c in n.candidates} for n in self._graph.nodes}
        for node, candidate in old.pins.items():
            if candidate in here.get(node, ()):
                self._pins[node] = candidate
        for node, names in old.bans.items():
            banned = names & here.get(node, set())
            if banned and banned != here[node]:
                self._bans[node] = banned
        written, before = _weights(self._graph), _weights(old._graph)
        with old._lock:
            weighed = dict(old._weights)
        for term, weight in weighed.items():
            if term in written and written[term] == before[term]:
                self._weights[term] = weight
        self._refresh()

    def __repr__(self) -> str:
        return f"Steering(pins={self.pins}, bans={self.bans}, weights={self.weights})"


def _weights(graph: Graph) -> Mapping[str, float]:
    return {o.text: o.weight for o in graph.objectives}


def _known(node: Node, candidate: str) -> str:
    """The candidate's name, if the node has one of that name."""
    names = [c.name for c in node.candidates]
    if candidate not in names:
        raise BadInput(_unknown(f"Node {node.name!r} has no candidate", candidate, names))
    return candidate


def _leave_one(node: Node, banned: set[str]) -> None:
    if banned >= {c.name for c in node.candidates}:
        raise BadInput(
            f"Banning {', '.join(sorted(map(repr, banned)))} would leave no candidate at "
            f"{node.name!r}. Lift a ban first: ban({node.name!r}, name, on=False)."
        )


def _unknown(what: str, name: object, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    there = f"There are: {', '.join(map(repr, known))}." if known else "There are none."
    hint = f"Did you mean {near[0]!r}?" if near else there
    return f"{what} {name!r}. {hint}"
