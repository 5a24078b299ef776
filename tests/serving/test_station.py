"""A node's queue and replicas: what runs when, and what its calls are told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gates import Gate
from served import LONGEST, call, model, place, told

from flexiflow.candidates.base import Candidate
from flexiflow.errors import WorkerError
from flexiflow.serving.places import Place
from flexiflow.serving.station import Station, together


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def station(where: Place, clock: Callable[[], float] | None = None) -> Iterator[Station]:
    made = Station(where, clock or Clock())
    try:
        yield made
    finally:
        made.close()


def test_calls_that_wait_are_run_together() -> None:
    gate, sizes = Gate(), list[int]()

    def run(xs: list[int]) -> list[int]:
        sizes.append(len(xs))
        gate(len(xs))
        return [x * x for x in xs]

    batched = model(run, batch=4)
    with station(place(batched, batch=4)) as it:
        calls = [call(batched, k) for k in range(6)]
        it.put(calls[0])
        gate.next()
        for one in calls[1:]:
            it.put(one)
        assert it.counted().waiting == 5
        gate.open(3)
        assert [told(one) for one in calls] == [0, 1, 4, 9, 16, 25]
    assert sizes == [1, 4, 1]
    counted = it.counted()
    assert (counted.longest, counted.calls, counted.batches) == (5, 6, 3)


def test_as_many_run_at_a_time_as_there_are_replicas() -> None:
    gate = Gate()
    single = model(gate)
    with station(place(single, replicas=2)) as it:
        calls = [call(single, k) for k in range(3)]
        for one in calls:
            it.put(one)
        assert {gate.next(), gate.next()} == {0, 1}
        assert it.counted().waiting == 1
        gate.open()
        assert gate.next() == 2
        gate.open(2)
        assert [told(one) for one in calls] == [0, 1, 2]


def test_replicas_come_and_go_and_what_waits_stays() -> None:
    gate = Gate()
    single = model(gate)
    with station(place(single)) as it:
        calls = [call(single, k) for k in range(4)]
        for one in calls:
            it.put(one)
        assert gate.next() == 0
        it.set(place(single, replicas=3))
        assert {gate.next(), gate.next()} == {1, 2}
        it.set(place(single, replicas=1))
        gate.open(4)
        assert [told(one) for one in calls] == [0, 1, 2, 3]
        assert gate.next() == 3
        it.set(place(single, replicas=2))
        again = [call(single, k) for k in range(2)]
        for one in again:
            it.put(one)
        assert {gate.next(), gate.next()} == {0, 1}
        gate.open(2)
        assert [told(one) for one in again] == [0, 1]


def test_utilisation_counts_what_is_under_way() -> None:
    clock, gate = Clock(), Gate()
    single = model(gate)
    with station(place(single, replicas=2), clock) as it:
        one = call(single, 1)
        it.put(one)
        gate.next()
        clock.now = 3.0
        assert (it.counted().busy, it.counted().held) == (3.0, 6.0)
        gate.open()
        assert told(one) == 1
        clock.now = 5.0
        it.set(place(single, replicas=1))
        clock.now = 6.0
        assert (it.counted().busy, it.counted().held) == (3.0, 11.0)


def test_a_call_that_is_late_or_called_off_is_not_run() -> None:
    clock, gate = Clock(), Gate()
    single = model(gate)
    with station(place(single), clock) as it:
        first, late, off, last = (call(single, k) for k in range(4))
        late.until = 1.0
        for one in (first, late, off, last):
            it.put(one)
        gate.next()
        assert off.future.cancel()
        clock.now = 2.0
        gate.open(2)
        assert told(first) == 0
        kind, reason = told(late)
        assert kind == "refused"
        assert "deadline" in reason
        assert told(last) == 3
        assert list(gate.begun.queue) == [3]


def test_a_bad_input_harms_no_neighbour() -> None:
    def halved(xs: list[int]) -> list[float]:
        return [1 / x for x in xs]

    batched = model(halved, batch=8)
    answers = together([call(batched, x) for x in (1, 0, 4)])
    assert [a.kind for a in answers] == ["pass", "exception", "pass"]
    assert [a.value for a in answers] == [1.0, None, 0.25]


def test_a_batch_keeps_its_time_limit() -> None:
    ended = threading.Event()

    def hangs(xs: list[int]) -> list[int]:
        ended.wait(LONGEST)
        return xs

    batched = model(hangs, batch=8, timeout=0.02)
    answers = together([call(batched, x) for x in (1, 2)])
    ended.set()
    assert [a.kind for a in answers] == ["timeout", "timeout"]
    assert sum(a.seconds for a in answers) == pytest.approx(0.02)


def test_a_batch_is_loaded_once_and_its_failure_to_load_is_told() -> None:
    made = list[int]()

    def load() -> Any:
        made.append(1)
        return lambda xs: [-x for x in xs]

    batched = model(None, batch=4, load=load)  # type: ignore[arg-type]  # load= brings the model
    assert [a.value for a in together([call(batched, x) for x in (1, 2)])] == [-1, -2]
    assert [a.value for a in together([call(batched, x) for x in (3,)])] == [-3]
    assert made == [1]

    def broken() -> Any:
        raise OSError("no such file")

    for options in ({"timeout": LONGEST}, {}):
        absent = model(None, batch=4, load=broken, **options)  # type: ignore[arg-type]  # as above
        answers = together([call(absent, x) for x in (1, 2)])
        assert {a.kind for a in answers} == {"exception"}
        assert all("no such file" in (a.reason or "") for a in answers)


def test_what_the_machine_does_wrong_is_raised_to_whoever_waits() -> None:
    def unsendable(x: Any) -> Any:
        return x

    isolated: Candidate = model(unsendable, isolate="process")
    lock = threading.Lock()
    with station(place(isolated)) as it:
        one = call(isolated, lock)  # a lock cannot be sent to a process
        it.put(one)
        with pytest.raises(WorkerError):
            one.future.result(LONGEST)
        assert it.counted().calls == 1


def process_of(x: int) -> int:
    return os.getpid()


def test_replicas_are_processes_where_the_candidate_says_so() -> None:
    isolated = model(process_of, isolate="process")
    with station(place(isolated, replicas=2)) as it:
        calls = [call(isolated, k) for k in range(2)]
        for one in calls:
            it.put(one)
        processes = {one.future.result(60).value for one in calls}
    isolated.kind.close()  # type: ignore[attr-defined]  # the kind that isolates has it
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_a_closed_station_takes_nothing() -> None:
    single = model(lambda x: x)
    with station(place(single)) as it:
        one = call(single, 1)
        it.put(one)
    assert told(one) == 1
    with pytest.raises(RuntimeError, match="closed"):
        it.put(call(single, 2))
