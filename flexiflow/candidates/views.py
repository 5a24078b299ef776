"""What a digest sees of a thing: a tag and the smaller things it is made of.

``view`` takes one thing apart, one level deep; the walk in ``fingerprint.py`` does the rest.
A view never holds an address, a line number, a file name or the order of a set. This file
knows plain data and instances; ``code_views.py`` knows functions and classes,
``array_views.py`` knows NumPy, torch and data frames.
"""

from __future__ import annotations

import enum
import functools
import re
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_LONGEST_REPR = 10_000


class View(NamedTuple):
    """A thing taken apart; ``ordered`` is False where the order of the parts says nothing."""

    tag: str
    parts: Iterable[Any]
    ordered: bool = True


@functools.singledispatch
def view(thing: Any) -> View:
    """Take apart an instance: its class and its state, the first way that works."""
    cls = type(thing)
    for package in {c.__module__.partition(".")[0] for c in cls.__mro__} & PACKAGE_VIEWS.keys():
        seen = PACKAGE_VIEWS[package](thing)
        if seen is not None:
            return seen
    for look in (_workflow, _wrapper, _own_state, _attributes, _reduction):
        try:
            seen = look(thing)
        except Exception:  # a user's class may fail in any way; the next look is coarser
            continue
        if seen is not None:
            return seen
    return View("thing", [cls, _plain_repr(thing)])


PACKAGE_VIEWS: dict[str, Callable[[Any], View | None]] = {}
"""Top-level package -> how its things are taken apart (None: like any instance)."""


def _plain_repr(thing: Any) -> str:
    try:
        return _ADDRESS.sub("0x", repr(thing)[:_LONGEST_REPR])
    except Exception:  # a broken __repr__ must not stop a workflow from being defined
        return ""


def _workflow(thing: Any) -> View | None:
    digest = getattr(getattr(thing, "graph", None), "digest", None)
    return View("workflow", [digest]) if isinstance(digest, str) else None


def _wrapper(thing: Any) -> View | None:
    """Callables of C that wrap a Python function, ``functools.lru_cache`` above all."""
    inner = getattr(thing, "__wrapped__", None)
    if inner is None or hasattr(thing, "__code__"):
        return None
    return View("wrapper", [type(thing).__qualname__, inner])


def _own_state(thing: Any) -> View | None:
    plain: object = object.__getstate__
    if type(thing).__getstate__ is plain:
        return None
    return View("instance", [type(thing), thing.__getstate__()])


def _attributes(thing: Any) -> View | None:
    slots = {
        name: getattr(thing, name)
        for cls in type(thing).__mro__
        for name in _slots(cls)
        if name not in ("__dict__", "__weakref__") and hasattr(thing, name)
    }
    if not slots and not hasattr(thing, "__dict__"):
        return None
    return View("instance", [type(thing), {**slots, **getattr(thing, "__dict__", {})}])


def _slots(cls: type) -> tuple[str, ...]:
    slots = cls.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _reduction(thing: Any) -> View | None:
    """What pickle would write, for the things of extension modules."""
    reduced = thing.__reduce_ex__(4)
    if isinstance(reduced, str):
        return View("named", [type(thing), reduced])
    make, args, *rest = reduced
    state = [list(r) if hasattr(r, "__next__") else r for r in rest]
    return View("reduced", [type(thing), getattr(make, "__qualname__", ""), list(args), state])


def _with_class(thing: Any, plain: type, parts: list[Any]) -> list[Any]:
    return parts if type(thing) is plain else [type(thing), vars_of(thing), parts]


def vars_of(thing: Any) -> dict[str, Any]:
    """The instance's own attributes; empty where it has none."""
    return dict(getattr(thing, "__dict__", {}))


@view.register(list)
def _list(thing: list[Any]) -> View:
    return View("list", _with_class(thing, list, list(thing)))


@view.register(tuple)
def _tuple(thing: tuple[Any, ...]) -> View:
    return View("tuple", _with_class(thing, tuple, list(thing)))


@view.register(deque)
def _deque(thing: deque[Any]) -> View:
    return View("deque", [thing.maxlen, *thing])


@view.register(dict)
def _dict(thing: dict[Any, Any]) -> View:
    if type(thing) is dict:
        # A copy, made at once: what collects garbage meanwhile may shrink one of weak references.
        return View("dict", list(thing.copy().items()), ordered=False)
    return View("dict", [type(thing), vars_of(thing), dict(thing)])


@view.register(types.MappingProxyType)
def _proxy(thing: Mapping[Any, Any]) -> View:
    return View("proxy", [dict(thing)])


@view.register(set)
@view.register(frozenset)
def _set(thing: set[Any]) -> View:
    return View(type(thing).__name__, list(thing), ordered=False)


@view.register(range)
@view.register(slice)
def _range(thing: Any) -> View:
    return View(type(thing).__name__, [thing.start, thing.stop, thing.step])


@view.register(bytearray)
@view.register(memoryview)
def _buffer(thing: Any) -> View:
    return View(type(thing).__name__, [bytes(thing)])


@view.register(enum.Enum)
def _member(thing: enum.Enum) -> View:
    return View("member", [type(thing), thing.name])


def _derived(plain: type) -> None:
    """Register the subclasses of a scalar (the scalars themselves never come here)."""
    view.register(plain, lambda thing: View("derived", [type(thing), plain(thing)]))


for _plain in (int, float, complex, str, bytes):
    _derived(_plain)
