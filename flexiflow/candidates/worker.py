"""What runs in the process of an isolated candidate.

Everything travels as cloudpickle bytes made by us, so that code written in a notebook goes
by value and a value that cannot be sent is told, not raised. A reply is a pair:

=========  =======================================================================
"ready"    the candidate is loaded; with the process's id
"done"     an attempt was made; with its ``Raw``
"error"    code, input or output could not be read or sent; with the reason
=========  =======================================================================
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flexiflow.errors import WorkerError

_kind: Any = None


def receive(data: bytes) -> bytes:
    """Take the candidate, (model, options, name), and load its model."""
    global _kind
    import cloudpickle

    from flexiflow.candidates.call import CAUGHT, prepared
    from flexiflow.candidates.judging import failed
    from flexiflow.candidates.loading import source

    if hasattr(os, "setsid"):  # a group of its own: what it starts can be killed with it
        os.setsid()
    try:
        model, options, name = cloudpickle.loads(data)
        _kind = source(model, options, name)
    except Exception as error:
        return _said("error", f"{type(error).__name__}: {error}")
    try:
        _, done = prepared(_kind)
    except CAUGHT as error:  # failing to load is the attempt's failure, not the machine's
        return _said("done", failed(error, 0.0))
    if done is not None:
        done()
    return _said("ready", os.getpid())


def serve(data: bytes) -> bytes:
    """Make one attempt on an input, (args, kwargs, seed)."""
    import cloudpickle

    from flexiflow.candidates.call import attempt, prepared

    try:
        args, kwargs, seed = cloudpickle.loads(data)
    except Exception as error:
        return _said("error", f"its input cannot be read there: {type(error).__name__}: {error}")
    ready, done = prepared(_kind)
    raw = attempt(ready, args, kwargs, seed)
    if done is not None:
        done()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    try:
        return _said("done", raw)
    except Exception as error:
        got = type(raw.value).__name__
        return _said("error", f"its output, {got}, cannot be sent back: {error}")


def packed(thing: Any, what: str, instead: str) -> bytes:
    """The bytes of something that is to go to another process.

    Raises
    ------
    WorkerError
        If it cannot be sent; it says ``what`` that is and what to do ``instead``.
    """
    import cloudpickle

    try:
        data: bytes = cloudpickle.dumps(thing)
    except Exception as error:
        raise WorkerError(
            f"{what} cannot be sent to a process: {type(error).__name__}: {error}. {instead}"
        ) from error
    return data


def _said(word: str, what: Any) -> bytes:
    import cloudpickle

    data: bytes = cloudpickle.dumps((word, what))
    return data
