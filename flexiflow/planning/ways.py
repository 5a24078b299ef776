"""What of the paths still lies ahead while nodes are taken one after the other.

After some nodes, two paths with the same nodes ahead need only the longer of their seconds so
far; paths that have ended need none. What is kept is a column for each distinct rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flexiflow.planning.curves import Floats
from flexiflow.planning.thinning import Ints


class Ways:
    """The distinct rests of a graph's paths, node by node.

    Parameters
    ----------
    paths
        Nodes of each.
    order
        The nodes in the order in which they are taken.

    Attributes
    ----------
    rests
        Before each node, and after the last, the distinct rests that are not empty.
    width
        How many these are.
    members
        For each path and node (by its place in the order) whether it is on it,
        `(paths, nodes)`.
    column
        Per number of nodes taken: each path's column, -1 where it has ended, `(paths,)`.
    """

    def __init__(self, paths: Sequence[frozenset[int]], order: Sequence[int]) -> None:
        place = {node: k for k, node in enumerate(order)}
        ahead = [frozenset(place[node] for node in path) for path in paths]
        size = len(order)
        self.members = np.array([[k in path for k in range(size)] for path in ahead])
        self.rests: list[list[frozenset[int]]] = []
        self.column: list[Ints] = []
        for k in range(size + 1):
            rest = [frozenset(v for v in path if v >= k) for path in ahead]
            known = list(dict.fromkeys(r for r in rest if r))
            number = {r: c for c, r in enumerate(known)}
            self.rests.append(known)
            self.column.append(np.array([number.get(r, -1) for r in rest], dtype=np.intp))
        self.width = [len(r) for r in self.rests]

    def passed(self, k: int, seconds: Floats, latency: Floats) -> Floats:
        """Seconds along each column once node k is done, `(n, width[k])`; ended ones too."""
        on = np.array([k in rest for rest in self.rests[k]])
        return np.asarray(seconds + latency[..., None] * on)

    def moved(self, k: int, seconds: Floats, latency: Floats) -> Floats:
        """The columns after node k, `(n, width[k + 1])`."""
        done = self.passed(k, seconds, latency)
        after = np.full((len(done), self.width[k + 1]), -np.inf)
        number = {r: c for c, r in enumerate(self.rests[k + 1])}
        for c, rest in enumerate(self.rests[k]):
            left = rest - {k}
            if left:
                to = number[left]
                after[:, to] = np.maximum(after[:, to], done[:, c])
        return after

    def least_ahead(self, k: int, least: Floats) -> Floats:
        """The fewest seconds each column still needs after k nodes, `(width[k],)`."""
        return np.array([sum(least[v] for v in sorted(rest)) for rest in self.rests[k]])
