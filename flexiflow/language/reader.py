"""From a definition to a graph, and the first door to the language: a cell's text.

A definition is a header and the statements of a body, whose lines are those of the text (or
the file) that the user sees. Nothing of it runs but what is fixed at the definition:
candidates, defaults, weights, and the starts of thresholds.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flexiflow.graph import Graph, Input
from flexiflow.language.draft import Draft
from flexiflow.language.expressions import Expressions
from flexiflow.language.grammar import DEFAULT
from flexiflow.language.header import Header, Parameter, read_header
from flexiflow.language.nodes import target_names
from flexiflow.language.scope import Scope
from flexiflow.language.source import TOO_DEEP, Source
from flexiflow.language.statements import read_statement
from flexiflow.language.whole import check_whole, finish


class Definition(NamedTuple):
    """A workflow as it is written: header, statements, and where the text ends."""

    header: Header
    body: Sequence[ast.stmt]
    text: str
    end: tuple[int, int]


def read(text: str, namespace: Mapping[str, Any], *, filename: str = "<workflow>") -> Graph:
    """Read a workflow from its text.

    Parameters
    ----------
    text
        The header, ``name(inputs...)``, on the first line; then the body.
    namespace
        The names that the text may use; the objects are bound now.
    filename
        What errors and tracebacks call the text.

    Returns
    -------
    Graph
        Nodes, assertions and objectives, checked and compiled.

    Raises
    ------
    WorkflowSyntaxError
        If the text breaks a rule of the language; it shows the line and what to write.

    Examples
    --------
    >>> graph = read('''shout(text)
    ... loud = (str.upper | str.title)(text)
    ... assert loud != text, "nothing changed"
    ... ''', {})
    >>> [c.name for c in graph.nodes[0].candidates]
    ['str.upper', 'str.title']
    >>> graph.assertions[0].test.function("hi", "HI")
    True
    """
    source = Source(text, filename)
    header = read_header(source)
    body = source.parse("\n" + "\n".join(source.lines[1:])).body
    end = (len(source.text.rstrip().split("\n")), 0)
    definition = Definition(header, body, source.text, end)
    return read_definition(source, definition, namespace, {}, None)


def read_definition(
    source: Source,
    definition: Definition,
    namespace: Mapping[str, Any],
    below: Mapping[str, int],
    defaults: Mapping[str, Any] | None,
) -> Graph:
    """Turn a definition into a graph.

    Parameters
    ----------
    below
        Name -> the line below the workflow that defines it.
    defaults
        The inputs' defaults if they are known; None: evaluate them.
    """
    header, (doc, statements) = definition.header, _split(definition.body)
    inputs = tuple(p.name for p in header.parameters)
    scope = Scope(source, namespace, inputs, _targets(statements), below)
    draft = Draft(Expressions(scope, header.name))
    known = [_input(draft, p, defaults) for p in header.parameters]
    for statement in statements:
        try:
            read_statement(draft, statement)
        except TOO_DEEP as cause:
            raise source.too_deep(statement) from cause
    finish(draft, definition.end)
    graph = Graph(
        header.name,
        tuple(known),
        tuple(draft.nodes),
        tuple(draft.assertions),
        tuple(draft.objectives),
        tuple(draft.context),
        draft.output,
        dict(draft.expressions.thresholds),
        definition.text,
        doc,
    )
    check_whole(source, graph)
    return graph


def _split(body: Sequence[ast.stmt]) -> tuple[str, Sequence[ast.stmt]]:
    """Take the docstring off a body."""
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return inspect.cleandoc(first.value), body[1:]
    return "", body


def _targets(statements: Sequence[ast.stmt]) -> dict[str, int]:
    """Give each name that a node makes, with the first line that makes it."""
    found: dict[str, int] = {}
    for statement in statements:
        for target in target_names(statement) if isinstance(statement, ast.Assign) else ():
            found.setdefault(target.id, statement.lineno)
    return found


def _input(draft: Draft, parameter: Parameter, defaults: Mapping[str, Any] | None) -> Input:
    if parameter.default is None:
        return Input(parameter.name)
    if defaults is not None:
        return Input(parameter.name, required=False, default=defaults[parameter.name])
    try:
        default = draft.expressions.evaluate(parameter.default, DEFAULT)
    except TOO_DEEP as cause:
        raise draft.source.too_deep(parameter.node) from cause
    return Input(parameter.name, required=False, default=default)
