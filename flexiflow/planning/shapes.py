"""A graph as series and parallels: which nodes act together as one.

Nodes that read the same nodes and are read by the same act as one beside the rest, and so do two
of which the second reads the first alone and nobody else does. Applied over and over, these two
rules make one tree of every series-parallel graph [1]_; of others a smaller graph remains, whose
nodes are trees. Transitive edges are none here: the paths along which seconds add up do without.

References
----------
.. [1] Valdes, J., Tarjan, R. E. & Lawler, E. L. (1982). The recognition of series parallel
   digraphs. SIAM Journal on Computing 11(2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise


@dataclass(frozen=True)
class Shape:
    """A node, or several that act as one.

    Attributes
    ----------
    nodes
        All of them, in the order in which they are taken.
    parts
        What it is made of; none if it is one node.
    parallel
        Whether the parts lie beside one another; if not, each follows the one before.
    """

    nodes: tuple[int, ...]
    parts: tuple[Shape, ...] = ()
    parallel: bool = False


@lru_cache(maxsize=64)
def shapes(paths: tuple[frozenset[int], ...], order: tuple[int, ...]) -> tuple[Shape, ...]:
    """The fewest shapes that hold all nodes of a graph.

    Parameters
    ----------
    paths
        Nodes of each; none is contained in another.
    order
        The nodes, each after those it reads.

    Examples
    --------
    >>> (diamond,) = shapes((frozenset({0, 1, 3}), frozenset({0, 2, 3})), (0, 1, 2, 3))
    >>> [part.nodes for part in diamond.parts]
    [(0,), (1, 2), (3,)]
    """
    graph = _Graph(paths, order)
    while graph.parallel() or graph.series():
        pass
    return tuple(graph.shape.values())


class _Graph:
    """Shapes, each by its first node, and what they read and are read by."""

    def __init__(self, paths: Sequence[frozenset[int]], order: Sequence[int]) -> None:
        self._at = {v: k for k, v in enumerate(order)}
        self.shape = {v: Shape((v,)) for v in order}
        self.before: dict[int, frozenset[int]] = dict.fromkeys(order, frozenset())
        self.after = dict(self.before)
        for path in paths:
            for v, w in pairwise(sorted(path, key=self._at.__getitem__)):
                self.after[v] |= {w}
                self.before[w] |= {v}

    def parallel(self) -> bool:
        """Join what reads the same and is read by the same; whether there was any."""
        alike: dict[tuple[frozenset[int], frozenset[int]], list[int]] = {}
        for v in self.shape:
            alike.setdefault((self.before[v], self.after[v]), []).append(v)
        groups = [group for group in alike.values() if len(group) > 1]
        for first, *others in groups:
            for v in others:
                self._join(first, v, parallel=True)
        return bool(groups)

    def series(self) -> bool:
        """Join two of which the second reads the first alone, and alone; whether there are."""
        for v, after in self.after.items():
            for w in after:
                if len(after) == 1 and self.before[w] == {v}:
                    self.after[v] = self.after[w]
                    self._join(v, w, parallel=False)
                    return True
        return False

    def _join(self, v: int, w: int, parallel: bool) -> None:
        parts: list[Shape] = []
        for shape in (self.shape[v], self.shape.pop(w)):
            same = shape.parts and shape.parallel == parallel
            parts += shape.parts if same else (shape,)
        nodes = sorted((x for part in parts for x in part.nodes), key=self._at.__getitem__)
        self.shape[v] = Shape(tuple(nodes), tuple(parts), parallel)
        for x in self.after.pop(w):
            self.before[x] = self.before[x] - {w} | {v}
        for x in self.before.pop(w):
            if x != v:
                self.after[x] -= {w}
