"""The header: the workflow's name and its inputs, ``id_cards(image, label=None)``."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from typing import NamedTuple

from flexiflow.language.grammar import BELONGS
from flexiflow.language.source import TOO_DEEP, Source

EXAMPLE = "Write the name and the inputs on one line, as in id_cards(image, label=None)."


class Parameter(NamedTuple):
    """One input as it is written; ``default`` is None where there is none."""

    node: ast.arg
    default: ast.expr | None

    @property
    def name(self) -> str:
        """The input's name."""
        return self.node.arg


class Header(NamedTuple):
    """A workflow's name and its inputs."""

    name: str
    parameters: tuple[Parameter, ...]


def read_header(source: Source) -> Header:
    """Read the first line of a text.

    Raises
    ------
    WorkflowSyntaxError
        If it is not a name with its inputs in parentheses, on one line.
    """
    line = source.lines[0]
    written = line.strip()
    if not written or written.startswith("#"):
        raise source.error((1, 0), "the header is missing", EXAMPLE)
    if written.startswith(("def ", "async ", "class ")):
        raise source.error((1, 0), "the header has no 'def'", EXAMPLE)
    code = line[: _comment(line)]
    if code.rstrip().endswith(":"):
        raise source.error((1, len(code.rstrip()) - 1), "the header has no colon", EXAMPLE)
    if "(" not in code:
        raise source.error((1, len(code.rstrip())), "the header names no inputs", EXAMPLE)
    definition = _parsed(source, code)
    header = Header(definition.name, parameters(source, definition))
    check_name(source, definition, header.name, "a workflow")
    return header


def _comment(line: str) -> int:
    """Where the comment of a line begins, or the line ends."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(line + "\n").readline):
            if token.type == tokenize.COMMENT:
                return token.start[1]
    except (tokenize.TokenError, SyntaxError):
        pass  # the parser says it better
    return len(line)


def _parsed(source: Source, code: str) -> ast.FunctionDef:
    before, after = "def ", ": pass"
    try:
        body = ast.parse(before + code + after, source.filename).body
    except SyntaxError as cause:
        column = min(max((cause.offset or 1) - 1 - len(before), 0), len(code))
        message = f"Python cannot read this header: {cause.msg}"
        raise source.error((1, column), message, EXAMPLE) from cause
    except TOO_DEEP as cause:
        raise source.too_deep((1, 0)) from cause
    definition = body[0]
    whole = len(body) == 1 and isinstance(definition, ast.FunctionDef)
    if not whole or not isinstance(definition, ast.FunctionDef) or len(definition.body) != 1:
        raise source.error((1, 0), "this is not a header", EXAMPLE)
    for node in ast.walk(definition):
        if isinstance(node, (ast.expr, ast.arg, ast.stmt)):
            node.col_offset = max(node.col_offset - len(before), 0)
            node.end_col_offset = max((node.end_col_offset or 0) - len(before), 0)
    return definition


def parameters(source: Source, definition: ast.FunctionDef) -> tuple[Parameter, ...]:
    """Read the inputs from a definition's parameters; annotations are ignored."""
    given = definition.args
    for unwanted, message in (
        (given.vararg, "inputs are named one by one, not gathered by *"),
        (given.kwarg, "inputs are named one by one, not gathered by **"),
        (given.posonlyargs and given.posonlyargs[0], "inputs are given by name: '/' has no place"),
        (given.kwonlyargs and given.kwonlyargs[0], "inputs are given by name: '*' is not needed"),
    ):
        if unwanted:
            raise source.error(unwanted, message, EXAMPLE)
    if getattr(definition, "type_params", None):
        raise source.error(definition, "a workflow has no type parameters", EXAMPLE)
    bare: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
    found = tuple(map(Parameter, given.args, [*bare, *given.defaults]))
    seen: set[str] = set()
    for parameter in found:
        check_name(source, parameter.node, parameter.name, "an input")
        if parameter.name in seen:
            message = f"the input {parameter.name!r} is named twice"
            raise source.error(parameter.node, message, "Give each input its own name.")
        seen.add(parameter.name)
    return found


def check_name(source: Source, where: ast.AST, name: str, what: str) -> None:
    """Refuse a name that is a word of the language, or that Python keeps to itself."""
    if name in BELONGS:
        message = f"{name!r} is a word of the language and cannot name {what}"
        raise source.error(where, message, "Choose another name.")
    if name == "__debug__" or keyword.iskeyword(name):
        raise source.error(where, f"Python keeps the name {name!r}", "Choose another name.")
