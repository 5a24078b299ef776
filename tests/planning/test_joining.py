from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instances import every_plan, paths_of, stages

from flexiflow.planning import joining
from flexiflow.planning.joining import alone, fixed, joined, settled, united
from flexiflow.planning.thinning import TooMany


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(0, 12), st.integers(1, 12)),
    parallel=st.booleans(),
    whole=st.booleans(),
    sla=st.floats(0.2, 3.0),
    budget=st.floats(2.0, 14.0),
    few=st.sampled_from([0, 1_000]),
)
def test_two_nodes_have_the_pairs_that_nothing_beats(
    seed: int, sizes: tuple[int, int], parallel: bool, whole: bool, sla: float, budget: float,
    few: int,
) -> None:  # fmt: skip
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "_FEW", few)
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
    monkeypatch.setattr(joining, "_FEW", 0)
    assert len(whole) > 5
    assert joined(a, b, parallel, 2.0, 11.0).picks.tolist() == whole.picks.tolist()


def test_too_many_pairs_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (alone(k, s) for k, s in enumerate(stages(np.random.default_rng(2), 2, 30, False)))
    monkeypatch.setattr(joining, "_KEPT", 3)
    with pytest.raises(TooMany):
        joined(a, b, True, 2.0, 9.0)


def test_choices_of_several_are_united() -> None:
    a = joined(*map(alone, (3, 1), stages(np.random.default_rng(4), 2, 9, True)), True, 9.0, 9.0)
    b = joined(*map(alone, (1, 3), stages(np.random.default_rng(5), 2, 9, True)), False, 9.0, 9.0)
    both = united((3, 1), [a, b])
    assert both.nodes == (1, 3)
    swapped = a.picks[:, ::-1].tolist()
    assert all(row in swapped + b.picks.tolist() for row in both.picks.tolist())
    made = [np.column_stack([c.cost, c.latency, -c.gain]) for c in (a.choices, b.choices)]
    every = np.concatenate(made)
    beaten = [((every <= e).all(axis=1) & (every < e).any(axis=1)).any() for e in every]
    wanted = {tuple(e) for e, out in zip(every, beaten, strict=True) if not out}
    told = both.choices
    assert {tuple(e) for e in np.column_stack([told.cost, told.latency, -told.gain])} == wanted
    assert len(united((3, 1), [])) == 0


def test_a_constant_counts_once() -> None:
    (made,) = stages(np.random.default_rng(6), 1, 4, False)
    first, second, third = fixed(alone(7, made), 2, copies=3)
    assert first.nodes == (7,)
    assert first.picks.tolist() == [[2]]
    assert second is third
    assert not second.nodes
    whole = joined(joined(first, second, False, 99.0, 99.0), third, False, 99.0, 99.0)
    assert whole.choices.latency[0] == pytest.approx(3 * made.latency[2])
    assert (whole.choices.cost[0], whole.choices.gain[0]) == (made.cost[2], made.gain[2])


def test_parts_without_a_choice_take_the_longest_way() -> None:
    made = stages(np.random.default_rng(7), 4, 1, whole=True)
    found = settled([(0, 2), (0, 3), (1, 3)], [alone(k, s) for k, s in enumerate(made)])
    ((latency, cost, gain),) = every_plan(made, paths_of("zigzag"))
    told = found.choices
    assert (told.latency[0], told.cost[0], told.gain[0]) == pytest.approx((latency, cost, gain))
    assert found.picks.tolist() == [[0, 0, 0, 0]]
