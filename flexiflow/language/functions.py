"""The second door to the language: a function whose body is written in it.

The function never runs. Its source is looked up and read like a cell, with the lines of its
own file; its closure and its module are the namespace, its defaults those of the inputs.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import warnings
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.graph import Graph
from flexiflow.language.header import Header, check_name, parameters
from flexiflow.language.reader import Definition, read_definition
from flexiflow.language.source import TOO_DEEP, Source

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_HOLDS_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)
_USAGE = "Write @flexiflow.workflow directly above a plain 'def name(inputs...):'."


def read_function(function: Callable[..., Any]) -> Graph:
    """Read a workflow from the source of a function; the function never runs.

    Parameters
    ----------
    function
        A plain function, defined with ``def`` where its source can be found.

    Returns
    -------
    Graph
        Nodes, assertions and objectives, checked and compiled.

    Raises
    ------
    WorkflowSyntaxError
        If it is no such function, or its body breaks a rule of the language.

    Examples
    --------
    >>> def shout(text):
    ...     loud = (str.upper | str.title)(text)
    ...     return loud + "!"
    >>> graph = read_function(shout)
    >>> graph.name, graph.nodes[0].name, graph.output.function("HI")
    ('shout', 'loud', 'HI!')
    """
    plain = _plain(function)
    source = _source(plain)
    with warnings.catch_warnings():  # Python gave them when it compiled the function
        warnings.simplefilter("ignore", SyntaxWarning)
        tree = _tree(source)
        node, blocks = _definition(source, tree, plain)
        header = Header(node.name, parameters(source, node))
        check_name(source, node, node.name, "a workflow")
        below = {name: line for block in blocks for name, line in _bound_below(block, node)}
        end = source.place(node.body[-1])
        definition = Definition(header, node.body, _text(source, node), end)
        return read_definition(source, definition, _namespace(plain), below, _defaults(plain))


def _plain(function: object) -> FunctionType:
    """Refuse what is no plain function."""
    kind = "a class" if isinstance(function, type) else f"a {type(function).__name__}"
    if not isinstance(function, FunctionType):
        raise WorkflowSyntaxError(f"a workflow is written as a function; this is {kind}", _USAGE)
    code = function.__code__
    where = (code.co_firstlineno, 0, "", code.co_filename)
    if code.co_name == "<lambda>":
        message = "a workflow is written with def, not as a lambda"
        raise WorkflowSyntaxError(message, _USAGE, *where)
    if hasattr(function, "__wrapped__"):
        message = f"another decorator stands between @flexiflow.workflow and {code.co_name!r}"
        raise WorkflowSyntaxError(message, _USAGE, *where)
    return function


def _source(function: FunctionType) -> Source:
    """Look up the file (or cell) in which a function is written."""
    code = function.__code__
    try:
        lines, _ = inspect.findsource(code)
    except (OSError, IndexError, TypeError) as cause:
        raise WorkflowSyntaxError(
            f"the source of {code.co_name!r} cannot be found",
            "A workflow is read from its source: define it in a file or a notebook cell, not "
            "through exec(), or give its text to a %%flexiflow cell.",
            line=code.co_firstlineno,
            filename=code.co_filename,
        ) from cause
    return Source("".join(lines), code.co_filename)


def _tree(source: Source) -> ast.Module:
    with warnings.catch_warnings():  # invalid escapes; before Python 3.12 a DeprecationWarning
        warnings.simplefilter("ignore", DeprecationWarning)
        return source.parse(source.text)


def _definition(
    source: Source, tree: ast.Module, function: FunctionType
) -> tuple[ast.FunctionDef, list[Sequence[ast.stmt]]]:
    """Find a function in its file, and the bodies of code that it stands in."""
    code = function.__code__
    try:
        node, blocks = _search(tree, [], code.co_name, code.co_firstlineno) or (None, [])
    except TOO_DEEP as cause:
        raise source.too_deep((code.co_firstlineno, 0)) from cause
    if isinstance(node, ast.AsyncFunctionDef):
        message = "a workflow is a plain function, not an async one"
        raise source.error(node, message, "Leave out 'async'; async candidates are welcome.")
    written = [a.arg for a in node.args.args] if node else None
    if node is None or written != list(code.co_varnames[: code.co_argcount]):
        raise source.error(
            (code.co_firstlineno, 0),
            f"the source of {code.co_name!r} has changed since Python read it",
            "Load the module again, or restart the kernel.",
        )
    return node, blocks


def _search(
    tree: ast.AST, blocks: list[Sequence[ast.stmt]], name: str, line: int
) -> tuple[_Function, list[Sequence[ast.stmt]]] | None:
    """Find a definition, and the bodies of code around it whose names it can see."""
    if isinstance(tree, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
        blocks = [*blocks, tree.body]
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.name == name:
            first = child.decorator_list[0] if child.decorator_list else child
            if first.lineno == line:
                return child, blocks
        if isinstance(child, _HOLDS_STATEMENTS):
            found = _search(child, blocks, name, line)
            if found:
                return found
    return None


def _bound_below(body: Sequence[ast.stmt], node: ast.stmt) -> Iterator[tuple[str, int]]:
    """Give the names that a body of code binds below a definition, with their lines."""
    waiting: list[ast.AST] = [s for s in body if s.lineno > node.lineno]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name, part.lineno
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            for alias in part.names:
                yield (alias.asname or alias.name).partition(".")[0], part.lineno
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id, part.lineno
        elif isinstance(part, (ast.stmt, ast.Tuple, ast.List, ast.withitem)):
            waiting += ast.iter_child_nodes(part)


def _text(source: Source, node: ast.FunctionDef) -> str:
    return textwrap.dedent("\n".join(source.lines[node.lineno - 1 : node.end_lineno]))


def _namespace(function: FunctionType) -> Mapping[str, Any]:
    """Give the names a function sees: its closure, then its module."""
    closure: dict[str, Any] = {}
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
        except ValueError:  # bound later in the enclosing function
            continue
    return ChainMap(closure, function.__globals__)


def _defaults(function: FunctionType) -> dict[str, Any]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = function.__defaults__ or ()
    return dict(zip(names[len(names) - len(given) :], given, strict=True))
