"""The grammar at a glance: what a workflow may say, and what to write in place of the rest.

A definition is a header and statements::

    name(inputs, ...)                     the header; defaults are allowed
    x = (a | b | c)(args, ...)            a node; also x = a(...), x, y = ..., any_of(models)
    assert test, message                  an assertion
    maximize(expr, weight=1)              an objective, or minimize(...)
    context(expr, ...)                    what is known of a job beforehand
    return expr                           the output; default: the last node

``REFUSED_STATEMENTS``, ``REFUSED_VALUES``, ``REFUSED_CANDIDATES`` and
``REFUSED_EXPRESSIONS`` name the Python that is none of this, each with (what it is, what
to write instead).
"""

from __future__ import annotations

import ast
from typing import NamedTuple

Refusal = tuple[str, str]

NODE = "x = (a | b)(y)"
_IN_FUNCTION = "Put it into a function, and name the function in a node or an assertion."
_ABOVE = "Write it above the workflow; a workflow sees every name that is defined there."
_CHOICE = (
    "Every candidate may be chosen for any job, so a step has no branches: name the "
    f"alternatives, {NODE}, and assert what a good value is."
)
_BARS = f"Several candidates are written with bars, {NODE}, or any_of(models)(y)."


_STATEMENTS: dict[str, Refusal] = {  # by name: not every Python has them all
    "For": (
        "a loop is not a step",
        "Write the workflow for one element and run it over many, name.run(items); or loop "
        "inside a function.",
    ),
    "AsyncFor": ("a loop is not a step", _IN_FUNCTION),
    "While": (
        "a loop is not a step",
        "Write what a good value is as an assertion; the workflow tries until it holds.",
    ),
    "If": ("'if' is not a step", _CHOICE),
    "Match": ("'match' is not a step", _CHOICE),
    "FunctionDef": ("'def' is not a step", _ABOVE),
    "AsyncFunctionDef": ("'async def' is not a step", _ABOVE),
    "ClassDef": ("'class' is not a step", _ABOVE),
    "With": ("'with' is not a step", _IN_FUNCTION),
    "AsyncWith": ("'with' is not a step", _IN_FUNCTION),
    "Try": (
        "'try' is not a step",
        "An exception in a candidate makes the next one run; nothing needs to be written.",
    ),
    "TryStar": (
        "'try' is not a step",
        "An exception in a candidate makes the next one run; nothing needs to be written.",
    ),
    "Raise": ("'raise' is not a step", "Write what must hold: assert test, message."),
    "Import": ("'import' is not a step", _ABOVE),
    "ImportFrom": ("'import' is not a step", _ABOVE),
    "Global": ("'global' is not a step", "Names from above can be read without it."),
    "Nonlocal": ("'nonlocal' is not a step", "Names from above can be read without it."),
    "Delete": ("'del' is not a step", "Values are kept for the job and freed with it."),
    "Pass": ("'pass' is not a step", f"Leave it out; a workflow needs a node: {NODE}."),
    "Break": ("'break' is not a step", "There are no loops in a workflow."),
    "Continue": ("'continue' is not a step", "There are no loops in a workflow."),
    "TypeAlias": ("'type' is not a step", _ABOVE),
    "AnnAssign": ("a node takes no annotation", f"Leave the annotation out: {NODE}."),
    "AugAssign": (
        "a value cannot be changed in place",
        "Every value has its own name: y = (a | b)(x).",
    ),
}


REFUSED_STATEMENTS: dict[type[ast.AST], Refusal] = {
    getattr(ast, kind): refusal for kind, refusal in _STATEMENTS.items() if hasattr(ast, kind)
}
"""Statements that no workflow holds."""

REFUSED_VALUES: dict[type[ast.AST], Refusal] = {
    ast.BoolOp: (
        "'or' and 'and' do not name alternatives",
        f"Write bars between the candidates: {NODE}.",
    ),
    ast.Lambda: ("a lambda alone is not a step", "Call it: x = (lambda y: ...)(y)."),
    ast.IfExp: ("'if' is not a step", _CHOICE),
    ast.ListComp: (
        "a loop is not a step",
        "Put it into a function and call that, or run the workflow per element.",
    ),
}
"""What stands to the right of ``x =`` and is no call; anything else gets a general answer."""

REFUSED_CANDIDATES: dict[type[ast.AST], Refusal] = {
    ast.BoolOp: (
        "'or' and 'and' do not name alternatives",
        f"Write bars between the candidates: {NODE}.",
    ),
    ast.IfExp: (
        "a candidate is not chosen by 'if'",
        f"Name both, {NODE}, or choose above the workflow.",
    ),
    ast.List: ("a list is not a candidate", _BARS),
    ast.Tuple: ("a tuple is not a candidate", _BARS),
    ast.Set: ("a set is not a candidate", _BARS),
    ast.Dict: ("a dict is not a candidate", _BARS),
    ast.ListComp: ("a list is not a candidate", _BARS),
    ast.SetComp: ("a set is not a candidate", _BARS),
    ast.DictComp: ("a dict is not a candidate", _BARS),
    ast.GeneratorExp: ("a generator is not a candidate", _BARS),
    ast.Compare: ("a comparison is not a candidate", f"A node is written {NODE}."),
    ast.Starred: ("'*' does not spread candidates", _BARS),
    ast.JoinedStr: ("a text is not a candidate", f"A node is written {NODE}."),
}
"""What no alternative may be; the reader sees it before anything is evaluated."""

REFUSED_EXPRESSIONS: dict[type[ast.AST], Refusal] = {
    ast.NamedExpr: ("':=' names nothing in a workflow", f"A name is made by a node: {NODE}."),
    ast.Await: (
        "'await' is not needed",
        "An async function is a candidate like any other: x = (fetch | local)(y).",
    ),
    ast.Yield: ("'yield' is not a step", "A workflow has one output: return x."),
    ast.YieldFrom: ("'yield' is not a step", "A workflow has one output: return x."),
}
"""What no expression may hold, however deep."""

BELONGS: dict[str, str] = {
    "any_of": "It stands among the candidates of a node: x = (a | any_of(models))(y).",
    "candidate": "It stands among the candidates of a node: x = (a | candidate(b, timeout=5))(y).",
    "named": "It stands among the candidates of a node: x = (a | named(b=Model(3)))(y).",
    "confidence": "Write confidence(x) for a node x, for example: assert confidence(x) > 0.8.",
    "extra": 'Write extra(x, "key") for a node x, for example: assert extra(x, "boxes").',
    "threshold": "Write it in an assertion: assert confidence(x) >= threshold(0.75).",
    "runtime": "It is known once the job has run: minimize(runtime, weight=0.1).",
    "cost": "It is known once the job has run: minimize(cost).",
    "maximize": "It is a statement on a line of its own: maximize(expression, weight=1).",
    "minimize": "It is a statement on a line of its own: minimize(expression, weight=1).",
    "context": "It is a statement on a line of its own: context(expression, ...).",
}
"""Where each word of the language belongs."""

BY = "Write assert confidence(x) >= threshold(0.75, by=x), and other tests as assertions beside it."


class Place(NamedTuple):
    """What an expression may hold, by where it stands."""

    called: str  #: how errors call it
    words: frozenset[str] = frozenset()
    fixed: bool = False  #: evaluated when the workflow is defined: reads no input and no node


_READING = frozenset({"confidence", "extra"})
ARGUMENT = Place("an argument", _READING)
ASSERTION = Place("an assertion", _READING | {"threshold"})
OBJECTIVE = Place("an objective", _READING | {"runtime", "cost"})
FEATURE = Place("a feature", _READING)
OUTPUT = Place("the output", _READING)
CANDIDATE = Place("a candidate", frozenset({"any_of", "candidate", "named"}), fixed=True)
DEFAULT = Place("the default of an input", fixed=True)
WEIGHT = Place("a weight", fixed=True)
START = Place("the start of a threshold", fixed=True)
