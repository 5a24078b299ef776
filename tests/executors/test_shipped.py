"""Shipping candidates to workers: once, by value, and telling what the machine did wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import cloudpickle
import pytest

from flexiflow.candidates import adopt, candidate
from flexiflow.errors import WorkerError
from flexiflow.executors import Serial, shipped, submit


class Elsewhere(Executor):
    """Runs inline what has been through bytes, as another machine would."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        data = cloudpickle.dumps((fn, args, kwargs))
        self.sent.append(len(data))
        fn, args, kwargs = cloudpickle.loads(data)
        return Serial().submit(fn, *args, **kwargs)


@pytest.fixture(autouse=True)
def empty_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_known", type(shipped._known)())


def test_a_candidate_is_sent_once() -> None:
    weights = bytes(100_000)
    adopted = adopt(lambda x: x + len(weights), "m")
    executor = Elsewhere()
    values = [submit(executor, adopted, (i,), {}, 0).result().value for i in range(3)]
    assert values == [100_000, 100_001, 100_002]
    assert [size > 100_000 for size in executor.sent] == [False, True, False, False]


def test_it_keeps_its_name_options_and_fingerprint() -> None:
    adopted = adopt(candidate(lambda x: x, cost=2, timeout=60), "m")
    submit(Elsewhere(), adopted, (1,), {}, 0).result()
    (there,) = shipped._known.values()
    assert (there.name, there.options) == (adopted.name, adopted.options)
    assert there is not adopted


def test_a_worker_keeps_the_last_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_KEPT", 2)
    executor = Elsewhere()
    candidates = [adopt(lambda x, by=by: x * by, f"m{by}") for by in range(3)]
    for which in (0, 1, 0, 2, 0):
        assert submit(executor, candidates[which], (5,), {}, 0).result().value == 5 * which
    assert [c.name for c in shipped._known.values()] == ["m2", "m0"]


def test_what_cannot_travel_is_the_machines_fault() -> None:
    lock = threading.Lock()
    executor = Elsewhere()
    cases = [
        (adopt(lambda x: lock, "m"), (1,), "The candidate 'm' cannot be sent"),
        (adopt(lambda x: x, "m"), (lock,), "The input of the candidate 'm' cannot be sent"),
        (adopt(lambda x: threading.Lock(), "m"), (1,), "its output, lock, cannot be sent back"),
    ]
    for adopted, args, said in cases:
        error = submit(executor, adopted, args, {}, 0).exception()
        assert isinstance(error, WorkerError)
        assert said in str(error)


def test_an_executor_that_is_shut_is_the_machines_fault() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    error = submit(pool, adopt(abs, "m"), (1,), {}, 0).exception()
    assert isinstance(error, WorkerError)
    assert isinstance(error.__cause__, RuntimeError)


def test_what_has_not_begun_can_be_cancelled() -> None:
    go = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        busy = submit(pool, adopt(lambda: go.wait(30), "busy"), (), {}, 0)
        waiting = submit(pool, adopt(abs, "m"), (1,), {}, 0)
        assert waiting.cancel()
        go.set()
        assert busy.result(30).value is True
    assert waiting.cancelled()


def test_what_has_begun_cannot_be_called_off_and_what_waits_can() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def model(x: int) -> int:
        begun.set()
        go_on.wait(30)
        return x

    adopted = adopt(model, "m")
    with ThreadPoolExecutor(1) as pool:
        running = submit(pool, adopted, (1,), {}, seed=0)
        waiting = submit(pool, adopted, (2,), {}, seed=0)
        assert begun.wait(30)
        assert waiting.cancel()
        assert not running.cancel()
        go_on.set()
        assert running.result(30).value == 1
    assert waiting.cancelled()
