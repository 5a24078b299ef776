"""What waits is gathered into batches as the simulation of a plan has it."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import call, model, place

from flexiflow.planning import Layout, Station
from flexiflow.serving.gathering import Gathering

BATCHED = model(lambda xs: xs, "batched", batch=8)
OTHER = model(lambda xs: xs, "other", batch=3)
SINGLE = model(lambda x: x, "single")


def inputs(batch: list[Any]) -> list[Any]:
    return [one.args[0] for one in batch]


def test_a_full_batch_is_due_at_once() -> None:
    waiting = Gathering(place(BATCHED, batch=3, timeout=10.0))
    for k in range(4):
        waiting.put(call(BATCHED, k, since=float(k)))
    assert inputs(waiting.take(3.0)) == [0, 1, 2]
    assert waiting.take(3.0) == []
    assert waiting.due() == 13.0
    assert inputs(waiting.take(13.0)) == [3]
    assert len(waiting) == 0
    assert waiting.due() is None


def test_what_a_job_switched_to_does_not_wait() -> None:
    waiting = Gathering(place(BATCHED, batch=3, timeout=10.0))
    waiting.put(call(BATCHED, "first", since=0.0))
    for k in range(4):
        waiting.put(call(OTHER, k, since=1.0))
    assert inputs(waiting.take(1.0)) == [0, 1, 2]  # as many as it was declared to take
    assert inputs(waiting.take(1.0)) == [3]
    assert waiting.take(1.0) == []
    waiting.put(call(SINGLE, "one", since=2.0))
    waiting.put(call(SINGLE, "two", since=2.0))
    assert inputs(waiting.take(2.0)) == ["one"]
    assert inputs(waiting.take(2.0)) == ["two"]


def test_only_equal_settings_go_together() -> None:
    waiting = Gathering(place(BATCHED, batch=4, timeout=0.0))
    for k in range(6):
        waiting.put(call(BATCHED, k, since=float(k), language="de" if k % 2 else "en"))
    assert inputs(waiting.take(9.0)) == [0, 2, 4]
    assert inputs(waiting.take(9.0)) == [1, 3, 5]


def test_without_a_plan_every_candidate_takes_what_it_was_declared_with() -> None:
    waiting = Gathering(place(None, timeout=0.5))
    for k in range(3):
        waiting.put(call(OTHER, k, since=0.0))
    assert inputs(waiting.take(0.0)) == [0, 1, 2]
    waiting.put(call(BATCHED, "b", since=1.0))
    assert waiting.take(1.2) == []
    assert inputs(waiting.take(1.5)) == ["b"]


def test_another_place_holds_for_what_waits() -> None:
    waiting = Gathering(place(BATCHED, batch=8, timeout=10.0))
    for k in range(4):
        waiting.put(call(BATCHED, k, since=0.0))
    waiting.place = place(BATCHED, batch=2, timeout=10.0)
    assert inputs(waiting.take(0.0)) == [0, 1]


def ends(arrivals: list[float], batch: int, timeout: float, seconds: float, servers: int) -> Any:
    """When each job ends, with some servers that take what is due from a gathering."""
    waiting, free = Gathering(place(BATCHED, batch, timeout)), servers
    events: list[tuple[float, int, list[int] | None]] = []
    for job, now in enumerate(arrivals):
        heapq.heappush(events, (now, job, [job]))
    done, number = np.zeros(len(arrivals)), len(arrivals)
    while events:
        now, order, jobs = heapq.heappop(events)
        if jobs is not None and order < len(arrivals):
            waiting.put(call(BATCHED, jobs[0], since=now))
        elif jobs is not None:
            free += 1
            done[jobs] = now
        while free and (taken := waiting.take(now)):
            free -= 1
            number += 1
            heapq.heappush(events, (now + seconds, number, inputs(taken)))
        due = waiting.due()
        if free and due is not None:
            number += 1
            heapq.heappush(events, (due, number, None))
    return done


@given(
    gaps=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    batch=st.integers(1, 4),
    timeout=st.integers(0, 50),
    seconds=st.integers(1, 60),
    servers=st.integers(1, 3),
)
def test_it_gathers_as_the_simulation_does(
    gaps: list[int], batch: int, timeout: int, seconds: int, servers: int
) -> None:
    arrivals = np.cumsum(np.array(gaps, dtype=float) + 0.37)  # no two events at one time
    if batch == 1:
        timeout = 0
    station = Station(
        "node", servers, lambda rng, n: np.full(n, seconds + 0.11), batch, timeout + 0.0
    )
    expected = Layout([station]).run(arrivals).latency
    found = ends(arrivals.tolist(), batch, float(timeout), seconds + 0.11, servers) - arrivals
    assert found == pytest.approx(expected)
