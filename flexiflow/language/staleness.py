"""Whether a workflow still means what the notebook's names mean now."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from flexiflow.candidates.fingerprint import fingerprint
from flexiflow.graph import Graph
from flexiflow.language.words import WORDS

_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def stale(graph: Graph, namespace: Mapping[str, Any]) -> list[str]:
    r"""Name the helpers and models that have been redefined since the workflow was read.

    Parameters
    ----------
    graph
        A workflow; it goes on with the objects that it has bound.
    namespace
        The names as they are now.

    Returns
    -------
    list of str
        Sorted. A function that was run again unchanged, or an equal constant, is not stale.

    Examples
    --------
    >>> from flexiflow.language import read
    >>> graph = read("f(x)\ny = (abs)(x)\nassert y < LIMIT", {"LIMIT": 3})
    >>> stale(graph, {"LIMIT": 3}), stale(graph, {"LIMIT": 4})
    ([], ['LIMIT'])
    """
    return sorted(
        name
        for name, was in _bound(graph).items()
        if name in namespace and _differ(was, namespace[name])
    )


def _bound(graph: Graph) -> dict[str, Any]:
    """Give the user's own objects that a workflow has bound, by name."""
    function = graph.output.function if graph.output else None
    bound = function.__globals__ if isinstance(function, FunctionType) else {}
    return {
        name: thing
        for name, thing in bound.items()
        if name not in WORDS and name not in ("__builtins__", "__name__")
    }


def _differ(was: Any, now: Any) -> bool:
    if was is now:
        return False
    if type(was) is not type(now):
        return True
    if isinstance(was, _PLAIN):
        return bool(was != now)
    if isinstance(was, (FunctionType, type)):
        return fingerprint(was) != fingerprint(now)
    return True
