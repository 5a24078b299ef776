from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import graph, kept, paths_from

from flexiflow.planning.shapes import Shape, shape_of
from flexiflow.planning.splitting import split


def longest(shape: Shape, seconds: dict[int, float]) -> float:
    """Seconds along the longest path of a shape."""
    if not shape.parts:
        return seconds[shape.nodes[0]]
    each = [longest(part, seconds) for part in shape.parts]
    ways = shape.ways or (
        [(k,) for k in range(len(each))] if shape.parallel else [range(len(each))]
    )
    return max(sum(each[k] for k in way) for way in ways)


def mixed(shape: Shape) -> list[Shape]:
    """The shapes in it that are neither series nor parallel."""
    return [m for part in shape.parts for m in mixed(part)] + ([shape] if shape.ways else [])


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(4, 9))
def test_copies_leave_every_path_as_long_as_it_was(seed: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    paths = kept(paths_from(graph(rng, nodes, series_parallel=False)))
    for shape in mixed(shape_of(paths, tuple(range(nodes)))):
        size = len(shape.parts)
        seconds = dict(enumerate(rng.uniform(0, 1, size).tolist()))
        at, found = split(shape.ways, (*rng.integers(1, 4, size - 1).tolist(), 4))
        assert at not in found.nodes
        told = seconds | {v: seconds[at] for v in found.nodes if v >= size}
        wanted = max(sum(seconds[k] for k in way) for way in shape.ways)
        assert abs(longest(found, told) - wanted) < 1e-12


def test_the_part_with_the_fewest_choices_is_split_where_any_will_do() -> None:
    ways = ((0, 2), (0, 3), (1, 3))
    assert split(ways, (5, 5, 5, 2))[0] == 3
    assert split(ways, (5, 2, 5, 1))[0] != 3  # there is nothing to choose
