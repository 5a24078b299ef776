"""Messages with arrays in them, made ready for a page, and read again.

Numbers travel in the smallest form that is enough to draw them:

* An array of more entries than it pays to write out leaves the message for the one buffer that
  goes with it, and ``{"$buffer": [from, kind, *shape]}`` stays: the byte it begins at, and its
  entries as "u1", "i4", "f2" or "f4". For a front end that loses buffers it stays in the
  message, as ``{"$base64": [text, kind, *shape]}``.
* Whole numbers in even steps are ``{"$range": [first, many, step]}``.
* Smaller arrays are plain lists with four digits. NaN and infinities become null, since JSON
  has neither.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

DIGITS = 4
FEW = {"u1": 14, "i4": 6, "f2": 4, "f4": 6}
"""Entries up to which a list is no longer than what stays in the message, and the bytes."""

_EVEN = 3  # whole numbers in even steps, from which on they are a range
Array = np.ndarray[Any, Any]


def pack(message: Any, buffers: bool = True) -> tuple[Any, list[bytes]]:
    """Take the arrays out of a message.

    Parameters
    ----------
    message
        Mappings, sequences, texts, numbers, None, and NumPy arrays of numbers or truths.
    buffers
        Whether large arrays go into a buffer; else they stay in the message, as base64.

    Returns
    -------
    tuple
        What JSON can hold, and the buffer that it refers to, if there is one.

    Raises
    ------
    TypeError
        If something in the message is none of these.

    Examples
    --------
    >>> pack({"n": 2, "mean": np.array([0.5, np.nan])})
    ({'n': 2, 'mean': [0.5, None]}, [])
    >>> pack({"job": np.arange(20), "seconds": np.ones((5, 4), np.float16)})[0]
    {'job': {'$range': [0, 20, 1]}, 'seconds': {'$buffer': [0, 'f2', 5, 4]}}
    """
    out = bytearray()
    content = _packed(message, out if buffers else None)
    return content, [bytes(out)] if out else []


def unpack(message: Any, buffers: Sequence[bytes] = ()) -> Any:
    """Put the arrays back into a message, as a page does.

    Examples
    --------
    >>> int(unpack(*pack({"job": np.arange(20)}))["job"].sum())
    190
    """
    if isinstance(message, list):
        return [unpack(item, buffers) for item in message]
    if not isinstance(message, dict):
        return message
    if "$range" in message:
        first, many, step = message["$range"]
        return first + step * np.arange(many, dtype=np.int32)
    if "$buffer" in message:
        start, kind, *shape = message["$buffer"]
        return _array(buffers[0][start:], kind, shape)
    if "$base64" in message:
        text, kind, *shape = message["$base64"]
        return _array(base64.b64decode(text), kind, shape)
    return {key: unpack(value, buffers) for key, value in message.items()}


def _packed(value: Any, out: bytearray | None) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _brief(value)
    if isinstance(value, np.ndarray):
        return _leaf(value, out)
    if isinstance(value, np.generic):
        return _packed(value.item(), out)
    if isinstance(value, Mapping):
        return {_packed(str(key), out): _packed(item, out) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [_packed(item, out) for item in value]
    raise TypeError(f"A message for the page cannot hold a {type(value).__name__}.")


def _brief(value: float) -> float | int | None:
    """A number with four digits; a whole one without a point, which JSON writes shorter."""
    if not math.isfinite(value):
        return None
    brief = float(f"{value:.{DIGITS}g}")
    return int(brief) if brief.is_integer() else brief


def _leaf(array: Array, out: bytearray | None) -> Any:
    kind = _kind(array)
    if kind == "i4" and (found := _range(array)) is not None:
        return {"$range": found}
    if array.size <= FEW[kind]:
        return _packed(array.astype(np.uint8 if kind == "u1" else array.dtype).tolist(), out)
    raw = np.ascontiguousarray(array, np.dtype(kind).newbyteorder("<")).tobytes()
    if out is None:
        return {"$base64": [base64.b64encode(raw).decode("ascii"), kind, *array.shape]}
    start = len(out)
    out += raw
    return {"$buffer": [start, kind, *array.shape]}


def _kind(array: Array) -> str:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"A message for the page cannot hold an array of {array.dtype}.")
    if array.dtype.kind == "f":
        return "f2" if array.dtype == np.float16 else "f4"
    return "u1" if array.dtype.kind == "b" or array.dtype == np.uint8 else "i4"


def _range(array: Array) -> list[int] | None:
    """First, many and step of whole numbers in even steps."""
    if array.ndim != 1 or array.size < _EVEN:
        return None
    steps = np.diff(array.astype(np.int64))
    even = (steps == steps[0]).all()
    return [int(array[0]), array.size, int(steps[0])] if even else None


def _array(raw: bytes, kind: str, shape: Sequence[int]) -> Array:
    return np.frombuffer(raw, np.dtype(kind).newbyteorder("<"), math.prod(shape)).reshape(shape)
