"""Async candidates: on a loop of our own, cancelled at their limit, never in a deadlock."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

from flexiflow.candidates import Raw, adopt, candidate
from flexiflow.candidates.call import run


def told_of(model: Any, *args: Any, **options: Any) -> Raw:
    return run(adopt(candidate(model, **options), "m"), args, {}, seed=0)


def test_one_daemon_thread_serves_all() -> None:
    async def where() -> threading.Thread:
        await asyncio.sleep(0)
        return threading.current_thread()

    threads = {told_of(where).value, told_of(where, timeout=60).value}
    assert len(threads) == 1
    assert threads.pop().daemon


def test_it_works_inside_a_running_loop() -> None:
    async def model() -> str:
        await asyncio.sleep(0)
        return "inner"

    async def notebook() -> Any:
        return told_of(model).value

    assert asyncio.run(notebook()) == "inner"


def test_what_it_raises_is_told() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("async")

    async def slow() -> None:
        raise TimeoutError("its own")

    async def gone() -> None:
        raise asyncio.CancelledError

    reason = told_of(fails).reason or ""
    assert reason.startswith("ValueError: async (test_looping.py:")
    told = told_of(slow, timeout=60)
    assert (told.kind, (told.reason or "")[:21]) == ("timeout", "TimeoutError: its own")
    assert told_of(gone).kind == "exception"


def test_at_the_limit_it_is_cancelled() -> None:
    for shape in (lambda f: f, lambda f: lambda: f()):
        cancelled = threading.Event()

        async def waits(cancelled: threading.Event = cancelled) -> None:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        told = told_of(shape(waits), timeout=0.05)
        assert (told.kind, told.seconds) == ("timeout", 0.05)
        assert cancelled.wait(10)


def test_context_variables_are_seen() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("seen")

    async def reads() -> str:
        return variable.get()

    assert told_of(reads).value == "seen"


def test_an_async_candidate_that_runs_async_candidates_does_not_wait_for_itself() -> None:
    async def inner(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    async def outer(x: int) -> Any:
        return told_of(inner, x).value

    async def fails() -> Any:
        return told_of(raises).reason

    async def raises() -> None:
        raise ValueError("deep")

    assert told_of(outer, 1, timeout=60).value == 2
    assert told_of(fails, timeout=60).value.startswith("ValueError: deep")


def test_many_at_once() -> None:
    barrier = threading.Barrier(8)
    values: list[int] = []

    async def model(x: int) -> int:
        await asyncio.sleep(0)
        return x * x

    def job(x: int) -> None:
        barrier.wait(10)
        values.append(told_of(model, x).value)

    threads = [threading.Thread(target=job, args=(x,)) for x in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(values) == [x * x for x in range(8)]
