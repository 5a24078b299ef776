from __future__ import annotations

import linecache
import traceback
from typing import Any

import cloudpickle
import pytest

from flexiflow.graph import Expression, Read
from flexiflow.language import read


def argument(text: str, names: dict[str, Any], filename: str = "<workflow>") -> Expression:
    graph = read(f"w(x, n=2)\nprevious = f(x)\ny = g({text}, previous)", names, filename=filename)
    return graph.nodes[1].args[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x", [3, 1, 2]),
        ("sorted(x)[:n]", [1, 2]),
        ("[a + n for a in x]", [5, 3, 4]),
        ("[a + b for a in x if a > 1 for b in range(a)]", [3, 4, 5, 2, 3]),
        ("{a: n for a in x}[3]", 2),
        ("sum(a * LIMIT for a in x)", 18),
        ("{x for x in x}", {1, 2, 3}),
        ("sorted(x, key=lambda x, by=n: -x * by)", [3, 2, 1]),
        ("[(lambda: a)() for a in x]", [3, 1, 2]),
        ("(lambda *a, k=LIMIT, **o: (a, k, o))(*x, z=n)", ((3, 1, 2), 3, {"z": 2})),
        ("f'{x[0]:>{n}} {LIMIT!r}'", " 3 3"),
        ("max(x, key=lambda cost: cost)", 3),
        ("[runtime for runtime in x]", [3, 1, 2]),
        ("{1} | {n} | set(x)", {1, 2, 3}),
        ("isinstance(x, list | tuple)", True),
        ("table | {'n': n} if 0 else n", 2),
        ("x[0] if LIMIT > 2 else x[1]", 3),
        ("None", None),
    ],
)
def test_values(names: dict[str, Any], text: str, value: object) -> None:
    expression = argument(text, names)
    here = {"x": [3, 1, 2], "n": 2}
    assert expression.text == text
    assert expression.function(*(here[r.name] for r in expression.reads)) == value


def test_reads_and_words_in_order_and_once(names: dict[str, Any]) -> None:
    expression = argument("f(n, x, n, LIMIT, f, len(x))", names)
    assert expression.reads == (Read("value", "n"), Read("value", "x"))
    assert expression.words == ("f", "LIMIT")
    assert expression.line == 3


def test_names_are_bound_when_the_workflow_is_defined(names: dict[str, Any]) -> None:
    expression = argument("LIMIT", names)
    names["LIMIT"] = 99
    assert expression.function() == 3


def test_the_globals_hold_what_is_used_and_no_more(names: dict[str, Any]) -> None:
    held = argument("LIMIT + x", {**names, "__name__": "notebook"}).function.__globals__
    assert set(held) == {"LIMIT", "f", "g", "__name__", "__builtins__"}


def test_extras_are_an_item_or_a_default(names: dict[str, Any]) -> None:
    plain = argument('extra(previous, "boxes")', names)
    given = argument('extra(previous, "boxes", default=n)', names)
    assert plain.reads == (Read("extras", "previous"),)
    assert plain.function({"boxes": [1]}) == [1]
    with pytest.raises(KeyError):
        plain.function({})
    assert given.function({}, 7) == 7


def test_confidence_and_value_of_one_node(names: dict[str, Any]) -> None:
    expression = argument("(previous, confidence(previous), confidence(previous))", names)
    assert expression.reads == (Read("value", "previous"), Read("confidence", "previous"))
    assert expression.function("text", 0.5) == ("text", 0.5, 0.5)


def test_an_expression_on_several_lines_is_written_on_one(names: dict[str, Any]) -> None:
    assert argument("(x +  # first\n    n)", names).text == "x + n"


def test_unicode_names_are_those_of_python(names: dict[str, Any]) -> None:
    graph = read("w(ﬁle)\nÅ = f(file)\nassert 'ä' in Å, f'{Å}'", names)
    assert graph.inputs[0].name == "file"
    assert graph.nodes[0].targets == ("Å",)
    assert graph.assertions[0].text == "'ä' in Å"
    assert graph.assertions[0].test.function("ä") is True


def frames(error: BaseException) -> list[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__)


def test_a_traceback_shows_the_users_own_line(names: dict[str, Any]) -> None:
    text = "w(x)\ny = f(x)\n\nassert 1 / y > 3\n"
    function = read(text, names, filename="<traceback cell>").assertions[0].test.function
    with pytest.raises(ZeroDivisionError) as caught:
        function(0)
    last = frames(caught.value)[-1]
    assert (last.filename, last.lineno, last.name) == ("<traceback cell>", 4, "w")
    assert last.line == "assert 1 / y > 3"


def test_texts_of_one_name_do_not_mix_their_lines(names: dict[str, Any]) -> None:
    first = read("w(x)\ny = f(x)\nassert 1 / y", names, filename="<mixed>")
    second = read("w(x)\ny = f(x)\nassert 2 / y", names, filename="<mixed>")
    shown = []
    for graph in (first, second, read(first.text, names, filename="<mixed>")):
        with pytest.raises(ZeroDivisionError) as caught:
            graph.assertions[0].test.function(0)
        shown.append(frames(caught.value)[-1].line)
    assert shown == ["assert 1 / y", "assert 2 / y", "assert 1 / y"]


def test_a_real_file_is_not_shadowed(names: dict[str, Any], tmp_path: Any) -> None:
    file = tmp_path / "cards.flow"
    file.write_text("w(x)\ny = f(x)\nassert 3 / y")
    graph = read(file.read_text(), names, filename=str(file))
    with pytest.raises(ZeroDivisionError) as caught:
        graph.assertions[0].test.function(0)
    assert frames(caught.value)[-1].line == "assert 3 / y"
    assert linecache.cache[str(file)][1] is not None, "read from the disk"


def test_functions_can_be_shipped(names: dict[str, Any]) -> None:
    graph = read("w(x)\ny = (lambda t: t + LIMIT)(x)\nassert y > LIMIT + len(x)",
                 {**names, "__name__": "__main__"})  # fmt: skip
    test = cloudpickle.loads(cloudpickle.dumps(graph.assertions[0].test.function))
    model = cloudpickle.loads(cloudpickle.dumps(graph.nodes[0].candidates[0].model))
    assert test(5, [1]) is True
    assert test(4, [1]) is False
    assert model(1) == 4
