"""One function per statement of the language: it checks the statement and adds its part."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Literal

from flexiflow.candidates.fingerprint import fingerprint
from flexiflow.graph import Assertion, Objective
from flexiflow.language.cuts import take_cut
from flexiflow.language.draft import Draft
from flexiflow.language.grammar import (
    ASSERTION,
    BELONGS,
    FEATURE,
    NODE,
    OBJECTIVE,
    OUTPUT,
    REFUSED_EXPRESSIONS,
    REFUSED_STATEMENTS,
    WEIGHT,
)
from flexiflow.language.nodes import read_node


def read_statement(draft: Draft, statement: ast.stmt) -> None:
    """Read one statement and add what it says.

    Raises
    ------
    WorkflowSyntaxError
        If it breaks a rule of the language.
    """
    error = draft.source.error
    if type(statement) in REFUSED_STATEMENTS:
        raise error(statement, *REFUSED_STATEMENTS[type(statement)])
    if draft.output is not None:
        raise error(statement, "nothing is read after 'return'", "Put 'return' last.")
    if isinstance(statement, ast.Assign):
        read_node(draft, statement)
    elif isinstance(statement, ast.Assert):
        _read_assertion(draft, statement)
    elif isinstance(statement, ast.Return):
        _read_output(draft, statement)
    elif isinstance(statement, ast.Expr):
        _read_said(draft, statement.value)
    else:
        message = f"{type(statement).__name__} is not a step"
        raise error(statement, message, f"A workflow is made of nodes, {NODE}, and assertions.")


def _read_assertion(draft: Draft, statement: ast.Assert) -> None:
    error = draft.source.error
    if isinstance(statement.test, ast.Tuple):
        message = "a tuple is always true"
        raise error(statement.test, message, "Write assert test, message without parentheses.")
    text = draft.source.segment(statement.test)
    cut = take_cut(draft, statement.test)
    test = draft.expressions.compile(statement.test, ASSERTION, text)
    if not test.names:
        message = "the assertion reads no input and no node, so it says nothing of a job"
        raise error(statement, message, "Assert something of a value: assert is_valid(x).")
    draft.once("assertion", test.text, statement)
    message_node = statement.msg
    told = draft.expressions.compile(message_node, ASSERTION) if message_node else None
    mark = fingerprint(test.text, test.function)
    found = cut and cut.read(draft, test)
    draft.assertions.append(Assertion(test.text, test, told, statement.lineno, mark, found))


def _read_output(draft: Draft, statement: ast.Return) -> None:
    if statement.value is None:
        raise draft.source.error(statement, "'return' names no output", "Write return x.")
    output = draft.expressions.compile(statement.value, OUTPUT)
    if not output.names:
        message = "the output reads no input and no node, so it is the same for every job"
        raise draft.source.error(statement, message, "Return what a node made: return x.")
    draft.output = output


def _read_said(draft: Draft, value: ast.expr) -> None:
    """Read a statement that is an expression: maximize, minimize or context."""
    error = draft.source.error
    if type(value) in REFUSED_EXPRESSIONS:
        raise error(value, *REFUSED_EXPRESSIONS[type(value)])
    if isinstance(value, ast.Compare):
        message = "a comparison on its own checks nothing"
        raise error(value, message, "Write assert in front of it.")
    if not isinstance(value, ast.Call):
        message = "a value on its own does nothing"
        raise error(value, message, f"A node gives it a name, {NODE}; an assertion checks it.")
    word = draft.expressions.scope.word(value.func)
    if word in SAID:
        SAID[word](draft, value)
    elif word:
        message = f"{word!r} does not stand on a line of its own"
        raise error(value, message, BELONGS[word])
    else:
        message = "a call on its own is not a step: its value has no name"
        raise error(value, message, f"Write {NODE}.")


def _read_objective(draft: Draft, call: ast.Call, word: str, sign: Literal[1, -1]) -> None:
    error = draft.source.error
    rest, usage = call.args[1:], f"Write {word}(expression) or {word}(expression, weight=0.5)."
    weights = [*rest, *(k.value for k in call.keywords)]
    known = all(k.arg == "weight" for k in call.keywords)
    starred = any(isinstance(a, ast.Starred) for a in call.args)
    if not call.args or len(weights) > 1 or not known or starred:
        raise error(call, f"{word} takes one expression and a weight", usage)
    expression = draft.expressions.compile(call.args[0], OBJECTIVE)
    if not expression.reads:
        message = "the objective reads no input and no node, so nothing can change it"
        raise error(call, message, usage)
    draft.once("term", expression.text, call)
    weight = draft.expressions.number(weights[0], WEIGHT) if weights else 1.0
    if weight <= 0:
        message = f"a weight is a positive number, and this is {weight:g}"
        raise error(weights[0], message, "Swap maximize and minimize, or leave the term out.")
    draft.objectives.append(Objective(expression.text, expression, sign, weight, call.lineno))


def _read_context(draft: Draft, call: ast.Call) -> None:
    error, usage = draft.source.error, "Write context(size(image), language)."
    if not call.args or call.keywords or any(isinstance(a, ast.Starred) for a in call.args):
        raise error(call, "context takes expressions, one per feature", usage)
    for node in call.args:
        feature = draft.expressions.compile(node, FEATURE)
        if not feature.names:
            message = "the feature reads no input and no node, so it is the same for every job"
            raise error(node, message, usage)
        draft.once("feature", feature.text, node)
        draft.context.append(feature)


SAID: dict[str, Callable[[Draft, ast.Call], None]] = {
    "maximize": lambda draft, call: _read_objective(draft, call, "maximize", 1),
    "minimize": lambda draft, call: _read_objective(draft, call, "minimize", -1),
    "context": _read_context,
}
"""The words that are statements."""
