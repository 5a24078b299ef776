from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import graph, kept, paths_from, paths_of

from flexiflow.planning.shapes import Shape, shape_of


def inside(shape: Shape) -> list[frozenset[int]]:
    """The paths through a shape."""
    each = [inside(part) for part in shape.parts]
    if not each:
        return [frozenset(shape.nodes)]
    if shape.ways:
        return [
            frozenset[int]().union(*p)
            for way in shape.ways
            for p in product(*(each[k] for k in way))
        ]
    if shape.parallel:
        return [path for paths in each for path in paths]
    return [frozenset[int]().union(*paths) for paths in product(*each)]


def mixed(shape: Shape) -> bool:
    """Whether it is not made of series and parallels alone."""
    return bool(shape.ways) or any(map(mixed, shape.parts))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(1, 8), series_parallel=st.booleans())
def test_the_paths_through_shapes_are_those_of_the_graph(
    seed: int, nodes: int, series_parallel: bool
) -> None:
    paths = kept(paths_from(graph(np.random.default_rng(seed), nodes, series_parallel)))
    found = shape_of(paths, tuple(range(nodes)))
    assert found.nodes == tuple(range(nodes))
    assert not (series_parallel and mixed(found))
    told = inside(found)
    assert len(told) == len(set(told))
    assert set(told) == set(paths)


def test_series_and_parallels_are_told_apart() -> None:
    paths = (frozenset({0, 1, 2, 5}), frozenset({0, 3, 5}), frozenset({0, 4, 5}))
    whole = shape_of(paths, tuple(range(6)))
    assert not whole.parallel
    assert [part.nodes for part in whole.parts] == [(0,), (1, 2, 3, 4), (5,)]
    beside = whole.parts[1]
    assert beside.parallel
    assert {part.nodes for part in beside.parts} == {(1, 2), (3,), (4,)}


def test_what_is_neither_is_mixed() -> None:
    zigzag = shape_of(paths_of("zigzag"), tuple(range(4)))
    assert set(zigzag.ways) == {(0, 2), (0, 3), (1, 3)}
    first, *rest = ((), (0,), (0,), (1,), (1, 2), (3, 4))
    between = shape_of(kept(paths_from((first, *rest))), tuple(range(6)))
    assert [part.nodes for part in between.parts] == [(0,), (1, 2, 3, 4), (5,)]
    assert between.parts[1].ways
