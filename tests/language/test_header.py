from __future__ import annotations

from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.language import read

BAD = {
    "": ("the header is missing", 0),
    "# a comment": ("the header is missing", 0),
    "def w(x):": ("the header has no 'def'", 0),
    "w": ("the header names no inputs", 1),
    "w(x):": ("the header has no colon", 4),
    "w(*x)": ("inputs are named one by one, not gathered by *", 3),
    "w(**x)": ("inputs are named one by one, not gathered by **", 4),
    "w(x, /)": ("inputs are given by name: '/' has no place", 2),
    "w(*, x)": ("inputs are given by name: '*' is not needed", 5),
    "w(x": ("Python cannot read this header", 3),
    "w(x))": ("Python cannot read this header: unmatched ')'", 4),
    "w(x=1, y)": ("Python cannot read this header", None),
    "w(x): y = 1": ("Python cannot read this header", None),
    "w(x) w(y)": ("Python cannot read this header", None),
    "class(x)": ("Python cannot read this header", 0),
    "3(x)": ("Python cannot read this header", 0),
    "w(x, x)": ("the input 'x' is named twice", 5),
    "w(runtime)": ("'runtime' is a word of the language and cannot name an input", 2),
    "minimize(x)": ("'minimize' is a word of the language and cannot name a workflow", 0),
    "w(__debug__)": ("Python keeps the name '__debug__'", 2),
    "w(x=nope)": ("unknown name 'nope'", 4),
    "w(x=1/0)": ("the default of an input could not be made: 1/0 raised ZeroDivisionError", 4),
    "w(x, y=x)": ("the default of an input is fixed when the workflow is defined", 7),
    "w(x, y=runtime)": ("'runtime' does not stand like this in the default of an input", 7),
}


@pytest.mark.parametrize(("header", "said", "column"), [(h, *e) for h, e in BAD.items()])
def test_a_broken_header(names: dict[str, Any], header: str, said: str, column: int | None) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read(header + "\ny = f(x)", names)
    assert said in caught.value.message
    assert caught.value.line == 1
    assert caught.value.hint
    if column is not None:
        assert caught.value.column == column


def test_inputs_and_defaults(names: dict[str, Any]) -> None:
    header = 'w(x: "an image", size: int = LIMIT, label=None) -> str  # (so: it goes)'
    graph = read(header + "\ny = f(x)", names)
    assert graph.name == "w"
    assert [(i.name, i.required, i.default, i.late) for i in graph.inputs] == [
        ("x", True, None, False),
        ("size", False, 3, False),
        ("label", False, None, True),
    ]


def test_a_default_may_hold_a_hash_and_a_colon(names: dict[str, Any]) -> None:
    graph = read("w(x, y={'#': ':'})  # (\nz = f(x, y=y)", names)
    assert graph.inputs[1].default == {"#": ":"}


def test_annotations_are_not_evaluated(names: dict[str, Any]) -> None:
    assert read("w(x: NoSuchType[1 / 0])\ny = f(x)", names).inputs[0].name == "x"


def test_a_workflow_without_inputs(names: dict[str, Any]) -> None:
    assert read("w()\ny = f(LIMIT)", names).inputs == ()
