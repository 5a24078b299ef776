"""The user's text: its lines, the places in it, and what Python itself says of it.

Lines are those that Python counts (only a line feed ends one), columns are characters.
"""

from __future__ import annotations

import ast
import hashlib
import linecache
import os
import re
from functools import cached_property

from flexiflow.errors import WorkflowSyntaxError

TOO_DEEP = (RecursionError, MemoryError, SystemError)
"""What Python raises for text that is nested too deeply (SystemError: its recursion guard)."""

OTHER_BREAKS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What ``str.splitlines`` takes for the end of a line and Python does not."""

SHELL = "Notebook commands (!, %, ?) do not run inside a workflow; run them in a cell of their own."


class Source:
    r"""The text of a definition, in which errors can be shown.

    Parameters
    ----------
    text
        The whole text; a byte order mark and foreign line ends are taken out.
    filename
        What tracebacks and errors call it.

    Raises
    ------
    WorkflowSyntaxError
        If the text holds a null byte or half a character (a lone surrogate).

    Examples
    --------
    >>> source = Source("f(x)\r\ny = g(x)", "cell")
    >>> source.lines
    ['f(x)', 'y = g(x)']
    """

    def __init__(self, text: str, filename: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.filename = filename
        self.lines = self.text.split("\n")
        broken = re.search("[\0\ud800-\udfff]", self.text)
        if broken:
            line = self.text.count("\n", 0, broken.start()) + 1
            column = broken.start() - (self.text.rfind("\n", 0, broken.start()) + 1)
            self.text = re.sub("[\0\ud800-\udfff]", "\ufffd", self.text)
            raise self.error(
                (line, column),
                f"the text holds the character {broken.group()!a}, which Python cannot read",
                "Delete it; it often comes from a broken copy of a file.",
            )

    @cached_property
    def _shown(self) -> str:
        return OTHER_BREAKS.sub(" ", self.text)

    def error(
        self, where: ast.AST | tuple[int, int], message: str, hint: str = ""
    ) -> WorkflowSyntaxError:
        """Make the error that points at a node, or at (line from 1, character from 0)."""
        line, column = self.place(where) if isinstance(where, ast.AST) else where
        line = min(max(line, 1), len(self.lines))
        column = min(max(column, 0), len(self.lines[line - 1]))
        return WorkflowSyntaxError(message, hint, line, column, self._shown, self.filename)

    def place(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins: its line, from 1, and its character in it, from 0."""
        line = min(max(getattr(node, "lineno", 1), 1), len(self.lines))
        return line, self._characters(line, getattr(node, "col_offset", 0))

    def _characters(self, line: int, octets: int) -> int:
        """Turn Python's columns, which count UTF-8 bytes, into characters."""
        shown = self.lines[line - 1]
        return octets if shown.isascii() else len(shown.encode()[:octets].decode(errors="ignore"))

    def segment(self, node: ast.expr) -> str:
        """Give the user's own text of an expression, on one line."""
        if node.lineno == node.end_lineno and node.end_col_offset is not None:
            begin, end = (
                self._characters(node.lineno, c) for c in (node.col_offset, node.end_col_offset)
            )
            return self.lines[node.lineno - 1][begin:end]
        try:
            return " ".join(ast.unparse(node).split("\n"))
        except ValueError:  # a number with more digits than Python writes out
            last = node.end_lineno or node.lineno
            return " ".join(" ".join(self.lines[node.lineno - 1 : last]).split())

    def parse(self, code: str) -> ast.Module:
        """Parse Python whose lines and columns are those of this text."""
        try:
            return ast.parse(code, self.filename)
        except SyntaxError as cause:
            raise self.from_python(cause) from cause
        except TOO_DEEP as cause:
            longest = max(range(len(self.lines)), key=lambda i: len(self.lines[i]))
            raise self.too_deep((longest + 1, 0)) from cause

    def too_deep(self, where: ast.AST | tuple[int, int]) -> WorkflowSyntaxError:
        """Make the error for text that Python cannot take in."""
        return self.error(
            where,
            "this is nested too deeply to be read",
            "Move a part of it into a function, and call that.",
        )

    def from_python(self, cause: SyntaxError) -> WorkflowSyntaxError:
        """Make the error that shows Python's own message at the right place."""
        where = (cause.lineno or 1, (cause.offset or 1) - 1)
        line = self.lines[min(max(where[0], 1), len(self.lines)) - 1]
        before, after = line[: where[1]].rstrip(), line[where[1] :]
        magic = after.startswith("%") and before.endswith("=")
        if magic or after.startswith(("!", "?")) or line.lstrip().startswith(("!", "%", "?")):
            return self.error(where, "this is no Python", SHELL)
        if before.endswith("|") and after.startswith("lambda"):
            return self.error(
                where,
                "a lambda between bars needs parentheses",
                "Write (a | (lambda x: ...) | b)(x).",
            )
        message, hint = f"Python cannot read this: {cause.msg}", ""
        if isinstance(cause, IndentationError):
            where = (where[0], len(line) - len(line.lstrip()))
            hint = "Begin every statement of the workflow at the same margin."
        return self.error(where, message, hint)

    @cached_property
    def code_name(self) -> str:
        """The file name of compiled code, under which tracebacks find the user's own lines."""
        if os.path.isfile(self.filename) or self._known_as(self.filename):
            return self.filename
        name = self.filename
        if name in linecache.cache:
            name += " " + hashlib.blake2b(self.text.encode(), digest_size=4).hexdigest()
        lines = [line + "\n" for line in self.lines]
        linecache.cache[name] = (len(self.text), None, lines, name)
        return name

    def _known_as(self, name: str) -> bool:
        return "".join(linecache.getlines(name)).rstrip("\n") == self.text.rstrip("\n") != ""
