"""Running a candidate once, here and now, and telling what came of it.

The model's exception is caught on the spot and becomes a record; what is raised from here
is the machine's fault (``WorkerError``) or the user's wish (``KeyboardInterrupt``).

==================================================== ==============
what the model does                                  kind
==================================================== ==============
returns a value                                      pass
raises ``Refused``                                   refused
raises ``Unavailable``, an error of the connection   unavailable
raises an error of a time-out, runs to its limit     timeout
is a workflow whose job did not pass                 soft failure
raises anything else, returns nothing                exception
==================================================== ==============

Seconds are taken by ``time.perf_counter`` around the model alone. With a time limit the
model runs on a fresh daemon thread, which is abandoned at the deadline: Python cannot stop
a thread, only ``isolate="process"`` kills. Without one it runs inline.

A kind of candidate may have, beside ``__call__``: ``raw(args, kwargs, seed)``, if it times
itself; ``prepare() -> (kind, done)``, if something must be ready before the clock starts;
``limits_itself``, if it keeps the time limit on its own; ``seed_at`` (``function.py``).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextvars import copy_context
from time import perf_counter
from typing import Any

from flexiflow.candidates.base import Candidate, Raw
from flexiflow.candidates.judging import failed, judged
from flexiflow.candidates.looping import Overtime, finish

_WARM: dict[int | str, Any] = {}
"""Models that have run in this process, by identity; those no reference tells of, by digest."""

CAUGHT = (Exception, SystemExit, GeneratorExit, CancelledError)


def run(candidate: Candidate, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
    """Run a candidate once and time it.

    Parameters
    ----------
    candidate
        What to run; its options are kept.
    args, kwargs
        Its input.
    seed
        Passed to the model if it has a free parameter ``seed``.

    Returns
    -------
    Raw
        The kind of outcome with the value or the reason; ``seconds`` the model took, and
        whether it was ``cold``: first calls import, compile and fill caches.

    Raises
    ------
    WorkerError
        A process of its own could not be given the code or the input.

    Examples
    --------
    >>> from flexiflow.candidates import adopt
    >>> run(adopt(len, "count"), ([1, 2],), {}, seed=0).value
    2
    >>> run(adopt(len, "count"), (3,), {}, seed=0).reason
    "TypeError: object of type 'int' has no len()"
    """
    kind, limit = candidate.kind, candidate.options.timeout
    if limit is None or getattr(kind, "limits_itself", False):
        raw = attempt(kind, args, kwargs, seed)
    else:
        raw = _within(limit, kind, args, kwargs, seed)
    return raw if raw.kind == "unavailable" or _is_warm(candidate) else raw._replace(cold=True)


def _is_warm(candidate: Candidate) -> bool:
    """Whether a candidate's model has run before; from now on it has."""
    model, key = candidate.model, id(candidate.model)
    known = _WARM.get(key)
    if known is not None and known() is model:
        return True
    try:
        _WARM[key] = weakref.ref(model, lambda _: _WARM.pop(key, None))
    except TypeError:
        has_run = candidate.fingerprint in _WARM
        _WARM[candidate.fingerprint] = None
        return has_run
    return False


def attempt(
    kind: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    seed: int,
    limit: float | None = None,
) -> Raw:
    """Run a kind inline; ``limit`` (seconds) only cancels what is awaited."""
    own = getattr(kind, "raw", None)
    if own is not None:
        told: Raw = own(args, kwargs, seed)
        return told
    seed_at = getattr(kind, "seed_at", None)
    if seed_at is not None and len(args) <= seed_at and "seed" not in kwargs:
        kwargs = {**kwargs, "seed": seed}
    start = perf_counter()
    try:
        value = kind(*args, **kwargs)
        if hasattr(type(value), "__await__"):
            value = finish(value, limit)
    except Overtime:
        return overtime(limit or 0.0)
    except CAUGHT as error:
        return failed(error, perf_counter() - start)
    return judged(value, perf_counter() - start)


def overtime(limit: float) -> Raw:
    """What is told of an attempt that ran to its limit (seconds)."""
    return Raw("timeout", seconds=limit, reason=f"no answer within {limit:g} seconds")


def prepared(kind: Any) -> tuple[Any, Callable[[], None] | None]:
    """Make a kind ready before its clock starts; what comes second gives it back."""
    prepare = getattr(kind, "prepare", None)
    if prepare is None:
        return kind, None
    ready: tuple[Any, Callable[[], None]] = prepare()
    return ready


def _within(
    limit: float, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int
) -> Raw:
    """Run a kind on a thread that is abandoned after ``limit`` seconds."""
    try:
        kind, done = prepared(kind)
    except CAUGHT as error:
        return failed(error, 0.0)
    told: list[Raw | BaseException] = []
    ended = threading.Event()

    def work() -> None:
        try:
            told.append(attempt(kind, args, kwargs, seed, limit))
        except BaseException as error:  # handed to the caller, who waits for it
            told.append(error)
        finally:
            if done is not None:
                done()
            ended.set()

    name = f"flexiflow-limit-{limit:g}s"
    threading.Thread(target=copy_context().run, args=(work,), daemon=True, name=name).start()
    if not ended.wait(limit):
        return overtime(limit)
    (answer,) = told
    if isinstance(answer, BaseException):
        raise answer
    return overtime(limit) if answer.seconds > limit else answer
