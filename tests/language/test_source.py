from __future__ import annotations

import functools
import time
import warnings
from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.language import read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(names: dict[str, Any], end: str) -> None:
    graph = read(end.join(["w(x)", "y = f(x)", "assert y"]) + end, names)
    assert graph.assertions[0].line == 3


def test_a_byte_order_mark(names: dict[str, Any]) -> None:
    assert read("\ufeffw(x)\ny = f(x)", names).name == "w"


@pytest.mark.parametrize("space", ["\f", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_python_does_not_take_for_a_line_end(names: dict[str, Any], space: str) -> None:
    text = f"w(x)  # a{space}b\n# c{space}d\ny = f(x)\nz = ff2(y)"
    with pytest.raises(WorkflowSyntaxError) as caught:
        read(text, names)
    assert caught.value.line == 4
    assert "    z = ff2(y)\n" in str(caught.value)


def test_tabs_and_wide_characters_before_the_caret(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read("w(x)\ny = f('日本 ü',\tnope)", names)
    assert (caught.value.line, caught.value.column) == (2, 14)


@pytest.mark.parametrize(("character", "shown"), [("\0", r"'\x00'"), ("\udc80", r"'\udc80'")])
def test_characters_that_python_cannot_read(
    names: dict[str, Any], character: str, shown: str
) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read(f"w(x)\ny = f('ab{character}')", names)
    assert shown in caught.value.message
    assert (caught.value.line, caught.value.column) == (2, 9)
    str(caught.value).encode()


DEEP = {
    "brackets": "y = f(" + "(" * 5_000 + "x" + ")" * 5_000 + ")",
    "calls": "y = f(" + "f(" * 250 + "x" + ")" * 251,
    "minus": "y = f(" + "-" * 20_000 + "x)",
    "sum": "y = f(" + "+".join(["x"] * 20_000) + ")",
    "lambdas": "y = f(" + "lambda: " * 5_000 + "x)",
    "attributes": "y = f(x" + ".a" * 20_000 + ")",
    "candidate": "y = (f | " + "-" * 3_000 + "LIMIT)(x)",
    "conditions": "y = f(" + "x if x else " * 5_000 + "x)",
    "strings": "y = f(" + "f'{" * 200 + "x" + "}'" * 200 + ")",
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_is_refused(names: dict[str, Any], kind: str) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read("w(x)\n" + DEEP[kind], names)
    assert caught.value.line == 2


@pytest.mark.parametrize("kind", ["+", "*", "or", "if x else"])
def test_long_expressions_are_read(names: dict[str, Any], kind: str) -> None:
    text = f" {kind} ".join(["x"] * 100)
    assert read(f"w(x)\ny = f({text})", names).nodes[0].args[0].text == text


def test_a_deep_default(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError, match="too deep"):
        read("w(x=" + "-" * 900 + "LIMIT)\ny = f(x)", names)


def test_many_bars_are_not_deep(names: dict[str, Any]) -> None:
    models = {f"m{i}": functools.partial(pow, i) for i in range(300)}
    graph = read(f"w(x)\ny = ({' | '.join(models)})(x)", models)
    assert len(graph.nodes[0].candidates) == 300


def test_a_megabyte_of_text(names: dict[str, Any]) -> None:
    line = "assert f(y, n={}) # " + "é" * 480 + "\n"
    text = "w(x)\ny = f(x)\n" + "".join(map(line.format, range(1_000)))
    assert len(text.encode()) > 900_000
    begin = time.perf_counter()
    graph = read(text, names)
    assert len(graph.assertions) == 1_000
    assert time.perf_counter() - begin < 30, "reading takes time in proportion to the text"


def test_huge_numbers(names: dict[str, Any]) -> None:
    graph = read(f"w(x)\ny = f((\n0x{'f' * 5_000}))", names)
    assert graph.nodes[0].args[0].function() == int("f" * 5_000, 16)
    with pytest.raises(WorkflowSyntaxError, match="Python cannot read this"):
        read(f"w(x)\ny = f({'9' * 5_000})", names)


@pytest.mark.parametrize("line", [r"assert '\d' in y", "assert y is 3"])
def test_pythons_warnings_reach_the_user(names: dict[str, Any], line: str) -> None:
    text = "w(x)\ny = f(x)\n" + line
    with pytest.warns((SyntaxWarning, DeprecationWarning)) as caught:
        read(text, names, filename=f"<{line}>")
    assert [(w.filename, w.lineno) for w in caught] == [(f"<{line}>", 3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(WorkflowSyntaxError) as error:
            read(text, names)
    assert error.value.line == 3
