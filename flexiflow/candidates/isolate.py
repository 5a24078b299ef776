"""Candidates in a process of their own: ``candidate(model, isolate="process")``.

Each concurrent use has its own process, a pebble pool of one worker [1]_ that is kept for
the next use. The worker is spawned, never forked, and does not import the user's main
script again: no ``__main__`` guard is needed. The candidate is sent once, by value where it
was written in a notebook or script; starting, sending and loading are in no clock and under
no limit. A time limit kills the process with all that it started; a crash ends that attempt
alone. Code or data that cannot be sent is a ``WorkerError``. Changes made to the model after
its first use are not seen by its process.

References
----------
.. [1] https://pebble.readthedocs.io
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future, wait
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from time import perf_counter
from typing import Any

from flexiflow.candidates import worker
from flexiflow.candidates.base import Options, Raw, Result
from flexiflow.candidates.call import overtime
from flexiflow.candidates.worker import packed
from flexiflow.errors import WorkerError

_INSTEAD = "Make it with candidate(load=...) there, or leave isolate out."
_LOOK = 0.5  # seconds between two looks at a process that does not answer


class Isolated:
    """Runs a model in processes of its own, one for each concurrent use."""

    limits_itself = True

    def __init__(self, model: Any, options: Options, name: str) -> None:
        self._model, self._name, self._limit = model, name, options.timeout
        self._options = replace(options, isolate=None, timeout=None)
        self._payload: bytes | None = None
        self._idle: list[_Worker] = []
        self._finalize = weakref.finalize(self, _end_all, self._idle)

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Run it once; seconds are taken in its process."""
        sent = packed((args, kwargs, seed), f"The input of the candidate {self._name!r}", _INSTEAD)
        while True:
            taken = self._take()
            try:
                told = taken.run(sent, self._limit)
            except BrokenExecutor:  # it had died idle: nothing was run
                taken.end()
                continue
            except BaseException:
                taken.end()
                raise
            if taken.pid is None:  # it is gone; the next use starts another
                taken.end()
            else:
                self._idle.append(taken)
            return told

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it once and return its value."""
        told = self.raw(args, kwargs, 0)
        if told.kind != "pass":
            raise RuntimeError(told.reason)
        return Result(told.value, told.confidence, **(told.extras or {}))

    def close(self) -> None:
        """End its idle processes; the next use starts new ones."""
        _end_all(self._idle)

    def _take(self) -> _Worker:
        with contextlib.suppress(IndexError):  # none is idle, or another thread was quicker
            return self._idle.pop()
        if self._payload is None:
            what = f"The candidate {self._name!r}"
            self._payload = packed((self._model, self._options, self._name), what, _INSTEAD)
        return _Worker(self._payload, self._name)


class _Worker:
    """A pool of one process; used by one thread at a time."""

    def __init__(self, payload: bytes, name: str) -> None:
        from pebble import ProcessPool

        self._payload, self._name, self._owner = payload, name, os.getpid()
        self.pid: int | None = None
        self._pool = ProcessPool(max_workers=1, context=_CleanSpawn())
        _alive.add(self)

    def run(self, sent: bytes, limit: float | None) -> Raw:
        """Run one input, for at most ``limit`` seconds."""
        from pebble import ProcessExpired

        start = perf_counter()
        try:
            word, what = self._introduced()
            if word == "ready":
                start = perf_counter()
                word, what = self._ask(worker.serve, sent, limit)
        except Late:
            self._lost()
            return overtime(limit or 0.0)
        except (ProcessExpired, BrokenExecutor) as died:
            if self.pid is None:
                how = _how_it_died(getattr(died, "exitcode", 0))
                raise WorkerError(
                    f"The process of the candidate {self._name!r} could not start: {how}."
                ) from died
            if isinstance(died, BrokenExecutor):
                raise
            self._lost()
            reason = _how_it_died(died.exitcode)
            return Raw("exception", seconds=perf_counter() - start, reason=reason)
        if word == "died":
            self._lost()
            reason = _how_it_died(what)
            return Raw("exception", seconds=perf_counter() - start, reason=reason)
        if word == "error":
            raise WorkerError(
                f"The candidate {self._name!r} cannot run in its process: {what}. "
                f"What it needs must be importable there, or be sent by value."
            )
        told: Raw = what
        return overtime(limit) if limit is not None and told.seconds > limit else told

    def _introduced(self) -> tuple[str, Any]:
        """Send the candidate to a process that has not got it."""
        if self.pid is not None:
            return "ready", None
        word, what = self._ask(worker.receive, self._payload, None)
        if word == "ready":
            self.pid = what
        return word, what

    def _ask(
        self, what: Callable[[bytes], bytes], data: bytes, limit: float | None
    ) -> tuple[str, Any]:
        import cloudpickle

        try:
            future = self._pool.schedule(what, args=[data], timeout=limit)
        except RuntimeError as error:  # pebble has seen already that its process is gone
            raise BrokenExecutor(str(error)) from error
        try:
            self._watch(future)
            reply = future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise
        except CancelledError:
            return "died", 0
        try:
            word, value = cloudpickle.loads(reply)
        except Exception as error:
            return "error", f"its output cannot be read here: {type(error).__name__}: {error}"
        return word, value

    def _watch(self, future: Future[bytes]) -> None:
        """Wait; a process that left of itself, with exit code 0, is missed by nobody else."""
        while not wait([future], timeout=_LOOK).done:
            if self.pid is not None and not _exists(self.pid):
                if not wait([future], timeout=_LOOK).done:
                    future.cancel()
                return

    def _lost(self) -> None:
        """End what a process that is gone has left behind."""
        _kill_group(self.pid)
        self.pid = None

    def end(self) -> None:
        """End the process and all that it started."""
        if os.getpid() != self._owner:  # a fork has a copy of this object, not of the process
            return
        self._pool.stop()
        _kill_group(self.pid)
        self._pool.join()
        _alive.discard(self)


class _CleanProcess(SpawnProcess):
    """A spawned process that does not import the parent's main script."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  # multiprocessing's name
        with _without_main():
            return SpawnProcess._Popen(process_obj)


class _CleanSpawn(SpawnContext):
    """Spawning without the user's main script, which would run it again."""

    Process = _CleanProcess


_starting = threading.Lock()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """What multiprocessing tells a new process, without where the main script is."""
    with _starting:
        tell = spawn.get_preparation_data

        def tell_less(name: str) -> dict[str, Any]:
            return {k: v for k, v in tell(name).items() if not k.startswith("init_main")}

        spawn.get_preparation_data = tell_less
        try:
            yield
        finally:
            spawn.get_preparation_data = tell


_alive: set[_Worker] = set()


@atexit.register
def _end_everything() -> None:
    for one in list(_alive):
        one.end()


def _end_all(workers: list[_Worker]) -> None:
    while workers:
        workers.pop().end()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _kill_group(pid: int | None) -> None:
    if pid is not None and sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _how_it_died(code: int) -> str:
    if code >= 0:
        return f"the process died (exit code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "an unknown signal"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"the process died (signal {-code}): {name}{hint}"
