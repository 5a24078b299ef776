"""Jobs begin with the plan's variants; then the workflow's own sampler decides."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from worlds import chain, outcome

from flexiflow.errors import BadInput
from flexiflow.samplers import Fixed, JobState, Thompson
from flexiflow.samplers.base import Decision
from flexiflow.serving.planned import Planned


class Counting(Fixed):
    """A fixed order that counts the states it was asked about."""

    asked = 0

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        self.asked += len(states)
        return super().propose(states)


GRAPH = chain(3, 3)


def chosen(sampler: Planned, state: JobState) -> tuple[int, ...]:
    (decision,) = sampler.propose([state])
    assert decision is not None
    return decision.configuration


def test_the_plan_comes_first_then_the_sampler() -> None:
    inner = Counting()
    planned = Planned(inner, (2, 1))
    state = JobState(GRAPH, 1)
    (decision,) = planned.propose([state])
    assert decision is not None
    assert decision.configuration == (2, 1)
    assert decision.explain() == (1.0, (1.0, 1.0), ((2, 0, 1), (1, 0, 2)))
    assert inner.asked == 0
    state.present = (2, 1)
    state.exclude((0, 1), (2, 1))
    assert chosen(planned, state) == (0, 0)
    assert inner.asked == 1


def test_what_may_not_be_taken_gives_way_at_its_node_only() -> None:
    planned = Planned(Fixed(), (2, 1))
    banned, cold = JobState(GRAPH, 1), JobState(GRAPH, 2, barred={(1, 1)})
    banned.exclude((0,), (2,))
    assert chosen(planned, banned) == (0, 1)
    assert chosen(planned, cold) == (2, 0)


def test_without_picks_the_sampler_decides_at_once() -> None:
    assert chosen(Planned(Fixed(), (None, 1)), JobState(GRAPH, 1)) == (0, 1)
    inner = Counting()
    assert chosen(Planned(inner, (None, None)), JobState(GRAPH, 1)) == (0, 0)
    assert inner.asked == 1


def test_nothing_is_left() -> None:
    state = JobState(GRAPH, 1)
    for choice in range(3):
        state.exclude((0,), (choice,))
    assert Planned(Fixed(), (2, 1)).propose([state]) == [None]


def test_it_learns_only_if_it_is_to() -> None:
    jobs = [outcome(GRAPH, (0, 0), passed) for passed in (True, False, True)]
    told, still, direct = Thompson(), Thompson(), Thompson()
    Planned(told, (0, 0)).update(jobs)
    Planned(still, (0, 0), learns=False).update(jobs)
    direct.update(jobs)
    assert told.state == direct.state
    assert still.state == Thompson().state


def test_its_state_is_the_samplers() -> None:
    planned = Planned(Fixed(), (0, 0))
    assert planned.state == {}
    with pytest.raises(BadInput):
        planned.state = {"a": 1}
