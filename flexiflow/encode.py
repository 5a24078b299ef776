"""Values as text that any database and any reader can hold.

JSON where it can be exactly, else the value's ``repr``, capped. Three rules beside that:

* JSON has no NaN and no infinity: they become ``null``.
* NumPy and torch numbers and arrays become numbers and nested lists, tuples become lists,
  dates, paths and UUIDs become strings.
* Lone surrogates and NUL characters, which databases refuse, are written as escapes.
"""

from __future__ import annotations

import datetime
import json
import math
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from flexiflow.errors import BadInput

CAP = 65_536
"""Bytes of UTF-8 that an output may take in a store."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_escape = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_TEXTS = (datetime.date, datetime.time, pathlib.PurePath, uuid.UUID)


class _NotJSON(Exception):
    """The value has no exact form in JSON."""


class _Long(Exception):
    """The value is too long to be worth writing as JSON."""


def to_json(value: Any, cap: int = CAP) -> tuple[str, Literal["json", "repr"]]:
    """Write a value as JSON if that is exact and short enough, else as its capped ``repr``.

    Parameters
    ----------
    value
        Anything; a value whose ``repr`` raises is written as a note of that.
    cap
        Bytes of UTF-8 that the text may take; a longer ``repr`` is cut and its true length
        noted at the end.

    Returns
    -------
    tuple
        The text, and "json" or "repr".

    Examples
    --------
    >>> to_json({"country": "Österreich", "boxes": [(1, 2)]})
    ('{"country":"Österreich","boxes":[[1,2]]}', 'json')
    >>> to_json({1, 2})
    ('{1, 2}', 'repr')
    >>> to_json("a" * 100, cap=20)
    ("'aaaaaaaaaaaaaaaaaaa … (100 characters in all)", 'repr')
    """
    try:
        text = _dump(_plain(value, [cap]))
    except (_NotJSON, _Long, ValueError, RecursionError):
        return to_repr(value, cap), "repr"
    if len(text) > cap or len(text.encode()) > cap:
        return to_repr(value, cap), "repr"
    return text, "json"


def to_repr(value: Any, cap: int = CAP) -> str:
    """Write a value as its ``repr``, cut to ``cap`` bytes, whatever its class does.

    Examples
    --------
    >>> to_repr([1, 2])
    '[1, 2]'
    """
    length, unit = 0, "characters"
    try:
        if type(value) in (str, bytes, bytearray) and len(value) > cap:
            length, unit = len(value), "characters" if type(value) is str else "bytes"
            text = repr(value[:cap])
        else:
            text = repr(value)
            length = len(text)
    except Exception as error:
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
        length = len(text)
    text = clean(text)
    if length <= cap and len(text.encode()) <= cap:
        return text
    return f"{text.encode()[:cap].decode(errors='ignore')} … ({length:,} {unit} in all)"


def to_mapping(mapping: Mapping[str, Any]) -> str:
    """Write a mapping of a record as a JSON object; what is not JSON goes in as its ``repr``.

    Examples
    --------
    >>> to_mapping({"brightness": 0.5, "ratio": float("nan"), "tags": {1}})
    '{"brightness":0.5,"ratio":null,"tags":"{1}"}'
    """
    if type(mapping) is dict:
        try:
            return _safe(_encode(mapping), mapping)
        except (TypeError, ValueError, RecursionError):
            pass  # something in it is not plain
    return _dump({str(name): _lenient(value) for name, value in mapping.items()})


def to_state(state: Mapping[str, Any]) -> str:
    """Write what a sampler has learned as JSON, whole.

    Raises
    ------
    BadInput
        If it holds anything but numbers, strings, booleans, None, lists, arrays and
        mappings of these with text as keys.

    Examples
    --------
    >>> to_state({"mean": [0.25, -1.5], "count": 3})
    '{"mean":[0.25,-1.5],"count":3}'
    """
    try:
        return _dump(_plain(dict(state), [math.inf]))
    except (_NotJSON, ValueError, RecursionError) as error:
        raise BadInput(
            "The state of a sampler must be plain numbers, strings and lists of them, under "
            f"names: {error}. Turn it into these in the sampler's `state`."
        ) from error


def clean(text: str) -> str:
    r"""Write lone surrogates and NUL characters of a text as escapes.

    Examples
    --------
    >>> print(clean("a\0b\ud800"))
    a\x00b\ud800
    """
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _dump(plain: Any) -> str:
    return _safe(_encode(plain), plain)


def _safe(text: str, plain: Any) -> str:
    """The text, or all in ASCII where it holds what UTF-8 cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return _escape(plain)
    return text


def _lenient(value: Any) -> Any:
    try:
        return _plain(value, [CAP])
    except (_NotJSON, _Long, ValueError, RecursionError):
        return to_repr(value)


def _plain(value: Any, room: list[float]) -> Any:
    """The same value in JSON's own types; ``room`` is what is left of the cap, in bytes."""
    kind = type(value)
    room[0] -= len(value) if kind is str else 2
    if room[0] < -2:
        raise _Long
    if value is None or kind in (str, bool, int):
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise _NotJSON(f"a mapping has keys that are not text in {kind.__name__}")
        return {str(name): _plain(part, room) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, room) for part in value]
    if isinstance(value, _TEXTS):
        return value.isoformat() if isinstance(value, _TEXTS[:2]) else str(value)
    return _plain(_unwrap(value, room[0]), room)


def _unwrap(value: Any, room: float) -> Any:
    """The numbers in a NumPy or torch object, as plain Python."""
    if type(value).__module__.partition(".")[0] in ("numpy", "torch") and hasattr(value, "tolist"):
        size = value.numel() if hasattr(value, "numel") else value.size
        if 2 * size > room + 2:
            raise _Long
        listed = value.tolist()
        if type(listed) is not type(value):
            return listed
    for base in (str, bool, int, float):
        if isinstance(value, base):
            return base(value)
    raise _NotJSON(f"{type(value).__name__} is not JSON")
