"""What can be said of a workflow only once all of it has been read."""

from __future__ import annotations

import ast

from flexiflow.graph import Assertion, Expression, Graph, Node
from flexiflow.language.draft import Draft
from flexiflow.language.grammar import NODE, OUTPUT
from flexiflow.language.source import Source


def finish(draft: Draft, end: tuple[int, int]) -> None:
    """Refuse a workflow without a node; make the last node the output if none was named.

    Parameters
    ----------
    end
        Where the text ends: its line and column.
    """
    if not draft.nodes:
        message = "the workflow has no node"
        raise draft.source.error(end, message, f"Write a step: {NODE}.")
    if draft.output is None:
        last = draft.nodes[-1]
        names: list[ast.expr] = [
            ast.Name(t, ast.Load(), lineno=last.line, col_offset=0, end_lineno=last.line,
                     end_col_offset=0)
            for t in last.targets
        ]  # fmt: skip
        node = names[0]
        if len(names) > 1:
            node = ast.copy_location(ast.Tuple(names, ast.Load()), names[0])
        draft.output = draft.expressions.compile(node, OUTPUT, text=last.name)


def check_whole(source: Source, graph: Graph) -> None:
    """Refuse nodes that nothing reads, and messages that say more than their tests.

    Raises
    ------
    WorkflowSyntaxError
        At the line of the node or of the assertion.
    """
    read = {name for expression in _expressions(graph) for name in expression.names}
    for node in graph.nodes:
        if not node.effects and read.isdisjoint(node.targets):
            raise source.error(
                (node.line, _indent(source, node.line)),
                f"nothing reads {node.name!r}",
                "Read it in a node, an assertion, an objective or the output; leave it out; or "
                "mark its candidates with effects=True if they act on the world.",
            )
    for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
        _check_message(source, graph, assertion, {graph.nodes[i].name for i in scope})


def _check_message(source: Source, graph: Graph, assertion: Assertion, scope: set[str]) -> None:
    for name in sorted(assertion.message.names) if assertion.message else ():
        maker = graph.maker.get(name)
        if maker is not None and graph.nodes[maker].name not in scope:
            raise source.error(
                (assertion.line, _indent(source, assertion.line)),
                f"the message reads {name!r}, on which the test does not depend",
                "The test may be checked before that value exists; leave it out of the message.",
            )


def _expressions(graph: Graph) -> list[Expression]:
    """Every expression that makes a value worth having."""
    found = [e for node in graph.nodes for e in _arguments(node)]
    found += [a.cut.by for a in graph.assertions if a.cut and a.cut.by]
    found += [a.test for a in graph.assertions] + [o.expression for o in graph.objectives]
    return [*found, *graph.context, *([graph.output] if graph.output else [])]


def _arguments(node: Node) -> list[Expression]:
    return [*node.args, *(e for _, e in node.kwargs)]


def _indent(source: Source, line: int) -> int:
    shown = source.lines[line - 1]
    return len(shown) - len(shown.lstrip())
