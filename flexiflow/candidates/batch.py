"""Gathering concurrent jobs into one call of a model: ``candidate(model, batch=32)``.

Jobs come on threads of their own. The first becomes the *leader*: it takes what has
gathered, runs the model once with a list for each positional argument, and hands out the
answers; while it runs, the next batch gathers. A leader waits a few milliseconds for
followers, and only if the last batch saw others at the same time: a single thread never
waits. Keyword arguments are settings, not data: only jobs that share them run together.
A batch's seconds are divided equally among its jobs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

from flexiflow.candidates.base import Raw
from flexiflow.candidates.call import CAUGHT, attempt, overtime, prepared
from flexiflow.candidates.judging import clean, failed, judged

LONGEST_WAIT = 0.003
"""Seconds a leader waits for followers."""


@dataclass(eq=False)
class Waiting:
    """One input of a batch, and what came of it."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    seed: int
    told: Raw | BaseException | None = None


class Batched:
    """Runs a kind that takes lists for single jobs, several at once."""

    def __init__(self, kind: Any, size: int, limit: float | None) -> None:
        self.limits_itself = bool(getattr(kind, "limits_itself", False))
        self._kind, self._size = kind, size
        self._limit = None if self.limits_itself else limit
        self._change = threading.Condition()
        self._waiting: list[Waiting] = []
        self._busy_since: float | None = None
        self._turn = 0  # which batch is running, so that one that hung cannot free the next
        self._callers = 0
        self._crowd = 1  # the most callers at once since the last batch was taken

    def prepare(self) -> tuple[Any, Any]:
        """Have the model loaded, and hold it while this job waits and runs."""
        _, done = prepared(self._kind)
        return self, done

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model on one input, as a batch of one."""
        return self._kind(*[[a] for a in args], **kwargs)[0]

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Run one job together with those that wait."""
        job = Waiting(args, kwargs, seed)
        with self._change:
            self._callers += 1
            self._crowd = max(self._crowd, self._callers)
            self._waiting.append(job)
            self._change.notify_all()
        try:
            while job.told is None:
                turn, batch = self._next_batch(job)
                if batch:
                    self._lead(turn, batch)
        finally:
            with self._change:
                self._callers -= 1
                if job in self._waiting:
                    self._waiting.remove(job)
        if isinstance(job.told, BaseException):
            raise job.told
        return job.told

    def _next_batch(self, job: Waiting) -> tuple[int, list[Waiting]]:
        """Wait until this job is done (no batch) or it is to lead (a batch)."""
        with self._change:
            while self._is_busy() and job.told is None:
                self._change.wait(self._limit)
            if job.told is not None or job not in self._waiting:
                if not self._change.wait_for(lambda: job.told is not None, self._limit):
                    job.told = overtime(self._limit or 0.0)  # its batch hangs
                return 0, []
            self._busy_since = monotonic()
            self._turn += 1
            turn = self._turn
            full = min(self._size, self._crowd)
            self._change.wait_for(lambda: len(self._waiting) >= full, LONGEST_WAIT)
            others = [j for j in self._waiting if j is not job and alike(j, job)]
            batch = [job, *others[: self._size - 1]]
            self._waiting = [j for j in self._waiting if j not in batch]
            self._crowd = self._callers
            return turn, batch

    def _is_busy(self) -> bool:
        """Whether a batch is running; one that is past the time limit is given up."""
        if self._busy_since is None:
            return False
        return self._limit is None or monotonic() - self._busy_since <= self._limit

    def _lead(self, turn: int, batch: list[Waiting]) -> None:
        answers: list[Raw] | BaseException
        try:
            answers = self.together(batch)
        except BaseException as error:  # the machine's fault, or an interrupt: all are told
            answers = error
        with self._change:
            for i, job in enumerate(batch):
                job.told = answers if isinstance(answers, BaseException) else answers[i]
            if self._turn == turn:
                self._busy_since = None
            self._change.notify_all()

    def together(self, batch: list[Waiting]) -> list[Raw]:
        """Run inputs as one call; what came of each. They must be :func:`alike`."""
        size, first = len(batch), batch[0]
        columns = tuple(list(column) for column in zip(*[j.args for j in batch], strict=True))
        whole = self._attempt(columns, first)
        seconds = whole.seconds / size
        if whole.kind == "exception" and size > 1:  # one bad input is no fault of its neighbours
            return [
                r._replace(seconds=r.seconds + seconds) for j in batch for r in self.together([j])
            ]
        if whole.kind != "pass":
            return [whole._replace(seconds=seconds)] * size
        if not isinstance(whole.value, (list, tuple)):
            got = type(whole.value).__name__
        elif len(whole.value) != size:
            got = f"a {type(whole.value).__name__} of {len(whole.value)}"
        else:
            return [judged(value, seconds) for value in whole.value]
        wanted = f"a list with one answer for each of the {size} inputs"
        reason = f"a candidate with batch= must return {wanted}. Got {got} instead."
        return [Raw("exception", seconds=seconds, reason=clean(reason))] * size

    def _attempt(self, columns: tuple[list[Any], ...], first: Waiting) -> Raw:
        try:
            kind, done = prepared(self._kind)
        except CAUGHT as error:
            return failed(error, 0.0)
        try:
            return attempt(kind, columns, first.kwargs, first.seed, self._limit)
        finally:
            if done is not None:
                done()


def alike(one: Waiting, other: Waiting) -> bool:
    """Whether two jobs can share a call: as many arguments, the same settings."""
    a, b = one.kwargs, other.kwargs
    plain = (str, int, float, bool, bytes, type(None))
    return (
        len(one.args) == len(other.args)
        and a.keys() == b.keys()
        and all(
            a[k] is b[k] or (type(a[k]) is type(b[k]) and isinstance(a[k], plain) and a[k] == b[k])
            for k in a
        )
    )
