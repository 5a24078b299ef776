"""Models that wait for the test: what happens in other threads, one thing at a time."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any

LONGEST = 10  # seconds until a test that hangs fails


class Gate:
    """A model that says when it has begun and goes on when it may.

    Attributes
    ----------
    begun
        What it was called with, in order.
    """

    def __init__(self) -> None:
        self.begun: queue.Queue[Any] = queue.Queue()
        self._may = threading.Semaphore(0)

    def __call__(self, x: Any) -> Any:
        self.begun.put(x)
        assert self._may.acquire(timeout=LONGEST), "the test never let it go on"
        return x

    def next(self) -> Any:
        """Wait until it has begun once more; what it was called with."""
        return self.begun.get(timeout=LONGEST)

    def open(self, times: int = 1) -> None:
        """Let it go on so many times."""
        self._may.release(times)


class Told:
    """What ``on_outcome`` was told, to be waited for."""

    def __init__(self) -> None:
        self._outcomes: queue.Queue[Any] = queue.Queue()

    def __call__(self, outcome: Any) -> None:
        self._outcomes.put(outcome)

    def outcome(self) -> Any:
        """Wait for the next outcome."""
        return self._outcomes.get(timeout=LONGEST)

    def next(self) -> Any:
        """Wait for the next outcome; its job's number."""
        return self.outcome().job.number

    def quiet(self, seconds: float = 1.0) -> None:
        """Wait until no outcome has come for so long."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._outcomes.get(timeout=seconds)
