"""The words of a line, against Python's own reading of brackets and quotes."""

import ast
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexiflow.magics.options import unquoted
from flexiflow.magics.words import joined, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a  b ", ["a", "b"]),
        ("f(x, y='a b') --seed 1", ["f(x, y='a b')", "--seed", "1"]),
        ("[c for c in 'a ]']", ["[c for c in 'a ]']"]),
        ("{'a': (1, 2)} b", ["{'a': (1, 2)}", "b"]),
        (r"'it\'s one' two", [r"'it\'s one'", "two"]),
        ("a # b c", ["a"]),
        ("a#b c", ["a#b", "c"]),
        ("f(x # y) z", ["f(x # y)", "z"]),
        ("f(x y", ["f(x y"]),
        ("a) b", ["a)", "b"]),
    ],
)
def test_blanks_part_words_but_not_within_brackets_or_quotes(line, words):
    assert [word.text for word in split(line)] == words


plain = st.one_of(st.integers(), st.text("ab '\"\\([{}]),#", max_size=8), st.booleans(), st.none())
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("a b", max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)


@given(st.lists(values, max_size=4))
def test_whatever_python_writes_of_a_value_is_one_word(some):
    words = split("  ".join(map(repr, some)))
    assert [ast.literal_eval(word.text) for word in words] == some


@given(st.text("ab '\"\\([{}])=-#\t", max_size=30))
def test_words_stand_where_they_say_and_lose_nothing(line):
    words = split(line)
    assert all(line[word.start : word.end] == word.text for word in words)
    gaps = [line[a.end : b.start] for a, b in pairwise(words)]
    assert not any(gap.strip() for gap in gaps)
    assert all(gap for gap in gaps)
    if words:
        whole = joined(line, words)
        assert line[: whole.start].strip() == ""
        assert line[whole.end :].strip()[:1] in ("", "#")


@pytest.mark.parametrize(
    ("text", "bare"),
    [("'a b'", "a b"), ('"a"', "a"), ("a", "a"), ("'a' == 'b'", "'a' == 'b'"), ("'", "'"),
     ("'a'+'b'", "'a'+'b'")],
)  # fmt: skip
def test_quotes_around_all_of_a_text_are_taken_off(text, bare):
    assert unquoted(text) == bare
