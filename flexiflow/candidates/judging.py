"""From what a model returned or raised to the record of it."""

from __future__ import annotations

import math
import numbers
import os
import traceback
from typing import Any

from flexiflow.candidates.base import Raw, Result
from flexiflow.candidates.code_views import is_library
from flexiflow.candidates.workflow import NotPassed
from flexiflow.errors import Refused, Unavailable

LONGEST_REASON = 500
_NOTHING = "returned nothing (None); return a value, or Result(None) if None is the answer"

# The clients of HTTP have their own errors, known here by name so that none is imported.
_TIMED_OUT = frozenset({"Timeout", "TimeoutException", "APITimeoutError"})
_UNREACHABLE = frozenset({"ConnectError", "ConnectionError", "APIConnectionError"}) | {
    "RateLimitError"
}


def judged(value: Any, seconds: float) -> Raw:
    """Tell of a value that was returned: a pass, so far, unless it is nothing."""
    if value is None:
        return Raw("exception", seconds=seconds, reason=_NOTHING)
    if not isinstance(value, Result):
        return Raw("pass", value, None, None, seconds)
    try:
        confidence = _number(value.confidence)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        got = type(value.confidence).__name__
        reason = f"Result(confidence=...) must be a real number or None. Got {got} instead."
        return Raw("exception", seconds=seconds, reason=reason)
    return Raw("pass", value.value, confidence, value.extras, seconds)


def _number(confidence: Any) -> float | None:
    """Read a confidence; not-a-number is none at all, since it compares with nothing."""
    if confidence is None:
        return None
    scalar = getattr(confidence, "shape", None) == ()
    real = isinstance(confidence, numbers.Real) and not isinstance(confidence, bool)
    if not (real or scalar) or str(getattr(confidence, "dtype", "")) in ("bool", "torch.bool"):
        raise TypeError
    number = float(confidence)
    return None if math.isnan(number) else number


def failed(error: BaseException, seconds: float) -> Raw:
    """Tell of an exception that a model raised, in at most 500 characters."""
    reason = _reason(error)
    if isinstance(error, NotPassed):
        return Raw("soft failure", error.value, None, error.extras, seconds, _text(error))
    if isinstance(error, Refused):
        return Raw("refused", seconds=seconds, reason=reason)
    classes = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, TimeoutError) or classes & _TIMED_OUT:
        return Raw("timeout", seconds=seconds, reason=reason)
    # urllib wraps what happened in an URLError and calls it the reason
    what = (error, getattr(error, "reason", None))
    if isinstance(error, Unavailable) or any(isinstance(w, ConnectionError) for w in what):
        return Raw("unavailable", seconds=seconds, reason=reason, retry_after=_wait(error))
    if classes & _UNREACHABLE:
        return Raw("unavailable", seconds=seconds, reason=reason, retry_after=_wait(error))
    return Raw("exception", seconds=seconds, reason=reason)


def _wait(error: BaseException) -> float | None:
    after = getattr(error, "retry_after", None)
    good = isinstance(after, (int, float)) and not isinstance(after, bool)
    return float(after) if good and after is not None and math.isfinite(after) else None


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # a broken __str__ must not hide that the model failed
        text = "(its message cannot be read)"
    return clean(text)


def clean(text: str, longest: int = LONGEST_REASON) -> str:
    r"""Make a text that every database takes: valid Unicode, no NUL, not too long.

    Examples
    --------
    >>> clean("a\0b\ud800"), clean("x" * 9, 5)
    ('a?b?', 'xxxx…')
    """
    head = text[: longest + 1].encode("utf-8", "replace").decode().replace("\0", "?")
    return head if len(head) <= longest else head[: longest - 1] + "…"


def _reason(error: BaseException) -> str:
    name, text, place = type(error).__name__, _text(error), _place(error)
    head = f"{name}: {text}" if text else name
    return clean(head, LONGEST_REASON - len(place)) + place


def _place(error: BaseException) -> str:
    """Say where it was raised: the last frame of the user's code, else the last at all."""
    last, own = None, None
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("flexiflow.candidates."):
            continue
        last = frame, line
        own = own if is_library(module) else last
    found = own or last
    if found is None:
        return ""
    code = found[0].f_code
    return clean(f" ({os.path.basename(code.co_filename)}:{found[1]} in {code.co_name})", 120)
