from __future__ import annotations

import functools
from typing import Any

import pytest

from flexiflow.candidates import candidate
from flexiflow.errors import BadInput, WorkflowSyntaxError
from flexiflow.language import read


def names_of(text: str, names: dict[str, Any]) -> list[str]:
    return [c.name for c in read(f"w(x)\ny = {text}(x)", names).nodes[0].candidates]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", ["f"]),
        ("(f)", ["f"]),
        ("(f | g)", ["f", "g"]),
        ("((f | g) | Reader( 3 ))", ["f", "g", "Reader( 3 )"]),
        ("((f | g) | Reader(3))", ["f", "g", "Reader(3)"]),
        ("(str.upper | table['first'])", ["str.upper", "table['first']"]),
        ("(f | (lambda t: t))", ["f", "lambda t: t"]),
        ("(lambda t: t)", ["lambda t: t"]),
        ("(f | Reader(\n  mode=3,  # fine\n))", ["f", "Reader(mode=3)"]),
        ("any_of(models)", ["f", "g"]),
        ("any_of(readers)", ["Reader", "Reader 2", "Reader 3"]),
        ("(Reader | any_of(readers))", ["Reader", "Reader 2", "Reader 3", "Reader 4"]),
        ("(f | any_of(models))", ["f", "f 2", "g"]),
        ("any_of(table)", ["first", "second"]),
        ("any_of({k + '!': m for k, m in table.items()})", ["first!", "second!"]),
        ("any_of([m for m in models if m is not f])", ["g"]),
        ("(f | named(slow=g, best=Reader(2)))", ["f", "slow", "best"]),
        ("(f | candidate(g, timeout=5))", ["f", "g"]),
        ("(f | candidate(f, name='other'))", ["f", "other"]),
        ("(f | candidate(load=Reader))", ["f", "Reader"]),
        ("(f | candidate(candidate(g, cost=1), timeout=5))", ["f", "g"]),
        ("any_of([candidate(f, name='a'), candidate(g, cost=2)])", ["a", "g"]),
        (
            "any_of([named(a=f, b=g), any_of(readers)])",
            ["a", "b", "Reader", "Reader 2", "Reader 3"],
        ),
    ],
)
def test_how_candidates_are_called(names: dict[str, Any], text: str, expected: list[str]) -> None:
    assert names_of(text, names) == expected


def test_options_are_kept(names: dict[str, Any]) -> None:
    kept = "candidate(g, timeout=LIMIT, cost=0.5)"
    text = f"w(x)\ny = (f | {kept} | named(h=candidate(f, retries=2)))(x)"
    first, second, third = read(text, names).nodes[0].candidates
    assert (first.options.timeout, second.options.timeout) == (None, 3)
    assert (second.options.cost, second.model) == (0.5, names["g"])
    assert (third.name, third.options.retries) == ("h", 2)


def test_an_alternative_declared_in_the_notebook(names: dict[str, Any]) -> None:
    names |= {"quick": candidate(names["f"], timeout=1, name="swift"), "slow": candidate(len)}
    assert names_of("(quick | slow)", names) == ["swift", "slow"]


def test_candidates_are_made_once_in_order(names: dict[str, Any]) -> None:
    made: list[int] = []

    def make(number: int) -> Any:
        made.append(number)
        return functools.partial(pow, number)

    read("w(x)\ny = (make(1) | make(2) | make(3))(x)", {"make": make})
    assert made == [1, 2, 3]


def test_flags_and_dicts_may_use_bars(names: dict[str, Any]) -> None:
    import re

    names |= {"re": re, "more": {"third": len}}
    found = names_of("(f | re.compile('a', re.I | re.M).search | any_of(table | more))", names)
    assert found[2:] == ["first", "second", "third"]


def test_the_error_names_the_object_its_type_and_the_kinds(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read("w(x)\ny = (f | any_of([f, 3.5]))(x)", names)
    assert caught.value.message == "float is of type float and cannot be a candidate"
    assert "A candidate must be one of" in caught.value.hint
    assert isinstance(caught.value.__cause__, BadInput)


class Strange:
    """An object that raises when it is asked for what it does not have."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("do not look")


def test_an_object_that_cannot_be_looked_at(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError, match="Strange"):
        read("w(x)\ny = (f | strange)(x)", {**names, "strange": Strange()})
