"""The configurations of a workflow as arrays, and which of them are left for a job.

Up to ``LARGEST`` configurations are scored exhaustively. Larger workflows are searched by
changing one or two nodes at a time, so that the cost of a decision grows with the candidates
and not with their product; a backtracking search makes sure that a configuration is found
whenever one is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Configuration, Graph
from flexiflow.samplers.base import JobState, Nodes

LARGEST = 10_000
_FEW = 8  # codes that are compared one by one, which starts sooner than sorting them
_PAIRS = 4_000  # two-node changes looked at in a large workflow

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Space:
    """All configurations of a graph, or those near given ones where there are too many.

    Attributes
    ----------
    sizes
        Choices per node.
    offsets
        Where each node's candidates start among all candidates of the graph.
    rows
        For each node, choice -> candidate among all candidates of the graph.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.sizes = tuple(len(n.choices) for n in graph.nodes)
        counts = [len(n.candidates) for n in graph.nodes]
        self.offsets = tuple(int(x) for x in np.cumsum([0, *counts])[:-1])
        self.candidates = sum(counts)
        self.rows = [
            np.array([o + c.candidate for c in n.choices], dtype=np.intp)
            for n, o in zip(graph.nodes, self.offsets, strict=True)
        ]
        self._weights: dict[Nodes, Ints] = {}
        self._codes: dict[Nodes, Ints] = {}

    @property
    def small(self) -> bool:
        """Whether all configurations are enumerated."""
        return self.graph.size <= LARGEST

    @cached_property
    def everything(self) -> Ints:
        """Every configuration, `(size, nodes)`, the last node changing fastest."""
        grids = np.indices(self.sizes).reshape(len(self.sizes), -1)
        return np.ascontiguousarray(grids.T.astype(np.int64))

    def is_everything(self, configurations: Ints) -> bool:
        """Whether these are all configurations; a large workflow's are never made."""
        return configurations is self.__dict__.get("everything")

    @cached_property
    def everything_rows(self) -> NDArray[np.intp]:
        """The candidates of every configuration, `(size, nodes)`."""
        return self.candidate_rows(self.everything)

    def rows_of(self, configurations: Ints) -> NDArray[np.intp]:
        """The candidates that configurations pick; kept for all of a small workflow."""
        if self.is_everything(configurations):
            return self.everything_rows
        return self.candidate_rows(configurations)

    def candidate_rows(self, configurations: Ints) -> NDArray[np.intp]:
        """The candidates that configurations pick, `(n, nodes)`."""
        columns = [self.rows[v][configurations[:, v]] for v in range(len(self.sizes))]
        return np.stack(columns, axis=1)

    def code(self, nodes: Nodes, configurations: Ints) -> Ints:
        """One number for what each configuration picks at some nodes, `(n,)`."""
        if self.is_everything(configurations):
            if nodes not in self._codes:
                self._codes[nodes] = configurations[:, nodes] @ self._weight(nodes)
            return self._codes[nodes]
        return np.asarray(configurations[:, nodes] @ self._weight(nodes))

    def _weight(self, nodes: Nodes) -> Ints:
        """Mixed-radix weights; random odd ones (a hash) where they would overflow 63 bits."""
        if nodes not in self._weights:
            weights, total = [], 1
            for v in reversed(nodes):
                weights.append(total)
                total *= self.sizes[v]
            if total < 2**63:
                self._weights[nodes] = np.array(weights[::-1], dtype=np.int64)
            else:
                rng = np.random.default_rng(len(nodes))
                drawn = rng.integers(-(2**62), 2**62, size=len(nodes), dtype=np.int64)
                self._weights[nodes] = drawn | 1
        return self._weights[nodes]

    def _among(self, nodes: Nodes, picks: set[tuple[int, ...]], configurations: Ints) -> Bools:
        codes = np.array([*picks], dtype=np.int64) @ self._weight(nodes)
        found = self.code(nodes, configurations)
        if len(codes) > _FEW:
            return np.isin(found, codes)
        return np.asarray((found[:, None] == codes).any(axis=1))

    def alive(self, state: JobState, configurations: Ints, unpaid: Bools | None = None) -> Bools:
        """Which configurations are not excluded for a job, `(n,)`.

        Barred ones only where nothing else is left. So are, where it is told what is unpaid,
        those for which the runs left to the job do not suffice: they never come to a verdict.
        """
        alive = np.ones(len(configurations), dtype=bool)
        for nodes, picks in state.excluded.items():
            alive &= ~self._among(nodes, picks, configurations)
        for node, choice in state.fixed.items():
            alive &= configurations[:, node] == choice
        willing = alive
        for node, choice in state.barred:
            willing = willing & (configurations[:, node] != choice)
        alive = willing if willing.any() else alive
        if unpaid is None or state.runs is None:
            return alive
        within = alive & (np.count_nonzero(unpaid, axis=1) <= state.runs)
        return within if within.any() else alive

    def unpaid(self, state: JobState, configurations: Ints) -> Bools:
        """Where each configuration still has something to run, `(n, nodes)`."""
        unpaid = np.ones(configurations.shape, dtype=bool)
        for node, picks in enumerate(state.known):
            if picks:
                lineage = self.graph.lineage[node]
                unpaid[:, node] = ~self._among(lineage, picks, configurations)
        return unpaid

    def near(self, centres: Sequence[Configuration], prefer: Sequence[Ints]) -> Ints:
        """Configurations that differ from given ones in one or two nodes, `(n, nodes)`.

        ``prefer`` orders the choices of each node, best first; where not all pairs of
        changes can be looked at, those of the best choices are.
        """
        found: dict[Configuration, None] = {}
        for centre in centres:
            found[centre] = None
            for v, size in enumerate(self.sizes):
                for choice in range(size):
                    found[(*centre[:v], choice, *centre[v + 1 :])] = None
        nodes = len(self.sizes)
        pairs = max(nodes * (nodes - 1) // 2, 1) * max(len(centres), 1)
        width = max(int((_PAIRS / pairs) ** 0.5), 1)
        for centre in centres:
            for u, v in combinations(range(nodes), 2):
                for a, b in product(prefer[u][:width], prefer[v][:width]):
                    changed = list(centre)
                    changed[u], changed[v] = int(a), int(b)
                    found[tuple(changed)] = None
        return np.array(list(found), dtype=np.int64)

    def first_alive(self, state: JobState, prefer: Sequence[Ints]) -> Configuration | None:
        """The first configuration left, in the order of preference at each node, or None."""
        return next(self.walk_alive(state, prefer), None)

    def walk_alive(self, state: JobState, prefer: Sequence[Ints]) -> Iterator[Configuration]:
        """All configurations left, in lexicographic order of preference, by backtracking."""
        due: list[list[tuple[Nodes, set[tuple[int, ...]]]]] = [[] for _ in self.sizes]
        for nodes, picks in state.excluded.items():
            due[nodes[-1]].append((nodes, picks))
        yield from self._extend([], state, prefer, due)

    def _extend(
        self,
        chosen: list[int],
        state: JobState,
        prefer: Sequence[Ints],
        due: list[list[tuple[Nodes, set[tuple[int, ...]]]]],
    ) -> Iterator[Configuration]:
        v = len(chosen)
        if v == len(self.sizes):
            yield tuple(chosen)
            return
        for choice in prefer[v]:
            if state.fixed.get(v, choice) != choice:
                continue
            chosen.append(int(choice))
            if not any(tuple(chosen[u] for u in nodes) in picks for nodes, picks in due[v]):
                yield from self._extend(chosen, state, prefer, due)
            chosen.pop()
