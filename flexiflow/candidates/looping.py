"""Async candidates: one event loop on a daemon thread of our own, started at first use.

Kernels already run a loop on their main thread, so an awaitable is handed to ours. At its
time limit it is cancelled. Called from the loop's own thread (an async candidate that runs
a workflow with async candidates) it gets a loop of its own, since waiting would block.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class Overtime(Exception):
    """An awaitable was cancelled at its limit."""


class _Thread:
    """The loop and the thread that it runs on."""

    def __init__(self) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(
            target=self.loop.run_forever, name="flexiflow-async", daemon=True
        )
        self.thread.start()


_lock = threading.Lock()


@functools.cache
def _of_process(process: int) -> _Thread:
    """Make the thread; after a fork the child has none and makes its own."""
    return _Thread()


def start() -> _Thread:
    """Have the loop's thread running."""
    with _lock:
        return _of_process(os.getpid())


def finish(awaitable: Awaitable[Any], limit: float | None = None) -> Any:
    """Wait for an awaitable's value.

    Parameters
    ----------
    awaitable
        What an async candidate returned.
    limit
        Seconds, after which it is cancelled.

    Raises
    ------
    Overtime
        It was cancelled at the limit.

    Examples
    --------
    >>> async def double(x):
    ...     return 2 * x
    >>> finish(double(4))
    8
    """
    home = start()
    if threading.current_thread() is home.thread:
        return _wait(_elsewhere(awaitable), limit)
    import asyncio

    return _wait(asyncio.run_coroutine_threadsafe(_awaited(awaitable), home.loop), limit)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _wait(future: Future[Any], limit: float | None) -> Any:
    try:
        return future.result(limit)
    except TimeoutError:
        if future.done():  # the candidate's own TimeoutError
            raise
        future.cancel()
        raise Overtime from None
    except KeyboardInterrupt:
        future.cancel()
        raise


def _elsewhere(awaitable: Awaitable[Any]) -> Future[Any]:
    """Run the awaitable on a fresh thread with a loop of its own."""
    import asyncio

    future: Future[Any] = Future()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def work() -> Any:
        task = asyncio.current_task()
        assert task is not None
        running.append((asyncio.get_running_loop(), task))
        return await awaitable

    def run() -> None:
        try:
            made = asyncio.run(work())
        except BaseException as error:
            if not future.cancelled():
                future.set_exception(error)
        else:
            if not future.cancelled():
                future.set_result(made)

    def stop(ended: Future[Any]) -> None:
        if ended.cancelled() and running:
            loop, task = running[0]
            loop.call_soon_threadsafe(task.cancel)

    future.add_done_callback(stop)
    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return future
