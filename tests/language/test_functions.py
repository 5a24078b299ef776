from __future__ import annotations

import importlib.util
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.graph import Read
from flexiflow.language import read, read_function, stale

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Import a text as a module from a real file."""
    loaded: list[str] = []

    def load(text: str) -> ModuleType:
        name = f"workflows_{len(loaded)}"
        file = tmp_path / f"{name}.py"
        file.write_text(text, "utf-8")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
    linecache.clearcache()


MODULE = '''\
LIMIT = 3

def a(x): return x
def b(x): return x

def mark(function):
    return function


@mark
@mark
def cards(image, size=LIMIT + 1, label=None):
    """What it does."""
    text = (
        a | b
    )(image, size)
    assert len(text) / size > LIMIT, "short"  # Ünïcode
    maximize(text == label)
    return text
'''


def test_a_function_in_a_file(load: Load) -> None:
    module = load(MODULE)
    graph = read_function(module.cards)
    assert (graph.name, graph.doc) == ("cards", "What it does.")
    assert [(i.name, i.default) for i in graph.inputs] == [
        ("image", None),
        ("size", 4),
        ("label", None),
    ]
    assert [c.model for c in graph.nodes[0].candidates] == [module.a, module.b]
    assert graph.nodes[0].line == 14
    assert graph.text.startswith("def cards(image, size=LIMIT + 1, label=None):\n")
    assert graph.text.endswith("    return text")


def test_a_traceback_shows_the_line_of_the_file(load: Load) -> None:
    module = load(MODULE)
    test = read_function(module.cards).assertions[0].test
    assert test.line == 17
    with pytest.raises(ZeroDivisionError) as caught:
        test.function("text", 0)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.name) == (module.__file__, 17, "cards")
    assert (last.line or "").startswith("assert len(text) / size")


def test_the_function_never_runs_and_is_not_evaluated(load: Load) -> None:
    module = load("def a(x): raise SystemExit\ndef w(x):\n    y = a(x)\n    return y / 0\n")
    assert read_function(module.w).output is not None


def test_errors_are_those_of_the_file(load: Load) -> None:
    module = load("\n\ndef a(x): pass\nif 1:\n    def w(x):\n        ä = a(x); y = a(ä, b)\n")
    with pytest.raises(WorkflowSyntaxError, match="unknown name 'b'") as caught:
        read_function(module.w)
    error = caught.value
    assert (error.line, error.column, error.filename) == (6, 27, module.__file__)
    assert str(error).split("\n")[2] == "    ä = a(x); y = a(ä, b)"
    assert str(error).split("\n")[3].index("^") - 4 == 19


@pytest.mark.parametrize(
    ("later", "line"),
    [
        ("def b(x): pass", 3),
        ("class b: pass", 3),
        ("import b", 3),
        ("from os import path as b", 3),
        ("c, b = 1, 2", 3),
        ("if 1:\n    b = 3", 4),
        ("with open('a') as b: pass", 3),
    ],
)
def test_a_name_that_is_defined_later(load: Load, later: str, line: int) -> None:
    text = "def w(x):\n    return x\n"
    made = load(text)  # the lines below have not run when the decorator reads the function
    Path(str(made.__file__)).write_text(f"def w(x):\n    y = b(x)\n{later}\n", "utf-8")
    with pytest.raises(WorkflowSyntaxError, match=f"defined later, on line {line}"):
        read_function(made.w)


def test_a_name_of_a_closure_that_is_defined_later() -> None:
    def w(x: Any) -> None:
        y = late(x)  # noqa: F841  # the reader takes it

    with pytest.raises(WorkflowSyntaxError, match="unknown name 'late': it is defined later"):
        read_function(w)

    def late(x: Any) -> Any:
        return x


def test_closures_and_globals() -> None:
    limit = 5

    def near(x: Any) -> Any:
        return x

    def w(x: Any, n: int = limit) -> Any:
        y = (near | str)(x)
        assert y < limit + n
        return [limit + a for a in y]

    graph = read_function(w)
    assert graph.inputs[1].default == 5
    assert graph.nodes[0].candidates[0].model is near
    assert graph.assertions[0].test.function(9, 5) is True
    assert graph.assertions[0].test.words == ("limit",)
    assert graph.output is not None
    assert graph.output.function([1]) == [6]
    assert stale(graph, {"limit": 6}) == ["limit"]


def test_a_default_is_the_one_that_python_evaluated() -> None:
    calls: list[int] = []

    def w(x: Any, n: int = calls.append(1) or 3) -> Any:
        y = (str)(x, n)
        assert y

    assert read_function(w).inputs[1].default == 3
    assert calls == [1]


def test_words_in_a_function() -> None:
    def w(x: Any) -> None:
        y = any_of([str, len])(x)  # noqa: F821  # a word of the language
        assert confidence(y) > threshold(0.5)  # noqa: F821  # a word of the language
        minimize(runtime)  # noqa: F821  # a word of the language

    graph = read_function(w)
    assert [c.name for c in graph.nodes[0].candidates] == ["str", "len"]
    assert graph.assertions[0].test.reads == (
        Read("confidence", "y"),
        Read("threshold", "threshold 1"),
    )


async def waits(x: Any) -> None:
    y = str(x)  # noqa: F841  # the reader takes it


def yields(x: Any) -> Any:
    yield x


def gathers(*x: Any) -> None:
    y = str(x)  # noqa: F841  # the reader takes it


def wrapped(x: Any) -> None:
    y = str(x)  # noqa: F841  # the reader takes it


wrapped.__wrapped__ = gathers

NO_SOURCE: dict[str, Any] = {}
exec("def unseen(x):\n    y = str(x)", NO_SOURCE)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x, "a workflow is written with def, not as a lambda"),
        (Path, "a workflow is written as a function; this is a class"),
        (len, "this is a builtin_function_or_method"),
        (waits, "a workflow is a plain function, not an async one"),
        (yields, "'yield' is not a step"),
        (gathers, "inputs are named one by one"),
        (wrapped, "another decorator stands between"),
        (NO_SOURCE["unseen"], "the source of 'unseen' cannot be found"),
    ],
)
def test_what_is_no_workflow(function: Any, said: str) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read_function(function)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_source_that_has_changed(load: Load) -> None:
    module = load(MODULE)
    Path(str(module.__file__)).write_text("# all is\n# gone\n" * 20)
    with pytest.raises(WorkflowSyntaxError, match="has changed since Python read it"):
        read_function(module.cards)


def test_a_file_that_no_longer_parses(load: Load) -> None:
    module = load(MODULE)
    Path(str(module.__file__)).write_text(MODULE + "\nx = (")
    with pytest.raises(WorkflowSyntaxError, match="Python cannot read this"):
        read_function(module.cards)


def test_warnings_are_not_given_twice(load: Load) -> None:
    with pytest.warns(Warning, match="literal"):
        module = load("def w(x):\n    y = str(x)\n    assert y is 3\n")
    assert read_function(module.w).assertions[0].test.function(4) is False


def test_both_doors_agree(load: Load) -> None:
    module = load("def f(x): return x\ndef w(x, n=2):\n    y = (f | str)(x, n)\n    assert y\n")
    one = read_function(module.w)
    two = read("w(x, n=2)\ny = (f | str)(x, n)\nassert y\n", vars(module))
    assert one.inputs == two.inputs
    assert [(c.name, c.fingerprint) for c in one.nodes[0].candidates] == [
        (c.name, c.fingerprint) for c in two.nodes[0].candidates
    ]
    assert [a.reads for a in one.nodes[0].args] == [a.reads for a in two.nodes[0].args]
    assert one.assertions[0].fingerprint == two.assertions[0].fingerprint
