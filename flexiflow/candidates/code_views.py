"""What a digest sees of code: what it does, not where it stands.

A user's own function is its bytecode, constants, defaults, closed-over values, and the
things of its module that it refers to by name. A library's function or class is its name
and the library's version. A function is a library's if its module is the standard
library's or stands in ``site-packages``.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

from flexiflow.candidates.views import View, vars_of, view

_CALL_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200
"""Of ``co_flags``: star arguments, generator, coroutine kinds; the rest says where it stands."""

_HAS_DOCSTRING = 0x4000000  # inspect.CO_HAS_DOCSTRING, from Python 3.13 on

_NOISE = frozenset(
    [
        *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__firstlineno__"),
        *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
        *("__static_attributes__", "__abstractmethods__", "_abc_impl", "__classdictcell__"),
    ]
)
"""Members of a class that say where it stands, not what it does."""


@functools.cache
def is_library(module: str) -> bool:
    """Whether a module is not the user's own: the standard library's, or an installed one.

    Examples
    --------
    >>> is_library("json"), is_library("numpy"), is_library("__main__")
    (True, True, False)
    """
    top = module.partition(".")[0]
    if top in ("", "__main__", "__mp_main__"):
        return False
    if top in sys.stdlib_module_names:
        return True
    found = sys.modules.get(module) or sys.modules.get(top)
    file = getattr(found, "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def _address(thing: Any) -> list[str]:
    """Name a library's thing: module, name, version."""
    module = str(getattr(thing, "__module__", None) or "")
    top = module.partition(".")[0]
    version = getattr(sys.modules.get(top), "__version__", "")
    if top in sys.stdlib_module_names:
        version = "{}.{}".format(*sys.version_info)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "")
    return [module, str(name), version if isinstance(version, str) else ""]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)


def _constants(code: types.CodeType) -> list[Any]:
    consts = list(code.co_consts)
    new = sys.version_info >= (3, 13)
    documented = bool(code.co_flags & _HAS_DOCSTRING) if new else code.co_name != "<lambda>"
    if documented and consts and isinstance(consts[0], str):
        consts[0] = None
    return consts


@view.register(types.CodeType)
def _code(thing: types.CodeType) -> View:
    count = thing.co_argcount + thing.co_kwonlyargcount
    counts = [thing.co_argcount, thing.co_posonlyargcount, thing.co_kwonlyargcount]
    return View(
        "code",
        [
            thing.co_code,
            thing.co_exceptiontable,
            _constants(thing),
            thing.co_names,
            thing.co_varnames[:count],
            counts,
            thing.co_flags & _CALL_FLAGS,
        ],
    )


def _referred(function: types.FunctionType) -> dict[str, Any]:
    """The things of its module that a function uses, by name; of modules, what it uses there."""
    codes = list(_codes(function.__code__))
    words = {name for code in codes for name in code.co_names}
    loads = {
        step.argval
        for code in codes
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    found: dict[str, Any] = {}
    queue = [(n, function.__globals__[n]) for n in sorted(loads) if n in function.__globals__]
    seen: set[str] = set()
    while queue:
        name, value = queue.pop()
        found[name] = value
        own = isinstance(value, types.ModuleType) and not is_library(value.__name__)
        if own and value.__name__ not in seen:
            seen.add(value.__name__)
            inside = vars(value)
            queue += [(f"{name}.{word}", inside[word]) for word in sorted(words & inside.keys())]
    return found


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return "empty"


@view.register(types.FunctionType)
def _function(thing: types.FunctionType) -> View:
    closure = [_cell(c) for c in thing.__closure__ or ()]
    bound = [thing.__defaults__, thing.__kwdefaults__, closure]
    if is_library(thing.__module__ or ""):
        return View("library function", [*_address(thing), *bound])
    return View("function", [thing.__code__, *bound, vars_of(thing), _referred(thing)])


@view.register(types.MethodType)
def _method(thing: types.MethodType) -> View:
    return View("method", [thing.__func__, thing.__self__])


@view.register(types.BuiltinFunctionType)
@view.register(types.MethodWrapperType)
def _builtin(thing: Any) -> View:
    owner = getattr(thing, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        return View("builtin", _address(thing))
    return View("builtin method", [owner, thing.__name__])


@view.register(types.MethodDescriptorType)
@view.register(types.WrapperDescriptorType)
@view.register(types.ClassMethodDescriptorType)
@view.register(types.MemberDescriptorType)
@view.register(types.GetSetDescriptorType)
def _descriptor(thing: Any) -> View:
    return View("descriptor", [thing.__objclass__.__qualname__, thing.__name__])


@view.register(functools.partial)
def _partial(thing: functools.partial[Any]) -> View:
    return View("partial", [thing.func, thing.args, thing.keywords])


@view.register(staticmethod)
@view.register(classmethod)
def _unbound(thing: Any) -> View:
    return View(type(thing).__name__, [thing.__func__])


@view.register(property)
def _property(thing: property) -> View:
    return View("property", [thing.fget, thing.fset, thing.fdel])


@view.register(types.ModuleType)
def _module(thing: types.ModuleType) -> View:
    version = getattr(thing, "__version__", "")
    return View("module", [thing.__name__, version if isinstance(version, str) else ""])


@view.register(type)
def _class(thing: type) -> View:
    if is_library(thing.__module__):
        return View("library class", _address(thing))
    members = {k: v for k, v in vars(thing).items() if k not in _NOISE}
    return View("class", [thing.__qualname__, list(thing.__bases__), members])
