"""The pace of a run: pause, resume, step, stop, and so many jobs a second.

The thread that starts jobs asks here before each; any other thread may say what holds.
Nothing is said to jobs under way: they go on to their end.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Literal

State = Literal["running", "paused", "stopping", "done", "failed"]


class Pace:
    """When the next job of a run may start; thread-safe.

    All calls but ``wait`` and ``until`` return at once.

    Attributes
    ----------
    free
        Whether jobs may start as fast as they go: nothing need be asked then.
    error
        What the run raised, once it has ended by it.
    ended
        Set when the run is over.
    """

    def __init__(self) -> None:
        self.free = True
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self._changed = threading.Condition()
        self._paused = self._stopped = False
        self._steps = 0  # jobs that may start although it is paused
        self._speed: float | None = None
        self._next = 0.0  # when the next job may start at this speed, as time.monotonic()

    @property
    def state(self) -> State:
        """Where the run stands: "running", "paused", "stopping", "done" or "failed"."""
        with self._changed:
            if self.ended.is_set():
                return "failed" if self.error is not None else "done"
            if self._stopped:
                return "stopping"
            return "paused" if self._paused and not self._steps else "running"

    @property
    def stopped(self) -> bool:
        """Whether no further job may start."""
        return self._stopped

    @property
    def speed(self) -> float | None:
        """At most so many jobs a second; None: as fast as it goes."""
        return self._speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        with self._changed:
            self._speed, self._next = speed, 0.0
            self._tell()

    def pause(self) -> None:
        """Start no further job until ``resume`` or ``step``."""
        with self._changed:
            self._paused, self._steps = True, 0
            self._tell()

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused, self._steps = False, 0
            self._tell()

    def step(self, jobs: int = 1) -> None:
        """Start so many more jobs, and then none."""
        with self._changed:
            self._paused, self._steps = True, self._steps + jobs
            self._tell()

    def stop(self) -> None:
        """Start no further job, ever."""
        with self._changed:
            self._stopped = True
            self._tell()

    def end(self, error: BaseException | None = None) -> None:
        """Take note that the run is over, and what it raised."""
        with self._changed:
            self.error = error
            self.ended.set()
            self._tell()

    def _tell(self) -> None:
        self.free = not (self._paused or self._stopped or self._speed is not None)
        self._changed.notify_all()

    def delay(self) -> float:
        """Seconds until the next job may start: 0 for now, infinity while it is paused."""
        if self.free or self._stopped:
            return 0.0
        with self._changed:
            if self._paused and not self._steps:
                return math.inf
            if self._speed is None:
                return 0.0
            return max(self._next - time.monotonic(), 0.0)

    def wait(self) -> None:
        """Wait until the next job may start, or none may any more."""
        self.until(lambda: False)

    def take(self) -> bool:
        """Take the turn of one job, if one may start now."""
        if self.free:
            return True
        with self._changed:
            if self._stopped or self.delay():
                return False
            self._steps = max(self._steps - 1, 0)
            if self._speed is not None:
                now, each = time.monotonic(), 1 / self._speed
                late = now - self._next
                self._next = (self._next if late < each else now) + each
            return True

    def give_back(self) -> None:
        """Give back the turn of a job that was taken and has not begun."""
        with self._changed:
            self._steps += self._paused
            self._tell()

    def until(self, ready: Callable[[], bool], starting: bool = True) -> None:
        """Wait until something is ready, or (``starting``) a job may start, or none may any more.

        Who makes it ready calls ``nudge``.
        """
        with self._changed:
            while not ready():
                delay = self.delay() if starting else math.inf
                if not delay:
                    return
                self._changed.wait(None if delay == math.inf else delay)

    def nudge(self) -> None:
        """Have those who wait look again."""
        with self._changed:
            self._changed.notify_all()
