"""Bars between candidates: ``(a | b | c)``."""

from __future__ import annotations

import ast
from typing import TypeGuard


def is_alternation(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """Whether two things stand to the left and right of a bar."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def alternatives(node: ast.expr) -> list[ast.expr]:
    """Give what stands between the bars, from left to right; brackets make no difference.

    Examples
    --------
    >>> [a.id for a in alternatives(ast.parse("(a | b) | c", mode="eval").body)]
    ['a', 'b', 'c']
    """
    found: list[ast.expr] = []
    waiting = [node]
    while waiting:
        last = waiting.pop()
        if is_alternation(last):
            waiting += [last.right, last.left]
        else:
            found.append(last)
    return found
