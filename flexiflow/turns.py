"""When jobs start: one after the other or side by side, at the pace that is asked for.

Both ways give what came of the jobs in the jobs' order. Before a wait they give None: time to
hand out what is done. They wait while something holds the pace, and maybe where the source of
jobs does: after it took its time once, None comes before each of the next jobs is read. No job
is read before it may start.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from flexiflow.pace import Pace

_SLOW = 0.02  # seconds that a source takes for a job, from which it is said to wait
_WARY = 256  # jobs before each of which it may then wait again

Job = TypeVar("Job")
Done = TypeVar("Done")


class Not(Enum):
    """Why no job is given: none may start yet, or none will any more."""

    YET = 1
    ANY_MORE = 2


class Coming(Generic[Job]):
    """The jobs still to start.

    Attributes
    ----------
    back
        Jobs that were read and have not started.
    wary
        Before how many more jobs the source may wait.
    """

    def __init__(self, jobs: Iterator[Job], pace: Pace) -> None:
        self._jobs, self._pace = jobs, pace
        self.back: deque[Job] = deque()
        self.wary = 0

    def next(self) -> Job | Not:
        """A job that is to start now; returns at once, save that the user's own may be slow."""
        pace = self._pace
        if pace.delay():
            return Not.YET
        if pace.stopped:
            return Not.ANY_MORE
        if not self.back:
            began = time.monotonic()
            try:
                self.back.append(next(self._jobs))
            except StopIteration:
                return Not.ANY_MORE
            waited = time.monotonic() - began >= _SLOW
            self.wary = _WARY if waited else max(self.wary - 1, 0)
        if not pace.take():  # that changed while the job was made
            return Not.ANY_MORE if pace.stopped else Not.YET
        return self.back.popleft()


def in_turn(
    jobs: Iterator[Job], do: Callable[[Job], Done], pace: Pace
) -> Generator[Done | None, None, None]:
    """Do one job after the other."""
    coming = Coming(jobs, pace)
    while (job := coming.next()) is not Not.ANY_MORE:
        if job is not Not.YET:
            yield do(job)
            if coming.wary:
                yield None
        else:
            yield None
            pace.wait()


def side_by_side(
    jobs: Iterator[Job],
    do: Callable[[Job], Done],
    pace: Pace,
    workers: int,
    rescued: list[Done],
) -> Generator[Done | None, None, None]:
    """Do up to ``workers`` jobs at a time, each in a thread.

    Results wait for those of earlier jobs, a bounded number of them, so that a generator is
    not drained. While nothing holds the pace, as many jobs again lie ready for the threads;
    as soon as something does, they are taken back.

    Parameters
    ----------
    rescued
        Gets what came of jobs that had ended or were under way when this was closed.
    """
    it = _Side(Coming(jobs, pace), do, pace, workers)
    failed: Exception | None = None
    try:
        while it.more or it.waiting:
            it.look()
            if it.coming.wary and it.room():
                while it.ended():
                    yield it.given()
                yield None
            try:
                job = it.coming.next() if it.room() else None
            except Exception as error:  # of the jobs' source: those that it gave are done first
                failed, job = error, Not.ANY_MORE
            if job is Not.ANY_MORE:
                it.more = False
            elif job is not None and job is not Not.YET:
                it.begin(job)
            elif it.ended():
                yield it.given()
            else:
                if not pace.free:
                    yield None
                it.wait(starting=job is Not.YET)
        if failed is not None:
            raise failed
    finally:
        it.close()
        ended = (future for _, future in it.waiting)
        rescued += [f.result() for f in ended if f.exception() is None]


class _Side(Generic[Job, Done]):
    """Jobs side by side: those waiting for their end or for that of an earlier one."""

    def __init__(
        self, coming: Coming[Job], do: Callable[[Job], Done], pace: Pace, workers: int
    ) -> None:
        self.coming, self._do, self._pace, self._workers = coming, do, pace, workers
        self.waiting: deque[tuple[Job, Future[Done]]] = deque()
        self.more = True
        self._ahead = False  # whether jobs may lie ready that no thread has begun
        self._crew = Crew(workers, "flexiflow-job", pace, self._then)

    def room(self) -> bool:
        """Whether one more job can be begun, or lie ready."""
        if not self.more or len(self.waiting) >= 2 * self._workers:
            return False
        busy = sum(not future.done() for _, future in self.waiting)
        return busy < self._workers or self._pace.free

    def ended(self) -> bool:
        """Whether the earliest has ended; may be asked from any thread."""
        try:
            return self.waiting[0][1].done()
        except IndexError:
            return False

    def given(self) -> Done:
        """What came of the earliest, which has ended."""
        done = self.waiting[0][1].result()  # it stays if this raises
        self.waiting.popleft()
        return done

    def begin(self, job: Job) -> None:
        """Hand a job to the threads."""
        self.waiting.append((job, self._crew.submit(self._do, job)))

    def look(self) -> None:
        """Take back what no thread has begun, as soon as something holds the pace."""
        if self._pace.free:
            self._ahead = True
            self._crew.wake()
        elif self._ahead:
            self._ahead = False
            self._take_back()

    def _take_back(self) -> None:
        for _ in range(self._crew.retract()):
            self.coming.back.appendleft(self.waiting.pop()[0])
            self.more = True

    def wait(self, starting: bool) -> None:
        """Wait until there is something to do."""
        pace = self._pace

        def ready() -> bool:
            held = self._ahead and not pace.free
            if pace.free:
                self._crew.wake()
            return held or self.ended() or (not starting and self.room())

        pace.until(ready, starting)

    def _then(self) -> None:
        if self.ended() or not self._pace.free:
            self._pace.nudge()

    def close(self) -> None:
        """Let what is under way end, and no more."""
        self._take_back()
        self._crew.close()


class _Given(NamedTuple):
    future: Future[Any]
    do: Callable[[], Any]
    ahead: bool  # given while nothing held the pace, maybe to lie ready


class Crew:
    """Daemon threads that do what they are given: they never keep the interpreter from ending.

    What lies ready is not begun while something holds the pace.

    Parameters
    ----------
    size
        At most so many threads; each starts when it is first needed.
    name
        Begins the threads' names.
    then
        Called when something has been done.
    """

    def __init__(self, size: int, name: str, pace: Pace, then: Callable[[], None]) -> None:
        self._size, self._name, self._pace, self._then = size, name, pace, then
        self._threads: list[threading.Thread] = []
        self._todo: deque[_Given] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._closed = self._held = False

    def submit(self, do: Callable[[Job], Done], job: Job) -> Future[Done]:
        """Have a job done."""
        future: Future[Done] = Future()
        with self._changed:
            self._todo.append(_Given(future, lambda: do(job), self._pace.free))
            self._changed.notify()
        if len(self._threads) < self._size:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()
        return future

    def retract(self) -> int:
        """Take back all that no thread has begun, which is the latest given; how many."""
        with self._changed:
            count = len(self._todo)
            for given in self._todo:
                if not given.ahead:
                    self._pace.give_back()
            self._todo.clear()
            return count

    def wake(self) -> None:
        """Let go on what lies ready, after nothing holds the pace any more."""
        if self._held:
            with self._changed:
                self._held = False
                self._changed.notify_all()

    def _next(self) -> _Given | None:
        with self._changed:
            while not self._closed:
                if self._may_begin():
                    return self._todo.popleft()
                self._held = bool(self._todo)
                if not self._may_begin():  # else nobody may have seen that it is held
                    self._changed.wait()
            return None

    def _may_begin(self) -> bool:
        return bool(self._todo) and (self._pace.free or not self._todo[0].ahead)

    def _work(self) -> None:
        while (given := self._next()) is not None:
            try:
                given.future.set_result(given.do())
            except BaseException as error:  # raised where the result is asked for
                given.future.set_exception(error)
            del given  # an output is not kept until the next job
            self._then()

    def close(self) -> None:
        """Wait for what is under way, and let the threads go; what lies ready is dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
