"""Messages with arrays in them, made ready for a page, and read again.

Numbers travel in the smallest form that is enough to draw them. An array of more than
:data:`SMALL` entries leaves the message as float32, int32 or uint8: as a binary buffer, of
which the message keeps ``{"$buffer": index, "dtype": ..., "shape": ...}``, or as
``{"$base64": text, ...}`` for a front end that loses buffers. A smaller one is cheaper as a
plain list with four digits. NaN and infinities become null, since JSON has neither.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SMALL = 16  # entries: up to here a list is no longer than a reference and a buffer
DIGITS = 4


def pack(message: Any, buffers: bool = True) -> tuple[Any, list[bytes]]:
    """Take the arrays out of a message.

    Parameters
    ----------
    message
        Mappings, sequences, texts, numbers, None, and NumPy arrays of numbers or truths.
    buffers
        Whether large arrays become buffers; else they stay in the message, as base64.

    Returns
    -------
    tuple
        What JSON can hold, and the buffers it refers to.

    Raises
    ------
    TypeError
        If something in the message is none of these.

    Examples
    --------
    >>> pack({"n": 2, "mean": np.array([0.5, np.nan])})
    ({'n': 2, 'mean': [0.5, None]}, [])
    >>> pack({"job": np.arange(20)})[0]
    {'job': {'$buffer': 0, 'dtype': 'int32', 'shape': [20]}}
    """
    out: list[bytes] = []
    return _packed(message, out if buffers else None), out


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
    if "$buffer" in message:
        return _array(buffers[message["$buffer"]], message)
    if "$base64" in message:
        return _array(base64.b64decode(message["$base64"]), message)
    return {key: unpack(value, buffers) for key, value in message.items()}


def _packed(value: Any, out: list[bytes] | None) -> Any:
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


def _leaf(array: np.ndarray[Any, Any], out: list[bytes] | None) -> Any:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"A message for the page cannot hold an array of {array.dtype}.")
    if array.size <= SMALL:
        return _packed(array.tolist(), out)
    one_byte = array.dtype.kind == "b" or array.dtype == np.uint8
    kind = "float32" if array.dtype.kind == "f" else "uint8" if one_byte else "int32"
    raw = np.ascontiguousarray(array, np.dtype(kind).newbyteorder("<")).tobytes()
    said = {"dtype": kind, "shape": list(array.shape)}
    if out is None:
        return {"$base64": base64.b64encode(raw).decode("ascii"), **said}
    out.append(raw)
    return {"$buffer": len(out) - 1, **said}


def _array(raw: bytes, said: dict[str, Any]) -> np.ndarray[Any, Any]:
    kind = np.dtype(said["dtype"]).newbyteorder("<")
    return np.frombuffer(raw, kind).reshape(said["shape"])
