"""A workflow while it is being read."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from flexiflow.graph import Assertion, Expression, Node, Objective
from flexiflow.language.expressions import Expressions
from flexiflow.language.source import Source


@dataclass
class Draft:
    """The parts that have been read so far."""

    expressions: Expressions
    nodes: list[Node] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    context: list[Expression] = field(default_factory=list)
    output: Expression | None = None
    _said: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The text that is read."""
        return self.expressions.source

    def once(self, what: str, text: str, where: ast.stmt | ast.expr) -> None:
        """Refuse what was said before: records tell assertions, terms and features by text."""
        line = self._said.get((what, text))
        if line is not None:
            message = f"this {what} stands already on line {line}"
            raise self.source.error(where, message, "Leave one of them out.")
        self._said[what, text] = where.lineno
