"""Where everything stands in the picture of a workflow: plain numbers, nothing drawn.

A layered layout, as by Sugiyama et al. [1]_: inputs in the first column, every node one column
after the last node it reads, the output in a column of its own. An edge that passes a column is
given a slot there, as if it were a flat box, so that it never crosses one. Columns are sorted
by the barycentres of their neighbours to lower crossings; heights are then relaxed towards
those of the neighbours, where the least-squares answer under fixed order and minimal distances
is an isotonic regression.

References
----------
.. [1] Sugiyama, Tagawa, Toda (1981). Methods for visual understanding of hierarchical system
   structures. IEEE Transactions on Systems, Man, and Cybernetics 11 (2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

Point = tuple[float, float]

GAP = 26.0  # pixels between two boxes of a column
SLOT_GAP = 14.0  # pixels between a box and an edge that passes it
GUTTER = 58.0  # pixels between two columns
SWEEPS = 12  # of sorting
RELAXATIONS = 40


class Block(NamedTuple):
    """What is to be placed: its size, and the room that hangs below it, in pixels."""

    width: float
    height: float
    below: float = 0.0


class Place(NamedTuple):
    """A placed block: its column, its left top corner and its size, in pixels."""

    column: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The height at which edges enter and leave."""
        return self.y + self.height / 2


class Placed(NamedTuple):
    """All blocks and edges in their places; the left top corner of the whole is (0, 0)."""

    places: tuple[Place, ...]
    routes: tuple[tuple[Point, ...], ...]
    lowest: frozenset[int]  #: blocks below which their column is free
    width: float
    height: float


@dataclass
class Mesh:
    """Blocks, and a slot wherever an edge passes a column, in sorted columns."""

    blocks: list[Block]
    column: list[int]
    columns: list[list[int]]
    chains: list[list[int]]
    slots: int
    left: dict[int, list[int]] = field(default_factory=dict)
    right: dict[int, list[int]] = field(default_factory=dict)

    def is_slot(self, item: int) -> bool:
        """Whether an item is the passage of an edge, not a block."""
        return item >= self.slots

    def distance(self, upper: int, lower: int) -> float:
        """The least distance between the middles of two neighbours in a column, in pixels."""
        a, b = self.blocks[upper], self.blocks[lower]
        gap = SLOT_GAP if self.is_slot(upper) or self.is_slot(lower) else GAP
        return a.height / 2 + a.below + gap + b.height / 2


def place(
    blocks: Sequence[Block], column: Sequence[int], edges: Iterable[tuple[int, int]]
) -> Placed:
    """Place blocks in their columns and route the edges between them.

    Parameters
    ----------
    blocks
        The sizes, in pixels.
    column
        For each block, its column from 0; an edge always goes to a later column.
    edges
        Pairs of indices of blocks.

    Examples
    --------
    >>> placed = place([Block(60, 20), Block(80, 40)], [0, 1], [(0, 1)])
    >>> [(p.x, p.y) for p in placed.places]
    [(0.0, 10.0), (118.0, 0.0)]
    >>> placed.routes
    (((60.0, 20.0), (118.0, 20.0)),)
    """
    if not blocks:
        return Placed((), (), frozenset(), 0.0, 0.0)
    mesh = _mesh(blocks, column, edges)
    _sort(mesh)
    middles = _relax(mesh)
    widths = [max(mesh.blocks[i].width for i in items) for items in mesh.columns]
    lefts = [sum(widths[:c]) + GUTTER * c for c in range(len(widths))]
    top = min(m - mesh.blocks[i].height / 2 for i, m in middles.items())
    bottom = max(m + b.height / 2 + b.below for b, m in _each(mesh, middles))

    def at(i: int) -> Place:
        c, height = mesh.column[i], mesh.blocks[i].height
        return Place(c, lefts[c], middles[i] - top - height / 2, widths[c], height)

    routes = tuple(_route([at(i) for i in chain]) for chain in mesh.chains)
    return Placed(
        tuple(at(i) for i in range(len(blocks))),
        routes,
        frozenset(items[-1] for items in mesh.columns),
        lefts[-1] + widths[-1],
        bottom - top,
    )


def _each(mesh: Mesh, middles: Mapping[int, float]) -> Iterable[tuple[Block, float]]:
    return ((mesh.blocks[i], middle) for i, middle in middles.items())


def _mesh(blocks: Sequence[Block], column: Sequence[int], edges: Iterable[tuple[int, int]]) -> Mesh:
    columns: list[list[int]] = [[] for _ in range(max(column) + 1)]
    mesh = Mesh(list(blocks), list(column), columns, [], len(blocks))
    for i, c in enumerate(column):
        columns[c].append(i)
    for source, target in edges:
        chain = [source]
        for c in range(column[source] + 1, column[target]):
            chain.append(len(mesh.blocks))
            columns[c].append(len(mesh.blocks))
            mesh.blocks.append(Block(0.0, 0.0))
            mesh.column.append(c)
        mesh.chains.append([*chain, target])
    for chain in mesh.chains:
        for a, b in pairwise(chain):
            mesh.right.setdefault(a, []).append(b)
            mesh.left.setdefault(b, []).append(a)
    return mesh


def _crossings(mesh: Mesh) -> int:
    rank = {i: r for items in mesh.columns for r, i in enumerate(items)}
    total = 0
    for items in mesh.columns:
        pairs = [(rank[i], rank[j]) for i in items for j in mesh.right.get(i, [])]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a in pairs for b in pairs)
    return total // 2


def _sort(mesh: Mesh) -> None:
    """Sort each column by the mean rank of its neighbours, left to right and back."""
    best, fewest = [list(items) for items in mesh.columns], _crossings(mesh)
    for sweep in range(SWEEPS):
        near = mesh.right if sweep % 2 else mesh.left
        for items in reversed(mesh.columns) if sweep % 2 else mesh.columns:
            rank = {i: r for other in mesh.columns for r, i in enumerate(other)}
            means = {i: fmean([rank[n] for n in near.get(i, [i])]) for i in items}
            items.sort(key=means.__getitem__)
        if (count := _crossings(mesh)) < fewest:
            best, fewest = [list(items) for items in mesh.columns], count
    mesh.columns[:] = best


def _relax(mesh: Mesh) -> dict[int, float]:
    """Move every item towards the heights of its neighbours, as far as order and room allow."""
    middles: dict[int, float] = {}
    offsets: list[list[float]] = []
    for items in mesh.columns:
        steps = [0.0]
        for upper, lower in pairwise(items):
            steps.append(steps[-1] + mesh.distance(upper, lower))
        offsets.append(steps)
        middles |= {i: s - steps[-1] / 2 for i, s in zip(items, steps, strict=True)}
    for sweep in range(RELAXATIONS):
        pairs = list(zip(mesh.columns, offsets, strict=True))
        for items, steps in pairs if sweep % 2 else reversed(pairs):
            wished = [_wish(mesh, i, middles) for i in items]
            fitted = _isotonic([w - s for w, s in zip(wished, steps, strict=True)])
            middles |= {i: f + s for i, f, s in zip(items, fitted, steps, strict=True)}
    return {i: round(m, 2) for i, m in middles.items()}


def _wish(mesh: Mesh, item: int, middles: Mapping[int, float]) -> float:
    """The mean height of the neighbours; an edge that passes several columns pulls straight."""
    around = [*mesh.left.get(item, []), *mesh.right.get(item, [])]
    if not around:
        return middles[item]
    weights = [6.0 if mesh.is_slot(item) and mesh.is_slot(n) else 1.0 for n in around]
    return sum(w * middles[n] for w, n in zip(weights, around, strict=True)) / sum(weights)


def _isotonic(values: Sequence[float]) -> list[float]:
    """The non-descending sequence nearest to ``values`` (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] > mean:
            other, size = pools.pop()
            mean = (mean * count + other * size) / (count + size)
            count += size
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]


def _route(stops: Sequence[Place]) -> tuple[Point, ...]:
    """From the right side of the first stop, straight through the slots, to the last one."""
    points: list[Point] = [(stops[0].x + stops[0].width, stops[0].middle)]
    for slot in stops[1:-1]:
        points += [(slot.x, slot.middle), (slot.x + slot.width, slot.middle)]
    return (*points, (stops[-1].x, stops[-1].middle))


def columns_of(parents: Sequence[Sequence[int]], first: int = 1) -> list[int]:
    """The column of every node: one after the last of its parents, by longest path.

    Examples
    --------
    >>> columns_of([[], [0], [0, 1]])
    [1, 2, 3]
    """
    found: list[int] = []
    for before in parents:
        found.append(1 + max((found[p] for p in before), default=first - 1))
    return found
