from __future__ import annotations

import datetime
import enum
import json
import math
import pathlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from flexiflow.encode import CAP, clean, to_json, to_mapping, to_repr, to_state
from flexiflow.errors import BadInput

TEXTS = some.text(some.characters(exclude_categories=[]), max_size=9)
PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False,
    allow_infinity=False) | TEXTS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


class Colour(enum.StrEnum):
    RED = "red"


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError


class Odd:
    def __repr__(self) -> str:
        return "odd\ud800\0"


@given(PLAIN)
def test_plain_values_come_back_exactly(value: Any) -> None:
    text, kind = to_json(value)
    assert kind == "json"
    assert json.loads(text) == value
    assert "\0" not in text
    assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(1.5), "1.5"),
        (np.float64("nan"), "null"),
        (-math.inf, "null"),
        (np.int64(-3), "-3"),
        (np.True_, "true"),
        (np.arange(6).reshape(2, 3), "[[0,1,2],[3,4,5]]"),
        (torch.tensor([0.5, 1.0]), "[0.5,1.0]"),
        (torch.tensor(3, requires_grad=False), "3"),
        (datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.UTC), '"2024-05-06T07:08:00+00:00"'),
        (datetime.date(2024, 5, 6), '"2024-05-06"'),
        (pathlib.PurePosixPath("a/b"), '"a/b"'),
        (Colour.RED, '"red"'),
        ((1, (2,)), "[1,[2]]"),
    ],
)
def test_known_kinds_become_json(value: Any, text: str) -> None:
    assert to_json(value) == (text, "json")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"ab\xff", "b'ab\\xff'"),
        ({1: 2}, "{1: 2}"),
        ({1, 2}, "{1, 2}"),
        (1 + 2j, "(1+2j)"),
        (Rude(), "<Rude whose repr raised RuntimeError>"),
        ([Odd()], "[odd\\ud800\\x00]"),
        ([10**5000], "<list whose repr raised ValueError>"),
    ],
)
def test_all_else_becomes_its_repr(value: Any, text: str) -> None:
    assert to_json(value) == (text, "repr")


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert to_json(loop) == ("[[...]]", "repr")
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert to_json(deep) == ("<list whose repr raised RecursionError>", "repr")


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("x" * 10_000_000, "10,000,000 characters"),
        ("é" * 60_000, "60,002 characters"),  # its repr: with quotes
        (b"x" * 10_000_000, "10,000,000 bytes"),
        (list(range(100_000)), "688,890 characters"),
    ],
)
def test_long_values_are_cut_and_their_length_is_told(value: Any, length: str) -> None:
    text, kind = to_json(value)
    assert kind == "repr"
    assert CAP <= len(text.encode()) <= CAP + 60
    assert text.endswith(f" … ({length} in all)")


def test_a_large_array_is_shown_as_numpy_shows_it() -> None:
    shown = "array([0., 0., 0., ..., 0., 0., 0.], shape=(1000000,))"
    assert to_json(np.zeros(10**6)) == (shown, "repr")
    assert to_json(np.zeros(5), cap=8)[1] == "repr"


def test_what_just_fits_is_not_cut() -> None:
    assert to_json("x" * 18, cap=20) == (f'"{"x" * 18}"', "json")
    assert to_json("x" * 19, cap=20)[1] == "repr"
    assert to_repr("x" * 18, cap=20) == repr("x" * 18)


def test_a_mapping_always_becomes_an_object() -> None:
    odd = {"a": {1, 2}, 3: np.float32(0.5), "n": math.nan, "d": {1: 2}, "s": "\ud800"}
    assert json.loads(to_mapping(odd)) == {
        "a": "{1, 2}", "3": 0.5, "n": None, "d": "{1: 2}", "s": "\ud800"
    }  # fmt: skip


def test_a_state_is_whole_or_refused() -> None:
    mean = np.linspace(0, 1, 100_000)
    assert json.loads(to_state({"mean": mean})) == {"mean": mean.tolist()}
    with pytest.raises(BadInput, match=r"plain numbers, .*set is not JSON"):
        to_state({"seen": {1}})


def test_clean_leaves_sound_texts_alone() -> None:
    assert clean("Öl 🎉") == "Öl 🎉"
    assert clean("\ud83d") == "\\ud83d"
