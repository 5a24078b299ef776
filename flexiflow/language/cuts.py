"""Assertions that are one comparison with a threshold: what is compared, and by which groups."""

from __future__ import annotations

import ast
import copy
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from flexiflow.graph import Cut, Expression
from flexiflow.language.draft import Draft
from flexiflow.language.grammar import ASSERTION

_HOLDS: dict[type[ast.cmpop], tuple[Callable[[Any, Any], Any], bool]] = {
    ast.GtE: (operator.ge, True),
    ast.Gt: (operator.gt, True),
    ast.LtE: (operator.le, False),
    ast.Lt: (operator.lt, False),
}


class Compared(NamedTuple):
    """The parts of a comparison, before they are compiled."""

    statistic: ast.expr
    by: ast.expr | None
    holds: Callable[[Any, float], bool]
    upper: bool

    def read(self, draft: Draft, test: Expression) -> Cut:
        """Compile the parts; ``test`` is the whole comparison.

        Raises
        ------
        WorkflowSyntaxError
            If the groups are not known when the comparison is made.
        """
        name = next(r.name for r in test.reads if r.what == "threshold")
        statistic = draft.expressions.compile(self.statistic, ASSERTION)
        if self.by is None:
            return Cut(statistic, self.holds, self.upper, name, None)
        node = self.by
        by = draft.expressions.compile(node, ASSERTION)
        late = sorted(by.names - test.names - set(draft.expressions.scope.inputs))
        if late:
            raise draft.source.error(
                node,
                f"by= reads {late[0]!r}, which the comparison does not",
                "Group by an input, or by what the comparison reads: "
                "confidence(x) >= threshold(0.75, by=x).",
            )
        return Cut(statistic, self.holds, self.upper, name, by)


def take_cut(draft: Draft, test: ast.expr) -> Compared | None:
    """Take ``by=`` out of a test that is one comparison with a threshold; None if it is none."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or type(test.ops[0]) not in _HOLDS:
        return None
    sides = (test.left, test.comparators[0])
    calls = [side for side in sides if _is_threshold(draft, side)]
    inside = [n for side in sides for n in ast.walk(side) if _is_threshold(draft, n)]
    if len(calls) != 1 or len(inside) != 1:
        return None
    call = calls[0]
    assert isinstance(call, ast.Call)
    by = _take_by(call)
    compare, upper = _HOLDS[type(test.ops[0])]
    statistic, turned = (sides[0], False) if call is sides[1] else (sides[1], True)
    if turned:
        return Compared(copy.deepcopy(statistic), by, _Turned(compare), not upper)
    return Compared(copy.deepcopy(statistic), by, compare, upper)


def _take_by(call: ast.Call) -> ast.expr | None:
    """Take ``by`` out of a call, by its name or as its third argument."""
    for keyword in call.keywords:
        if keyword.arg == "by":
            call.keywords.remove(keyword)
            return keyword.value
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return call.args.pop() if len(call.args) == 3 and not starred else None


class _Turned:
    """A comparison with its sides exchanged."""

    def __init__(self, compare: Callable[[Any, Any], Any]) -> None:
        self._compare = compare

    def __call__(self, statistic: Any, number: float) -> Any:
        return self._compare(number, statistic)


def _is_threshold(draft: Draft, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and draft.expressions.scope.word(node.func) == "threshold"
