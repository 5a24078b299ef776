"""A graph as series and parallels: which nodes act together as one.

Nodes that read the same nodes and are read by the same act as one beside the rest, and so do two
of which the second reads the first alone and nobody else does. Applied over and over, these two
rules make one tree of every series-parallel graph [1]_. What remains of others falls into pieces
that follow one another or lie apart, and into some that are *mixed*. Transitive edges are none
here: the paths along which seconds add up do without.

References
----------
.. [1] Valdes, J., Tarjan, R. E. & Lawler, E. L. (1982). The recognition of series parallel
   digraphs. SIAM Journal on Computing 11(2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
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
    ways
        Of mixed ones, which are neither: the places of the parts on each path, in their order.
    """

    nodes: tuple[int, ...]
    parts: tuple[Shape, ...] = ()
    parallel: bool = False
    ways: tuple[tuple[int, ...], ...] = ()


@lru_cache(maxsize=64)
def shape_of(paths: tuple[frozenset[int], ...], order: tuple[int, ...]) -> Shape:
    """A whole graph as one shape.

    Parameters
    ----------
    paths
        Nodes of each; none is contained in another.
    order
        The nodes, each after those it reads.

    Examples
    --------
    >>> diamond = shape_of((frozenset({0, 1, 3}), frozenset({0, 2, 3})), (0, 1, 2, 3))
    >>> [part.nodes for part in diamond.parts]
    [(0,), (1, 2), (3,)]
    """
    graph = _Graph(paths, order)
    while graph.parallel() or graph.series():
        pass
    return graph.whole(list(graph.shape))


class _Graph:
    """Shapes, each by its first node, and what they read and are read by."""

    def __init__(self, paths: Sequence[frozenset[int]], order: Sequence[int]) -> None:
        self._at = {v: k for k, v in enumerate(order)}
        self._paths = [sorted(path, key=self._at.__getitem__) for path in paths]
        self.shape = {v: Shape((v,)) for v in order}
        self.before: dict[int, frozenset[int]] = dict.fromkeys(order, frozenset())
        self.after = dict(self.before)
        for v, w in {pair for path in self._paths for pair in pairwise(path)}:
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
        self.shape[v] = self._joined([self.shape[v], self.shape.pop(w)], parallel)
        for x in self.after.pop(w):
            self.before[x] = self.before[x] - {w} | {v}
        for x in self.before.pop(w):
            if x != v:
                self.after[x] -= {w}

    def _joined(self, shapes: Iterable[Shape], parallel: bool) -> Shape:
        parts: list[Shape] = []
        for shape in shapes:
            same = shape.parts and not shape.ways and shape.parallel == parallel
            parts += shape.parts if same else (shape,)
        return Shape(self._ordered(parts), tuple(parts), parallel)

    def _ordered(self, parts: Iterable[Shape]) -> tuple[int, ...]:
        return tuple(sorted((x for p in parts for x in p.nodes), key=self._at.__getitem__))

    def whole(self, some: list[int]) -> Shape:
        """What is left, or some of it, as one; neither rule applies any more."""
        if len(some) == 1:
            return self.shape[some[0]]
        reach: dict[int, frozenset[int]] = {}
        for v in sorted(self.shape, key=self._at.__getitem__, reverse=True):
            reach[v] = self.after[v].union(*(reach[w] for w in self.after[v]))

        def linked(related: bool, v: int, w: int) -> bool:
            return (w in reach[v] or v in reach[w]) == related

        for parallel in (True, False):
            pieces = _pieces(some, partial(linked, parallel))
            if len(pieces) > 1:
                return self._joined(map(self.whole, pieces), parallel)
        owner = {x: k for k, v in enumerate(some) for x in self.shape[v].nodes}
        ways = (tuple(dict.fromkeys(owner[v] for v in p if v in owner)) for p in self._paths)
        parts = tuple(self.shape[v] for v in some)
        return Shape(self._ordered(parts), parts, ways=tuple(filter(None, dict.fromkeys(ways))))


def _pieces(nodes: list[int], linked: Callable[[int, int], bool]) -> list[list[int]]:
    """Nodes that are linked, over others too, together; pieces and nodes in the same order."""
    left, pieces = list(nodes), []
    while left:
        piece = [left[0]]
        for v in piece:
            piece += [w for w in left if w not in piece and linked(v, w)]
        pieces.append([v for v in left if v in piece])
        left = [v for v in left if v not in piece]
    return pieces
