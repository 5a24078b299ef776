"""A digest of what things do and hold, equal in every process.

Beliefs belong to the fingerprint of a candidate, so it must change when behaviour does (an
edit of its code, of a default, of a value it closes over, of a helper it calls) and stay
when behaviour stays (another line, a comment, another process). A thing is taken apart by
``views.view``, its parts likewise, down to scalars; every level is one hash of the hashes
below. What is met again while it is still open is a cycle and is written as its distance.
Very deep or very large things are cut off at a bound: there only the type counts.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flexiflow.candidates import array_views, code_views, views  # noqa: F401 (they register)

_DEEPEST = 60
_MOST = 200_000


def fingerprint(*parts: Any) -> str:
    """Identify what these things do, by 32 hex digits.

    Parameters
    ----------
    *parts
        Functions, models, options, plain data: anything.

    Returns
    -------
    str
        The same in every process that runs the same version of Python and the libraries.

    Examples
    --------
    >>> def double(x, by=2):
    ...     return x * by
    >>> first = fingerprint(double)
    >>> def double(x, by=2):
    ...     # a comment changes nothing
    ...     return x * by
    >>> fingerprint(double) == first
    True
    >>> double.__defaults__ = (3,)
    >>> fingerprint(double) == first
    False
    """
    return _Walk().of(list(parts)).hex()


def _scalar(thing: Any) -> bytes | None:
    """Write a scalar as bytes; None for anything that has parts."""
    kind = type(thing)
    if kind is str:
        return b"s" + str.encode(thing, "utf-8", "surrogatepass")
    if kind is bytes:
        return b"b" + bytes(thing)
    if kind is int:
        return b"i" + hex(thing).encode()
    if thing is None or kind in (bool, float, complex, type(...), type(NotImplemented)):
        return b"r" + repr(thing).encode()
    return None


class _Walk:
    """One descent: what is open on the way down, and what is already known."""

    def __init__(self) -> None:
        self.open: dict[int, int] = {}
        self.known: dict[int, tuple[Any, bytes]] = {}  # holds the thing, so that ids stay unique

    def of(self, thing: Any) -> bytes:
        scalar = _scalar(thing)
        if scalar is not None:
            return _hash("scalar", [scalar])
        key, depth = id(thing), len(self.open)
        if key in self.known:
            return self.known[key][1]
        if key in self.open:
            return _hash("again", [b"%d" % (depth - self.open[key])])
        if depth >= _DEEPEST or len(self.known) >= _MOST:
            return _hash("beyond", [type(thing).__qualname__.encode()])
        self.open[key] = depth
        try:
            seen = views.view(thing)
            below = [self.of(part) for part in seen.parts]
        finally:
            del self.open[key]
        made = _hash(seen.tag, below if seen.ordered else sorted(below))
        self.known[key] = (thing, made)
        return made


def _hash(tag: str, parts: list[bytes]) -> bytes:
    state = hashlib.blake2b(tag.encode(), digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part))
        state.update(part)
    return state.digest()
