"""Running a candidate on any executor of the standard library's kind.

On threads the candidate runs as it is. Anywhere else the candidate and its input travel as
cloudpickle bytes, the candidate under the digest of its bytes: a worker that has not got
it answers so and is sent it, once. The model's exception is caught where it runs; what the
machine does wrong (a broken pool, code that cannot be imported there) is a ``WorkerError``.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from flexiflow.candidates.adopting import adopt
from flexiflow.candidates.base import Candidate, Declared, Raw
from flexiflow.candidates.call import run
from flexiflow.candidates.worker import packed
from flexiflow.errors import WorkerError
from flexiflow.executors.serial import Serial

_INSTEAD = "Make it there with candidate(load=...), or run on threads."
_KEPT = 64
"""Candidates that a worker keeps."""


class _Answer(Future[Raw]):
    """What is promised; it can be called off only while the executor has not begun."""

    inner: Future[Any] | None = None

    def cancel(self) -> bool:
        """Call it off, if that is still possible."""
        if self.inner is not None and not self.inner.cancel():
            return False
        return super().cancel()


class _Reply(NamedTuple):
    word: str  # "done" (cloudpickle bytes of a Raw), "absent", or "error" (text)
    data: Any = None


def submit(
    executor: Executor,
    candidate: Candidate,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    seed: int,
) -> Future[Raw]:
    """Run a candidate once on an executor.

    Parameters
    ----------
    executor
        Any ``concurrent.futures.Executor``: inline, threads, processes, a cluster's.
    candidate, args, kwargs, seed
        As for ``candidates.call.run``.

    Returns
    -------
    Future of Raw
        Its exception, if it has one, is a ``WorkerError`` chained to its cause.

    Examples
    --------
    >>> submit(Serial(), adopt(len, "count"), ([1, 2],), {}, seed=0).result().value
    2
    """
    answer = _Answer()
    if isinstance(executor, (Serial, ThreadPoolExecutor)):
        _start(executor, answer, _finish_here, run, candidate, args, kwargs, seed)
        return answer
    try:
        key, payload = _pack(candidate)
        sent = packed(
            (args, kwargs, seed), f"The input of the candidate {candidate.name!r}", _INSTEAD
        )
    except WorkerError as error:
        answer.set_exception(error)
        return answer
    again = partial(_start, executor, answer, partial(_finish, candidate.name, None))
    finish = partial(_finish, candidate.name, lambda: again(_work, key, payload, sent))
    _start(executor, answer, finish, _work, key, None, sent)
    return answer


def _start(
    executor: Executor,
    answer: _Answer,
    finish: Callable[[Future[Raw], Any], None],
    work: Callable[..., Any],
    *args: Any,
) -> None:
    """Submit work whose result ``finish`` turns into the answer."""
    try:
        inner = executor.submit(work, *args)
    except (RuntimeError, BrokenExecutor) as error:
        _fail(answer, _broken(error))
        return
    answer.inner = inner
    inner.add_done_callback(lambda i: _relay(i, answer, finish))


def _relay(
    inner: Future[Any], answer: Future[Raw], finish: Callable[[Future[Raw], Any], None]
) -> None:
    if inner.cancelled():
        answer.cancel()
        return
    error = inner.exception()
    if error is None:
        finish(answer, inner.result())
    elif isinstance(error, WorkerError) or not isinstance(error, Exception):
        _fail(answer, error)
    else:
        _fail(answer, _broken(error))


def _broken(error: BaseException) -> WorkerError:
    made = WorkerError(
        f"The executor failed: {type(error).__name__}: {error}. Make a new one and run again."
    )
    made.__cause__ = error
    return made


def _fail(answer: Future[Raw], error: BaseException) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_exception(error)


def _finish_here(answer: Future[Raw], raw: Raw) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_result(raw)


def _finish(
    name: str, again: Callable[[], None] | None, answer: Future[Raw], reply: _Reply
) -> None:
    """Read a worker's reply; ``again`` sends the candidate along with the input."""
    import cloudpickle

    if reply.word == "absent" and again is not None:
        if not answer.cancelled():
            again()
    elif reply.word == "done":
        try:
            raw = cloudpickle.loads(reply.data)
        except Exception as error:
            _fail(answer, _unreadable(f"The output of the candidate {name!r}", error, "here"))
        else:
            _finish_here(answer, raw)
    else:
        _fail(answer, WorkerError(f"The candidate {name!r} cannot run in a worker: {reply.data}"))


def _unreadable(what: str, error: BaseException, where: str) -> WorkerError:
    made = WorkerError(f"{what} cannot be read {where}: {type(error).__name__}: {error}.")
    made.__cause__ = error
    return made


_packed: weakref.WeakValueDictionary[int, _Parcel] = weakref.WeakValueDictionary()


class _Parcel:
    """A candidate's bytes, kept as long as the candidate is."""

    def __init__(self, candidate: Candidate) -> None:
        declared = Declared(candidate.model, candidate.name, candidate.options)
        self.payload = packed(declared, f"The candidate {candidate.name!r}", _INSTEAD)
        self.key = hashlib.blake2b(self.payload, digest_size=16).hexdigest()
        weakref.finalize(candidate, lambda parcel: None, self)  # the finalizer holds it


def _pack(candidate: Candidate) -> tuple[str, bytes]:
    parcel = _packed.get(id(candidate))
    if parcel is None:
        parcel = _packed[id(candidate)] = _Parcel(candidate)
    return parcel.key, parcel.payload


_known: OrderedDict[str, Candidate] = OrderedDict()
_lock = threading.Lock()


def _work(key: str, payload: bytes | None, sent: bytes) -> _Reply:
    """Run in the worker: one candidate on one input."""
    import cloudpickle

    try:
        candidate = _known_or_new(key, payload)
        if candidate is None:
            return _Reply("absent")
        args, kwargs, seed = cloudpickle.loads(sent)
    except Exception as error:
        return _Reply("error", f"{type(error).__name__}: {error}")
    raw = run(candidate, args, kwargs, seed)
    try:
        return _Reply("done", cloudpickle.dumps(raw))
    except Exception as error:
        what = f"its output, {type(raw.value).__name__}, cannot be sent back"
        return _Reply("error", f"{what}: {error}")


def _known_or_new(key: str, payload: bytes | None) -> Candidate | None:
    import cloudpickle

    with _lock:
        candidate = _known.get(key)
        if candidate is None and payload is not None:
            declared = cloudpickle.loads(payload)
            candidate = _known[key] = adopt(declared, declared.name)
        if candidate is not None:
            _known.move_to_end(key)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
        return candidate
