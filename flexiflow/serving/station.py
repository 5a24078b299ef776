"""A node as it is served: one queue, and replicas that take batches from it.

Replicas are threads: as many calls of the node's candidates run at a time. A candidate with
``isolate="process"`` runs in a process of its own for each. What waits stays when the place
changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from flexiflow.candidates import call
from flexiflow.candidates.base import Raw
from flexiflow.candidates.batch import Batched
from flexiflow.serving.gathering import Call, Gathering
from flexiflow.serving.places import Place

_LATE = "the job's deadline had passed before it could begin"


class Counted(NamedTuple):
    """What a station has done so far."""

    waiting: int  #: calls in its queue now
    longest: int  #: the most there have been
    calls: int  #: that were run
    batches: int  #: in which they were run
    busy: float  #: seconds, over all replicas
    held: float  #: seconds that there were replicas, over all of them


class Station:
    """One node's queue and replicas; thread-safe.

    Parameters
    ----------
    place
        How the node is served.
    clock
        Seconds, ascending.
    """

    def __init__(self, place: Place, clock: Callable[[], float]) -> None:
        self._gathering, self._clock = Gathering(place), clock
        self._changed = threading.Condition()
        self._threads: dict[int, threading.Thread] = {}
        self._closed = False
        self._longest = self._calls = self._batches = 0
        self._busy = self._held = 0.0
        self._since = clock()  # when the number of replicas was set
        self._begun: dict[int, float] = {}  # replica -> when its batch began
        self.set(place)

    @property
    def place(self) -> Place:
        """How the node is served."""
        return self._gathering.place

    def set(self, place: Place) -> None:
        """Serve the node so from now on; batches under way end as they are."""
        with self._changed:
            now = self._clock()
            self._held += (now - self._since) * self.place.replicas
            self._since, self._gathering.place = now, place
            for k in range(place.replicas):
                if k not in self._threads:
                    name = f"flexiflow-{place.node}-{k}"
                    made = threading.Thread(target=self._work, args=(k,), name=name, daemon=True)
                    self._threads[k] = made
                    made.start()
            self._changed.notify_all()

    def put(self, one: Call) -> None:
        """Have a call run when its turn comes.

        Raises
        ------
        RuntimeError
            If the station is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("the server is closed")
            self._gathering.put(one)
            self._longest = max(self._longest, len(self._gathering))
            self._changed.notify()

    def counted(self) -> Counted:
        """What it has done so far, batches under way included."""
        with self._changed:
            now = self._clock()
            busy = self._busy + sum(now - began for began in self._begun.values())
            held = self._held + (now - self._since) * self.place.replicas
            waiting = len(self._gathering)
            return Counted(waiting, self._longest, self._calls, self._batches, busy, held)

    def close(self) -> None:
        """Run what waits, and let the replicas go."""
        with self._changed:
            self._closed = True
            threads = list(self._threads.values())
            self._changed.notify_all()
        for thread in threads:
            thread.join()

    def _work(self, k: int) -> None:
        while batch := self._next(k):
            ready = [one for one in batch if self._wanted(one)]
            if ready:
                self._serve(k, ready)
            del batch, ready  # an input is not kept until the next call

    def _next(self, k: int) -> list[Call]:
        """Wait for a batch; empty if this replica is no longer needed."""
        with self._changed:
            while True:
                now = self._clock()
                if k >= self.place.replicas or (self._closed and not len(self._gathering)):
                    del self._threads[k]
                    self._changed.notify()  # it may have been woken in place of another
                    return []
                if batch := self._gathering.take(now):
                    self._changed.notify()  # for what is left another may have to wait
                    return batch
                due = self._gathering.due()
                self._changed.wait(None if due is None else max(due - now, 0.0))

    def _wanted(self, one: Call) -> bool:
        """Whether a call is still to be run; one whose job is late is told that it is not."""
        if not one.future.set_running_or_notify_cancel():
            return False
        if one.until > self._clock():
            return True
        one.future.set_result(Raw("refused", reason=_LATE))
        return False

    def _serve(self, k: int, batch: list[Call]) -> None:
        with self._changed:
            self._begun[k] = self._clock()
        answers: list[Raw] | BaseException
        try:
            answers = together(batch)
        except BaseException as error:  # the machine's fault: whoever waits is told
            answers = error
        with self._changed:
            self._busy += self._clock() - self._begun.pop(k)
            self._calls += len(batch)
            self._batches += 1
        for i, one in enumerate(batch):
            if isinstance(answers, BaseException):
                one.future.set_exception(answers)
            else:
                one.future.set_result(answers[i])


class _Whole:
    """A batch that was gathered here, as one call under the candidate's time limit."""

    def __init__(self, kind: Batched, batch: list[Call]) -> None:
        self.limits_itself = kind.limits_itself
        self._kind, self._batch = kind, batch

    def prepare(self) -> tuple[Any, Any]:
        """Have the model loaded before the clock starts."""
        return self, self._kind.prepare()[1]

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Run the batch; what came of each of its calls is the value."""
        told = self._kind.together([*self._batch])
        return Raw("pass", told, seconds=sum(r.seconds for r in told))


def together(batch: list[Call]) -> list[Raw]:
    """Run the calls of a batch at once, or the one that there is.

    Returns
    -------
    What came of each; a batch's seconds are divided equally among its calls.

    Raises
    ------
    WorkerError
        As :func:`flexiflow.candidates.call.run`.
    """
    candidate, kind = batch[0].candidate, batch[0].candidate.kind
    if not isinstance(kind, Batched):
        return [call.run(candidate, one.args, one.kwargs, one.seed) for one in batch]
    whole: Any = _Whole(kind, batch)
    told = call.run(replace(candidate, kind=whole), (), {}, batch[0].seed)
    if told.kind == "pass":
        return list(told.value)
    return [told._replace(seconds=told.seconds / len(batch))] * len(batch)
