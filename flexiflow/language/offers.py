"""What stands between the bars, evaluated once and made candidates with unique names.

A candidate is called by its source text, unless it was given a name: by ``named(...)``, by
``candidate(..., name=...)`` or by the key of a dict in ``any_of(...)``. The models of a list
are called by their own names, numbered where two are alike.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from flexiflow.candidates import Alternatives, Candidate, Declared, Named, adopt
from flexiflow.errors import FlexiFlowError
from flexiflow.language.alternation import alternatives, is_alternation
from flexiflow.language.expressions import Expressions
from flexiflow.language.grammar import BELONGS, CANDIDATE, REFUSED_CANDIDATES


def candidates_of(expressions: Expressions, function: ast.expr) -> tuple[Candidate, ...]:
    """Make the candidates of a node from what stands before its call.

    Parameters
    ----------
    expressions
        Evaluates in the user's namespace.
    function
        ``a``, ``any_of(models)`` or ``a | b | c``; the tree is used up.

    Raises
    ------
    WorkflowSyntaxError
        If an alternative breaks a rule, cannot be evaluated, or is no model.
    """
    if isinstance(function, ast.Lambda) and is_alternation(function.body):
        raise expressions.source.error(
            function,
            "a lambda between bars needs parentheses",
            "Write (a | (lambda x: ...) | b)(x).",
        )
    _check_flat(expressions, function)
    found: dict[str, Candidate] = {}
    for node in alternatives(function):
        text = _text(expressions, node)
        for name, model in _offered(_evaluated(expressions, node), text):
            _adopt(expressions, node, name or _free(_own_name(model), found), model, found)
    return tuple(found.values())


def _check_flat(expressions: Expressions, function: ast.expr) -> None:
    while is_alternation(function):
        if is_alternation(function.right):
            raise expressions.source.error(
                function.right, "alternatives are nested", "Write them in one row: (a | b | c)(x)."
            )
        function = function.left


def _evaluated(expressions: Expressions, node: ast.expr) -> Any:
    """Evaluate one alternative, unless its form shows that it is none."""
    if type(node) in REFUSED_CANDIDATES:
        raise expressions.source.error(node, *REFUSED_CANDIDATES[type(node)])
    word = expressions.scope.word(node.func if isinstance(node, ast.Call) else node)
    if word and (word not in CANDIDATE.words or not isinstance(node, ast.Call)):
        message = f"{word!r} is a word of the language and no candidate"
        raise expressions.source.error(node, message, BELONGS[word])
    return expressions.evaluate(node, CANDIDATE)


def _text(expressions: Expressions, node: ast.expr) -> str:
    """Give the source text of a model, without the options around it."""
    while isinstance(node, ast.Call) and expressions.scope.word(node.func) == "candidate":
        load = [k.value for k in node.keywords if k.arg == "load"]
        inner = [*node.args, *load]
        if not inner:
            break
        node = inner[0]
    return expressions.source.segment(node)


def _offered(value: Any, text: str) -> Iterator[tuple[str | None, Any]]:
    """Give (name, model) for what one alternative offers; None for a model to be named."""
    if isinstance(value, (Named, Alternatives)):
        for name, model in value.models:
            if isinstance(model, (Named, Alternatives)):
                yield from _offered(model, text)
            else:
                yield name or _declared_name(model), model
    else:
        yield _declared_name(value) or text, value


def _declared_name(model: Any) -> str | None:
    return model.name if isinstance(model, Declared) else None


def _own_name(model: Any) -> str:
    inner = model.options.load or model.model if isinstance(model, Declared) else model
    own = getattr(inner, "__name__", None)
    return own if isinstance(own, str) else type(inner).__name__


def _free(name: str, taken: dict[str, Candidate]) -> str:
    """Number a name that is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _adopt(
    expressions: Expressions, node: ast.expr, name: str, model: Any, found: dict[str, Candidate]
) -> None:
    error = expressions.source.error
    if name in found:
        raise error(
            node,
            f"two candidates of this node are called {name!r}",
            f"Give one of them another name: named(other={expressions.source.segment(node)}).",
        )
    if isinstance(model, Declared):
        model = model._replace(name=name)
    try:
        found[name] = adopt(model, name)
    except Exception as cause:  # also whatever a strange object does when it is looked at
        kind = type(model.model if isinstance(model, Declared) else model).__name__
        said = cause if isinstance(cause, FlexiFlowError) else f"{type(cause).__name__}: {cause}"
        raise error(
            node, f"{name} is of type {kind} and cannot be a candidate", str(said)
        ) from cause
