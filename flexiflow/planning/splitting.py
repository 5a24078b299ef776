"""A mixed graph without one of its nodes, which is a constant once its choice is made.

A constant may stand in several places: each path takes its own copy, by what comes next or what
came before. So split, most small graphs that are no series and parallels become that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from flexiflow.planning.shapes import Shape, shape_of

Way = tuple[int, ...]


def split(ways: tuple[Way, ...], sizes: tuple[int, ...]) -> tuple[int, Shape]:
    """The part to be split, and the graph of the others with its copies.

    Parameters
    ----------
    ways
        Places of the parts on each path, in their order.
    sizes
        How many choices each part has.

    Returns
    -------
    The place of the part, and a shape whose nodes are the other places and, from ``len(sizes)``
    on, the copies.

    Examples
    --------
    >>> k, shape = split(((0, 2), (0, 3), (1, 3)), (5, 5, 5, 5))
    >>> k, shape.parallel, [part.nodes for part in shape.parts]
    (0, True, [(4, 2), (5, 1, 3)])
    """
    every = [(k, shape) for k, shape in _every(ways, len(sizes)) if sizes[k] > 1]
    return min(every, key=lambda one: (_mixed(one[1], sizes), sizes[one[0]]))


@lru_cache(maxsize=64)
def _every(ways: tuple[Way, ...], size: int) -> tuple[tuple[int, Shape], ...]:
    """Each part as the one to be split, in each manner."""
    keys = (_next, _last, _both)
    return tuple((k, _without(ways, k, key, size)) for k in range(size) for key in keys)


def _next(way: Way, k: int) -> object:
    return way[k + 1 :][:1]


def _last(way: Way, k: int) -> object:
    return way[:k][-1:]


def _both(way: Way, k: int) -> object:
    return _next(way, k), _last(way, k)


def _without(ways: tuple[Way, ...], k: int, key: Callable[[Way, int], object], size: int) -> Shape:
    copies: dict[object, int] = {}
    paths = []
    place = {v: float(v) for v in range(size)}
    for way in ways:
        if k in way:
            at = way.index(k)
            copy = copies.setdefault(key(way, at), size + len(copies))
            place[copy] = float(k)
            way = (*way[:at], copy, *way[at + 1 :])
        paths.append(frozenset(way))
    del place[k]
    return shape_of(tuple(dict.fromkeys(paths)), tuple(sorted(place, key=place.__getitem__)))


def _mixed(shape: Shape, sizes: tuple[int, ...]) -> int:
    """How many parts with a choice are in mixed shapes."""
    inside = sum(_mixed(part, sizes) for part in shape.parts)
    if shape.ways:
        inside = max(inside, sum(v < len(sizes) and sizes[v] > 1 for v in shape.nodes))
    return inside
