"""A node, ``x = (a | b | c)(args, ...)``: its names, its candidates, its arguments."""

from __future__ import annotations

import ast

from flexiflow.graph import Expression, Node
from flexiflow.language.alternation import alternatives, is_alternation
from flexiflow.language.draft import Draft
from flexiflow.language.grammar import ARGUMENT, NODE, REFUSED_EXPRESSIONS, REFUSED_VALUES
from flexiflow.language.header import check_name
from flexiflow.language.offers import candidates_of


def read_node(draft: Draft, statement: ast.Assign) -> None:
    """Read ``x = (a | b)(y)`` and add the node.

    Raises
    ------
    WorkflowSyntaxError
        If a rule of the language is broken.
    """
    targets = _targets(draft, statement)
    call = _call(draft, statement.value)
    candidates = candidates_of(draft.expressions, call.func)
    args: list[Expression] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            raise draft.source.error(
                argument, "arguments are written one by one, without *", f"Write {NODE}."
            )
        args.append(draft.expressions.compile(argument, ARGUMENT))
    kwargs: list[tuple[str, Expression]] = []
    for keyword in call.keywords:
        if keyword.arg is None:
            raise draft.source.error(
                keyword, "arguments are written one by one, without **", "Write x = a(y, size=3)."
            )
        kwargs.append((keyword.arg, draft.expressions.compile(keyword.value, ARGUMENT)))
    name = ", ".join(targets)
    draft.nodes.append(
        Node(name, targets, candidates, tuple(args), tuple(kwargs), statement.lineno)
    )
    draft.expressions.scope.made.update(targets)


def target_names(statement: ast.Assign) -> list[ast.Name]:
    """Give the plain names to the left of ``=``, one by one."""
    parts = (p for t in statement.targets for p in (t.elts if isinstance(t, ast.Tuple) else [t]))
    return [part for part in parts if isinstance(part, ast.Name)]


def _targets(draft: Draft, statement: ast.Assign) -> tuple[str, ...]:
    """Check the names that a node makes."""
    error, scope = draft.source.error, draft.expressions.scope
    if len(statement.targets) > 1:
        message = "a node has one name, not a chain of '='"
        raise error(statement.targets[1], message, f"Write {NODE} and use x.")
    target = statement.targets[0]
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    if isinstance(target, ast.Tuple) and len(parts) < 2:
        message = "several names are unpacked from a tuple; here are fewer than two"
        raise error(target, message, f"Write {NODE}, or x, z = (a | b)(y).")
    seen: set[str] = set()
    for part in parts:
        if not isinstance(part, ast.Name):
            message = "a node is given a plain name"
            raise error(part, message, f"Write {NODE}, or x, z = (a | b)(y).")
        check_name(draft.source, part, part.id, "a node")
        if part.id in scope.inputs:
            message = f"{part.id!r} is an input and cannot be made again"
            raise error(part, message, "Give the node its own name.")
        if part.id in scope.made or part.id in seen:
            line = scope.targets[part.id]
            message = f"{part.id!r} is made already, on line {line}"
            raise error(part, message, "Every value has its own name; choose another.")
        seen.add(part.id)
    return tuple(part.id for part in parts if isinstance(part, ast.Name))


def _call(draft: Draft, value: ast.expr) -> ast.Call:
    """Check that what stands to the right of ``=`` is a call of candidates."""
    error = draft.source.error
    if isinstance(value, ast.Call):
        word = draft.expressions.scope.word(value.func)
        if word in ("any_of", "candidate", "named"):
            message = f"{word}(...) names candidates; it is not called on anything here"
            raise error(value, message, f"Write x = {word}(...)(y).")
        return value
    refused = {**REFUSED_VALUES, **REFUSED_EXPRESSIONS}.get(type(value))
    if refused:
        raise error(value, *refused)
    if is_alternation(value):
        if isinstance(alternatives(value)[-1], ast.Call):
            message = "only the last candidate is called here"
            raise error(value, message, f"Put the alternatives in parentheses: {NODE}.")
        message = "the alternatives are not called on anything"
        raise error(value, message, f"Write what they are given: {NODE}.")
    raise error(
        value,
        "a node is a call of a model, and this is none",
        "Put the expression into an argument or an assertion, or into a function and call that.",
    )
