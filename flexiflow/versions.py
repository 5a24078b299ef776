"""Immutable versions of what nodes make, and the memo of one job.

A version is a value with a number. Two outputs of one node are the same version if they are
the same object, or of the same type and the same content (scalars, str, bytes, containers of
these, NumPy arrays, torch tensors, PIL images); anything else is a new version. So what was
computed from a value is reused for an equal value, whoever made it, and nothing is computed
twice. Contents are only looked at when a node has made a second version: a job whose first
configuration passes never pays for a digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

from flexiflow.candidates.base import Raw
from flexiflow.graph import Graph

_SCALARS = (bool, int, float, complex, str, bytes, type(None))
_DEEPEST = 50
_MOST_KNOWN = 10_000  # lineages of a node

Known = list[dict[tuple[int, ...], "int | None"]]


class Version:
    """One value that a node has made in a job; ``number`` is its name in the records."""

    __slots__ = ("_digest", "confidence", "extras", "number", "value")

    def __init__(self, number: int, raw: Raw) -> None:
        self.number = number
        self.value = raw.value
        self.confidence = raw.confidence
        self.extras = raw.extras
        self._digest: bytes | bool | None = False

    @property
    def digest(self) -> bytes | None:
        """Digest of the whole content; None where content cannot be compared."""
        if self._digest is False:
            self._digest = digest((self.value, self.confidence, self.extras))
        assert not isinstance(self._digest, bool)
        return self._digest


class Memo:
    """What one job has already computed.

    Keyed by (node, choice, numbers of the versions read). A choice stands for a candidate
    with its options and its re-roll, hence for a seed.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[tuple[int, int, tuple[int, ...]], Version | Raw] = {}
        self._versions: list[list[Version]] = [[] for _ in graph.nodes]
        self._numbers = 0

    def get(self, node: int, choice: int, upstream: tuple[int, ...]) -> Version | Raw | None:
        """The version made, the failure, or None if this was never run."""
        return self._found.get((node, choice, upstream))

    def keep(self, node: int, choice: int, upstream: tuple[int, ...], raw: Raw) -> Version | Raw:
        """Remember what came of a run; an output equal to an older one is that version."""
        result: Version | Raw = self._version(node, raw) if raw.kind == "pass" else raw
        self._found[node, choice, upstream] = result
        return result

    def _version(self, node: int, raw: Raw) -> Version:
        made = Version(self._numbers, raw)
        for old in self._versions[node]:
            if _same(old, made):
                return old
        self._numbers += 1
        self._versions[node].append(made)
        return made

    def known(self) -> Known:
        """For each node, the lineages whose result is known without running anything.

        Returns
        -------
        One dictionary a node: choices of the nodes of its lineage (ascending) -> number of
        the version, or None if the run failed there. Equal values count: a lineage that was
        never run is known if it leads to versions from which the rest was run. At most
        ``_MOST_KNOWN`` a node are given.
        """
        graph, found = self._graph, self._found
        known: Known = []
        for node, lineage in enumerate(graph.lineage):
            here: dict[tuple[int, ...], int | None] = {}
            for picks, upstream in self.ways(self._graph.parents[node], known):
                if len(here) >= _MOST_KNOWN:
                    break
                for choice in range(len(graph.nodes[node].choices)):
                    result = found.get((node, choice, upstream))
                    if result is not None:
                        picks[node] = choice
                        key = tuple(picks[v] for v in lineage)
                        here[key] = result.number if isinstance(result, Version) else None
            known.append(here)
        return known

    def ways(
        self, nodes: tuple[int, ...], known: Known
    ) -> list[tuple[dict[int, int], tuple[int, ...]]]:
        """Known ways to have values at some nodes: choices over their lineages, and versions."""
        ways: list[tuple[dict[int, int], tuple[int, ...]]] = [({}, ())]
        for node in nodes:
            lineage = self._graph.lineage[node]
            longer = (
                ({**picks, **dict(zip(lineage, key, strict=True))}, (*upstream, number))
                for picks, upstream in ways
                for key, number in known[node].items()
                if number is not None
                and all(picks.get(v, k) == k for v, k in zip(lineage, key, strict=True))
            )
            ways = list(islice(longer, _MOST_KNOWN))
        return ways


def _same(old: Version, new: Version) -> bool:
    if (
        old.value is new.value
        and old.confidence == new.confidence
        and not (old.extras or new.extras)
    ):
        return True
    if type(old.value) is not type(new.value):
        return False
    return old.digest is not None and old.digest == new.digest


def digest(value: Any) -> bytes | None:
    """Digest of a value's type and content, or None where content cannot be compared.

    Examples
    --------
    >>> digest([1, "a"]) == digest([1, "a"]), digest([1]) == digest([True])
    (True, False)
    >>> digest(object()) is None
    True
    """
    sink = hashlib.blake2b(digest_size=16)
    try:
        return sink.digest() if _feed(sink, value, 0) else None
    except (RecursionError, RuntimeError, ValueError, TypeError, AttributeError):
        return None  # a value that changes or breaks while it is read is its own version


def _feed(sink: hashlib.blake2b, value: Any, depth: int) -> bool:
    kind = type(value)
    sink.update(f"{kind.__module__}.{kind.__qualname__}:".encode())
    if kind in _SCALARS:
        return _sized(sink, _scalar(value))
    if depth > _DEEPEST:
        return False
    if kind in (list, tuple):
        return _sized(sink, b"%d" % len(value)) and _all(sink, value, depth)
    if kind is dict:
        return _sized(sink, b"%d" % len(value)) and all(
            _all(sink, pair, depth) for pair in value.items()
        )
    if kind in (set, frozenset):
        parts = [digest(v) for v in value]
        if any(p is None for p in parts):
            return False
        return _sized(sink, b"".join(sorted(p for p in parts if p is not None)))
    return _feed_array(sink, value)


def _all(sink: hashlib.blake2b, values: Iterable[Any], depth: int) -> bool:
    return all(_feed(sink, v, depth + 1) for v in values)


def _sized(sink: hashlib.blake2b, data: Any) -> bool:
    sink.update(b"%d;" % len(data))
    sink.update(data)
    return True


def _scalar(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, complex):
        return struct.pack("<dd", value.real, value.imag)
    return repr(value).encode()


def _feed_array(sink: hashlib.blake2b, value: Any) -> bool:
    """NumPy, torch and PIL values; their packages are only looked at if already imported."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        if value.dtype.hasobject:
            return False
        sink.update(f"{value.dtype.str}{value.shape}".encode())
        return _sized(sink, numpy.ascontiguousarray(value).reshape(-1).view("u1").data)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_quantized:
            return False
        sink.update(f"{value.dtype}{tuple(value.shape)}{value.device}".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        return _sized(sink, flat.view(torch.uint8).numpy().data)
    image = sys.modules.get("PIL.Image")
    if image is not None and isinstance(value, image.Image):
        sink.update(f"{value.mode}{value.size}".encode())
        return _sized(sink, value.tobytes()) and _feed(sink, value.getpalette(), 0)
    return False


def own(value: Any) -> Any:
    """Hand an array to the user at the end, writable again where its memory is."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray) or value.flags.writeable:
        return value
    view = value.view()
    with contextlib.suppress(ValueError):  # the model itself had made it read-only
        view.flags.writeable = True
    return view


def read_only(value: Any) -> Any:
    """Hand an array on so that writing into it in place fails loudly.

    NumPy arrays become a read-only view (one that already is stays the same object), also in
    a list, tuple or dictionary; everything else is handed on as it is.

    Examples
    --------
    >>> import numpy as np
    >>> handed = read_only(np.zeros(2))
    >>> handed[0] = 1.0
    Traceback (most recent call last):
    ValueError: assignment destination is read-only
    """
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return value
    kind = type(value)
    if kind in (list, tuple, dict):
        parts = value.values() if kind is dict else value
        if not any(isinstance(p, numpy.ndarray) and p.flags.writeable for p in parts):
            return value
        if kind is dict:
            return {name: read_only(part) for name, part in value.items()}
        return kind(read_only(part) for part in value)
    if not isinstance(value, numpy.ndarray) or not value.flags.writeable:
        return value
    view = value.view()
    view.flags.writeable = False
    return view
