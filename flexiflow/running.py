"""Jobs that go on at a pace, in the calling thread or in one of their own."""

from __future__ import annotations

import atexit
import math
import threading
import time
import warnings
from collections.abc import Callable
from weakref import WeakSet

from flexiflow.errors import BadInput
from flexiflow.options import whole
from flexiflow.pace import Pace, State

_AT_EXIT = 2.0  # seconds that the interpreter's end waits for jobs at hand


class Running:
    """Work that can be paused, stepped, stopped and waited for; thread-safe.

    What is asked takes effect from the next job on; a job under way goes to its end and is
    acknowledged. It may be asked from any thread, from ``on_outcome`` too.

    Parameters
    ----------
    name
        What it is called in warnings.
    pace
        What those ask who start the jobs.
    """

    def __init__(self, name: str, pace: Pace) -> None:
        self._name, self._pace = name, pace
        self._thread: int | None = None
        self._awaited = 0

    def perform(self, work: Callable[[], None]) -> None:
        """Do the run's work here and now."""
        self._thread = threading.get_ident()
        try:
            work()
        except BaseException as error:
            self._pace.end(error)
            raise
        self._pace.end()

    def begin(self, work: Callable[[], None]) -> None:
        """Do the run's work in a thread of its own, which does not keep the interpreter."""
        thread = threading.Thread(target=self._aside, args=(work,), name=self._name, daemon=True)
        _ASIDE.add(self)
        thread.start()

    def _aside(self, work: Callable[[], None]) -> None:
        try:
            self.perform(work)
        except BaseException as error:
            if not self._awaited and threading.main_thread().is_alive():
                warnings.warn(
                    f"{self._name} has ended with {type(error).__name__}: {error}. The rest of "
                    "its jobs was left. wait() raises the error, which is also kept in .error.",
                    stacklevel=2,
                )
        finally:
            _ASIDE.discard(self)

    @property
    def state(self) -> State:
        """Where it stands: "running", "paused", "stopping", "done" or "failed"."""
        return self._pace.state

    @property
    def error(self) -> BaseException | None:
        """What the run raised, if it has failed."""
        return self._pace.error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run, or for so many seconds; whether it is over.

        A KeyboardInterrupt in the meantime stops the run after the jobs at hand, and is
        then raised.

        Raises
        ------
        Exception
            What the run raised, if it has failed.
        """
        if self._thread == threading.get_ident() and not self._pace.ended.is_set():
            raise BadInput("A run cannot wait for itself: wait() was called from on_outcome.")
        self._awaited += 1
        try:
            self._pace.ended.wait(timeout)
        except KeyboardInterrupt:
            self.stop()
            self._pace.ended.wait()
            raise
        finally:
            self._awaited -= 1
        if self._pace.error is not None:
            raise self._pace.error
        return self._pace.ended.is_set()

    def pause(self) -> None:
        """Start no further job until ``resume`` or ``step``; those under way go on."""
        self._pace.pause()

    def resume(self) -> None:
        """Go on."""
        self._pace.resume()

    def step(self, jobs: int = 1) -> None:
        """Run so many more jobs, and pause."""
        self._pace.step(whole("jobs", jobs, 1))

    def stop(self) -> None:
        """End the run: jobs under way go to their end and are acknowledged, the rest is left."""
        self._pace.stop()

    @property
    def speed(self) -> float | None:
        """At most so many jobs a second; None: as fast as it goes."""
        return self._pace.speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        number = isinstance(speed, (int, float)) and not isinstance(speed, bool)
        if speed is not None and not (number and 0 < speed < math.inf):
            raise BadInput(f"speed must be a number of jobs a second, or None. Got {speed!r}.")
        self._pace.speed = speed


_ASIDE: WeakSet[Running] = WeakSet()
"""Runs in threads of their own."""


@atexit.register
def _let_go() -> None:
    """Stop the runs aside, and give their jobs at hand a moment to be acknowledged."""
    latest = time.monotonic() + _AT_EXIT
    runs = list(_ASIDE)
    for run in runs:
        run.stop()
    for run in runs:
        run._pace.ended.wait(max(latest - time.monotonic(), 0.0))
