"""candidate, named, any_of, adopt: what they take, what they refuse, what they say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flexiflow.candidates import KINDS, Options, adopt, any_of, candidate, named
from flexiflow.candidates.base import Declared, Kind
from flexiflow.errors import BadInput


def twice(x: int) -> int:
    return 2 * x


def refused(text: str) -> Any:
    return pytest.raises(BadInput, match=re.escape(text))


def test_options_are_kept_and_the_name_wins() -> None:
    declared = candidate(twice, name="fast", timeout=5, cost=0.002, retries=1, rerolls=2)
    assert declared == Declared(twice, "fast", Options(timeout=5, cost=0.002, retries=1, rerolls=2))
    adopted = adopt(declared, "twice")
    assert (adopted.name, adopted.model, adopted.options) == ("fast", twice, declared.options)
    assert adopt(twice, "twice").name == "twice"
    assert adopt(candidate(twice, cost=1), "twice").name == "twice"


def test_a_declared_model_can_be_declared_further() -> None:
    again = candidate(candidate(twice, name="a", timeout=5, cost=1), cost=2)
    assert again == Declared(twice, "a", Options(timeout=5, cost=2))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"time_out": 5}, "no option 'time_out'. Did you mean 'timeout'?"),
        ({"xyz": 5}, "The options are: batch, cost"),
        ({"timeout": 0}, "'timeout' of a candidate must be seconds, above 0"),
        ({"cost": -1}, "'cost' of a candidate must be a number"),
        ({"retries": 1.5}, "'retries'"),
        ({"rerolls": -1}, "'rerolls'"),
        ({"batch": 0}, "'batch'"),
        ({"isolate": "thread"}, "'isolate' of a candidate must be 'process' or None"),
        ({"effects": 1}, "'effects'"),
        ({"device": 0}, "'device'"),
        ({"effects": True, "rerolls": 1}, "runs once"),
        ({"load": twice}, "either a model or load="),
        ({"release": print}, "release= goes with load="),
        ({"name": ""}, "must be a text"),
    ],
)
def test_bad_options(options: dict[str, Any], said: str) -> None:
    with refused(said):
        candidate(twice, **options)


def test_a_model_or_a_way_to_load_one() -> None:
    with refused("needs a model, or load="):
        candidate(timeout=3)
    assert candidate(load=lambda: twice).model is None


def test_named_and_any_of() -> None:
    assert named(a=twice, b=len).models == (("a", twice), ("b", len))
    declared = candidate(twice, timeout=1)
    assert any_of([declared, len]).models == ((None, declared), (None, len))
    assert any_of((len,)).models == ((None, len),)
    assert any_of({"x": declared}).models == (("x", declared),)


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ([], "got no models"),
        ({}, "got no models"),
        (twice, "Got function instead"),
        ("abc", "Got str instead"),
        ((m for m in [len]), "Got generator instead"),
        (candidate(len), "Got Declared instead"),
        ({3: len}, "Got 3 instead"),
    ],
)
def test_bad_alternatives(models: Any, said: str) -> None:
    with refused(said):
        any_of(models)
    with refused("at least one model"):
        named()


def test_what_no_kind_holds_is_refused() -> None:
    with refused("The candidate 'm' cannot be used"):
        adopt(3, "m")
    with refused("Got an object of type int instead"):
        adopt(candidate(3), "m")

    class Forest:
        def predict(self, x: Any) -> Any:
            return x

    with refused("Make one of it: Forest(...)"):
        adopt(Forest, "m")
    assert adopt(int, "m").kind("12") == 12  # other classes are converters


def test_every_kind_fills_the_seam() -> None:
    names = ["Module", "Workflow", "Onnx", "Remote", "Estimator", "Function"]
    assert [kind.__name__ for kind in KINDS] == names
    assert all(isinstance(adopt(twice, "f").kind, Kind) for _ in KINDS)
    assert all(not kind.accepts(None) and not kind.accepts(3) for kind in KINDS)
