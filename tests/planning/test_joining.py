from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import stages

from flexiflow.planning import joining
from flexiflow.planning.joining import alone, joined
from flexiflow.planning.thinning import TooMany


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(0, 12), st.integers(1, 12)),
    parallel=st.booleans(),
    whole=st.booleans(),
    sla=st.floats(0.2, 3.0),
    budget=st.floats(2.0, 14.0),
)
def test_two_nodes_have_the_pairs_that_nothing_beats(
    seed: int, sizes: tuple[int, int], parallel: bool, whole: bool, sla: float, budget: float
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (stages(rng, 1, size, whole)[0] for size in sizes)
    both = max if parallel else sum
    pairs = {
        (i, j): (
            a.cost[i] + b.cost[j],
            both((a.latency[i], b.latency[j])),
            -(a.gain[i] + b.gain[j]),
        )
        for i in range(sizes[0])
        for j in range(sizes[1])
    }
    inside = {k: p for k, p in pairs.items() if p[0] <= budget and p[1] <= sla}
    wanted = {
        p
        for p in inside.values()
        if not any(
            o != p and all(x <= y for x, y in zip(o, p, strict=True)) for o in inside.values()
        )
    }
    found = joined(alone(4, a), alone(2, b), parallel, sla, budget)
    assert found.nodes == (4, 2)
    told = [pairs[i, j] for i, j in found.picks.tolist()]
    assert len(told) == len(wanted)
    assert set(told) == wanted
    made = found.choices
    assert told == list(zip(made.cost, made.latency, -made.gain, strict=True))


@pytest.mark.parametrize("parallel", [False, True])
def test_blocks_of_pairs_make_no_difference(
    parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (alone(k, s) for k, s in enumerate(stages(np.random.default_rng(2), 2, 60, whole=False)))
    whole = joined(a, b, parallel, 2.0, 11.0)
    monkeypatch.setattr(joining, "_BLOCK", 70)
    assert len(whole) > 5
    assert joined(a, b, parallel, 2.0, 11.0).picks.tolist() == whole.picks.tolist()


@pytest.mark.parametrize("limit", ["_MOST", "_KEPT"])
def test_too_many_pairs_are_given_up(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (alone(k, s) for k, s in enumerate(stages(np.random.default_rng(2), 2, 60, whole=False)))
    monkeypatch.setattr(joining, limit, 3)
    with pytest.raises(TooMany):
        joined(a, b, True, 2.0, 9.0)
