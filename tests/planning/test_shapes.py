from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import graph, kept, paths_from, paths_of

from flexiflow.planning.shapes import Shape, shapes


def inside(shape: Shape) -> list[frozenset[int]]:
    """The paths through a shape."""
    each = [inside(part) for part in shape.parts]
    if not each:
        return [frozenset(shape.nodes)]
    if shape.parallel:
        return [path for paths in each for path in paths]
    return [frozenset[int]().union(*paths) for paths in product(*each)]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(1, 8), series_parallel=st.booleans())
def test_the_paths_through_shapes_are_those_of_the_graph(
    seed: int, nodes: int, series_parallel: bool
) -> None:
    paths = kept(paths_from(graph(np.random.default_rng(seed), nodes, series_parallel)))
    found = shapes(paths, tuple(range(nodes)))
    assert sorted(v for shape in found for v in shape.nodes) == list(range(nodes))
    if series_parallel:
        assert len(found) == 1
    owner = {v: shape for shape in found for v in shape.nodes}
    ways = {tuple(dict.fromkeys(owner[v] for v in sorted(path))) for path in paths}
    told = [frozenset[int]().union(*p) for way in ways for p in product(*map(inside, way))]
    assert len(told) == len(set(told))
    assert set(told) == set(paths)


def test_series_and_parallels_are_told_apart() -> None:
    paths = (frozenset({0, 1, 2, 5}), frozenset({0, 3, 5}), frozenset({0, 4, 5}))
    (whole,) = shapes(paths, tuple(range(6)))
    assert not whole.parallel
    assert [part.nodes for part in whole.parts] == [(0,), (1, 2, 3, 4), (5,)]
    beside = whole.parts[1]
    assert beside.parallel
    assert {part.nodes for part in beside.parts} == {(1, 2), (3,), (4,)}


def test_what_is_neither_stays_as_it_is() -> None:
    assert len(shapes(paths_of("zigzag"), tuple(range(4)))) == 4
