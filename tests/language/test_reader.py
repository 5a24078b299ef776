from __future__ import annotations

from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.graph import Graph, Read
from flexiflow.language import read

CARDS = '''id_cards(image, label=None)
"""Read the country off a card.

Twice indented.
"""
picture = (f | g)(image)       # comments are welcome
text, sure_of = (
    f
    | any_of(table)
    | named(best=Reader(2))
)(picture, size=LIMIT + 1)
assert len(text) > 2, f"too short: {text}"
assert confidence(text) >= threshold(0.75, "sure") and image
assert extra(sure_of, "boxes", None) is not threshold(-LIMIT)
country = f(text, picture)
context(len(image), confidence(picture))
maximize(country == label, weight=LIMIT)
minimize(runtime, 0.5)
minimize(cost)
return country, text
'''


@pytest.fixture
def cards(names: dict[str, Any]) -> Graph:
    return read(CARDS, names)


def test_nodes(cards: Graph) -> None:
    assert [n.name for n in cards.nodes] == ["picture", "text, sure_of", "country"]
    assert [n.targets for n in cards.nodes] == [("picture",), ("text", "sure_of"), ("country",)]
    assert [n.line for n in cards.nodes] == [6, 7, 15]
    assert [[c.name for c in n.candidates] for n in cards.nodes] == [
        ["f", "g"],
        ["f", "first", "second", "best"],
        ["f"],
    ]
    assert cards.parents == ((), (0,), (0, 1))


def test_arguments(cards: Graph) -> None:
    image, size = cards.nodes[1].args[0], cards.nodes[1].kwargs[0]
    assert (image.text, image.reads, image.words) == ("picture", (Read("value", "picture"),), ())
    assert size[0] == "size"
    assert (size[1].text, size[1].reads, size[1].words) == ("LIMIT + 1", (), ("LIMIT",))
    assert size[1].function() == 4


def test_assertions(cards: Graph) -> None:
    first, second, third = cards.assertions
    assert (first.text, first.line) == ("len(text) > 2", 12)
    assert first.message is not None
    assert first.message.function("ab") == "too short: ab"
    assert second.test.reads == (
        Read("confidence", "text"),
        Read("threshold", "sure"),
        Read("value", "image"),
    )
    assert second.test.function(0.8, 0.75, True) is True
    assert second.test.function(0.7, 0.75, True) is False
    assert third.test.reads == (Read("extras", "sure_of"), Read("threshold", "threshold 1"))
    assert third.test.function({"boxes": 1}, -3.0) is True
    assert cards.thresholds == {"sure": 0.75, "threshold 1": -3.0}
    assert cards.scopes == ((0, 1), (0, 1), (0, 1))
    assert len({a.fingerprint for a in cards.assertions}) == 3


def test_objectives(cards: Graph) -> None:
    assert [(o.text, o.sign, o.weight, o.word) for o in cards.objectives] == [
        ("country == label", 1, 3.0, None),
        ("runtime", -1, 0.5, "runtime"),
        ("cost", -1, 1.0, "cost"),
    ]
    assert cards.objectives[1].expression.function(2.5) == 2.5


def test_context_output_and_text(cards: Graph) -> None:
    assert [e.text for e in cards.context] == ["len(image)", "confidence(picture)"]
    assert cards.output is not None
    assert cards.output.text == "country, text"
    assert cards.output.function("NL", "text") == ("NL", "text")
    assert cards.text == CARDS
    assert cards.doc == "Read the country off a card.\n\nTwice indented."


def test_the_last_node_is_the_output(names: dict[str, Any]) -> None:
    one = read("w(x)\ny = f(x)", names).output
    two = read("w(x)\na, b = f(x)", names).output
    assert one is not None
    assert two is not None
    assert (one.text, one.reads, one.function(3)) == ("y", (Read("value", "y"),), 3)
    assert (two.text, two.function(1, 2)) == ("a, b", (1, 2))


def test_a_node_with_effects_need_not_be_read(names: dict[str, Any]) -> None:
    graph = read("w(x)\nsent = candidate(g, effects=True)(x)\ny = f(x)\nreturn y", names)
    assert [n.name for n in graph.nodes] == ["sent", "y"]
    assert graph.order == (1, 0)


def test_an_assertion_of_the_input(names: dict[str, Any]) -> None:
    graph = read("w(x)\nassert len(x) > 2\ny = f(x)", names)
    assert graph.input_checks == (0,)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("imag", "image"), ("modls", "models"), ("pictur", "picture"), ("sortd", "sorted")],
)
def test_did_you_mean(names: dict[str, Any], wrong: str, meant: str) -> None:
    with pytest.raises(WorkflowSyntaxError, match=f"Did you mean '{meant}'"):
        read(f"w(image)\npicture = f(image)\ny = g(picture, {wrong})", names)


def test_a_word_is_suggested_too(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError, match="Did you mean 'runtime'"):
        read("w(x)\ny = f(x)\nminimize(runtim)", names)


def test_the_line_that_makes_a_name_is_told(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError, match="It is made on line 4; move this below"):
        read("w(x)\ny = f(z)\n\nz = g(x)", names)
    with pytest.raises(WorkflowSyntaxError, match="It is made by this very line"):
        read("w(x)\ny = f(y)", names)


def test_what_python_raised_is_the_cause(names: dict[str, Any]) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        read("w(x)\ny = Reader(-1)(x)", names)
    assert isinstance(caught.value.__cause__, ValueError)


def test_names_of_the_notebook_give_way(names: dict[str, Any]) -> None:
    names |= {"runtime": "mine", "confidence": len, "y": "old", "x": "old"}
    graph = read("w(x)\ny = f(x)\nassert confidence(y) > 1\nminimize(runtime)", names)
    assert graph.assertions[0].test.reads == (Read("confidence", "y"),)
    assert graph.objectives[0].word == "runtime"
    assert graph.nodes[0].args[0].reads == (Read("value", "x"),)


def test_words_through_their_module_or_another_name(names: dict[str, Any]) -> None:
    graph = read(
        "w(x)\ny = (g | ff.any_of(readers))(x)\nassert sure(y) > ff.threshold(2)\n"
        "ff.minimize(ff.runtime, weight=2)\nff.context(x)",
        names,
    )
    assert len(graph.nodes[0].candidates) == 4
    assert [r.what for r in graph.assertions[0].test.reads] == ["confidence", "threshold"]
    assert (graph.objectives[0].text, graph.objectives[0].word) == ("runtime", "runtime")
    assert graph.context[0].text == "x"


def test_nothing_of_the_user_runs_but_what_is_fixed() -> None:
    seen: list[str] = []

    def say(what: str, give: Any = len) -> Any:
        seen.append(what)
        return give

    read(
        "w(x, a=say('default', 1))\n"
        "y = (len | say('candidate', sum))(x, say('argument'))\n"
        "assert say('test') and y > threshold(say('start', 1)), say('message')\n"
        "maximize(say('term') + y, weight=say('weight', 2))\n"
        "context(say('feature') + x)\n"
        "return say('output') + y\n",
        {"say": say},
    )
    assert seen == ["default", "candidate", "start", "weight"]


def test_the_same_text_has_the_same_digest(names: dict[str, Any]) -> None:
    text = "w(x)\ny = f(x)\nassert helper(y)"
    first = read(text, {**names, "helper": lambda y: y > 1})
    again = read(text, {**names, "helper": lambda y: y > 1})
    edited = read(text, {**names, "helper": lambda y: y > 2})
    assert first.digest == again.digest
    assert first.assertions[0].fingerprint != edited.assertions[0].fingerprint
