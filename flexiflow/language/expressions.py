"""An expression of the text, compiled once into a function of what it reads.

Names of inputs and nodes become parameters, and so do the words: ``confidence(text)`` a
number, ``extra(text, "boxes")`` an item of the extras, ``threshold(0.75)``, ``runtime`` and
``cost`` numbers. All other names are globals, taken from the snapshot of the scope.
The compiled code keeps the user's file name, lines and columns for tracebacks.
"""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import Any

from flexiflow.errors import FlexiFlowError
from flexiflow.graph import Expression
from flexiflow.language.grammar import START, Place
from flexiflow.language.rewriting import Rewriter
from flexiflow.language.scope import Scope

MOST = 1e300
"""Beyond it sums of numbers are no longer finite."""


class Expressions:
    """Compiles the expressions of one text; collects its thresholds.

    Parameters
    ----------
    scope
        The names of the workflow.
    name
        What tracebacks call the code: the workflow's name.
    """

    def __init__(self, scope: Scope, name: str) -> None:
        self.source, self.scope, self.name = scope.source, scope, name
        self.thresholds: dict[str, float] = {}
        self._unnamed = 0

    def compile(self, node: ast.expr, place: Place, text: str | None = None) -> Expression:
        """Make the function of an expression; the tree is used up.

        Parameters
        ----------
        text
            How it is written; None: as in the source.

        Raises
        ------
        WorkflowSyntaxError
            If it breaks a rule of the language, or Python cannot compile it.
        """
        text, line = text or self.source.segment(node), node.lineno
        rewriter = Rewriter(self.scope, place, self._note_threshold)
        body = rewriter.visit(node)
        if isinstance(body, ast.Name) and body.id in rewriter.reads.values():
            text = body.id  # one and the same, however it was imported or spelt
        parameters = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name) for name in rewriter.reads.values()],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        whole = self._code(ast.copy_location(ast.Lambda(parameters, body), body))
        code = next(c for c in whole.co_consts if isinstance(c, CodeType))
        code = code.replace(co_name=self.name, co_qualname=self.name)
        function = FunctionType(code, self.scope.bound, self.name)
        return Expression(text, line, tuple(rewriter.reads), function, tuple(rewriter.words))

    def evaluate(self, node: ast.expr, place: Place) -> Any:
        """Evaluate an expression now, among the user's own names; the tree is used up.

        Raises
        ------
        WorkflowSyntaxError
            If it breaks a rule, or raises; the exception is then its cause.
        """
        text = self.source.segment(node)
        code = self._code(Rewriter(self.scope, place, self._note_threshold).visit(node))
        try:
            return eval(code, self.scope.bound)
        except Exception as cause:
            said = f"{text} raised {type(cause).__name__}: {cause}"
            raise self.source.error(
                node,
                f"{place.called} could not be made: "
                f"{cause if isinstance(cause, FlexiFlowError) else said}",
                "It is evaluated when the workflow is defined; try it in a cell of its own.",
            ) from cause

    def number(self, node: ast.expr, place: Place) -> float:
        """Evaluate a finite number, at once."""
        text = self.source.segment(node)
        value = self.evaluate(node, place)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not abs(value) < MOST:
            kind = type(value).__name__
            message = f"{place.called} is a finite number, and {text} is none ({kind})"
            raise self.source.error(node, message, "Write a number such as 0.75.")
        return float(value)

    def _code(self, node: ast.expr) -> CodeType:
        tree = ast.fix_missing_locations(ast.Expression(node))
        try:
            return compile(tree, self.source.code_name, "eval", dont_inherit=True)
        except SyntaxError as cause:
            raise self.source.from_python(cause) from cause

    def _note_threshold(self, call: ast.Call, start: ast.expr, name: str | None) -> str:
        """Evaluate and keep a threshold; return its key."""
        value = self.number(start, START)
        if name is None:
            self._unnamed += 1
            name = f"threshold {self._unnamed}"
        if self.thresholds.setdefault(name, value) != value:
            raise self.source.error(
                call,
                f"the threshold {name!r} starts at {self.thresholds[name]} and at {value}",
                "Thresholds of one name are one number: start them alike, or rename one.",
            )
        return name
