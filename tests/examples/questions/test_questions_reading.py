"""Readers on made passages, with a made encoder and made marks."""

import numpy as np
import pytest

from flexiflow.examples.questions.reading import ByMarks, ByMeaning, bare, by_words, lines, typed

ELEVATION = "France: Elevation\nhighest point: Mont Blanc 4,810 m\nmean elevation: 375 m"
BRANCH = (
    "France: Executive branch\nchief of state: President Emmanuel MACRON (since 14 May 2017)\n"
    "head of government: Prime Minister Sébastien LECORNU (since 9 September 2025)"
)


def test_lines_are_those_below_the_title() -> None:
    assert lines(ELEVATION) == ["highest point: Mont Blanc 4,810 m", "mean elevation: 375 m"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How high is the mean elevation of France?", "375"),
        ("How high is the highest point of France?", "4,810"),
        ("How high does France lie?", "4,810"),  # no line is better, the first has a number
    ],
)
def test_a_rule_reads_the_line_that_shares_most_words(question: str, answer: str) -> None:
    assert by_words(question, ELEVATION) == answer


def test_a_rule_goes_on_to_a_line_that_has_the_kind() -> None:
    passage = "France: Airports\nairports: some\nnote: 1,218 with islands"
    assert by_words("How many airports?", passage) == "1,218"
    with pytest.raises(ValueError, match="the passage has no share"):
        by_words("What share of airports is paved?", passage)


def test_what_stands_after_the_name_of_the_part() -> None:
    assert typed("Real GDP per capita 2023: $9,300 (2023 est.)", "How high?") == "$9,300"
    assert typed("4,853 km", "How long?") == "4,853"
    assert typed("none", "How long?") is None


def test_a_reader_by_meaning_takes_the_nearest_line() -> None:
    def encode(text: str) -> np.ndarray:
        return np.array([text.count("i"), text.count("e"), 1.0])

    question = "How high, eeeeeeee?"
    near = max(lines(ELEVATION), key=lambda line: encode(line) @ encode(question))
    assert near == "mean elevation: 375 m"
    assert ByMeaning(encode)(question, ELEVATION) == "375"


def marks(text: str) -> list[tuple[str, str, int]]:
    known = {"Emmanuel MACRON": "PERSON", "14 May 2017": "DATE", "Sébastien LECORNU": "PERSON"}
    return [(name, label, text.index(name)) for name, label in known.items()]


def test_marks_are_taken_by_their_kind_and_the_words_before_them() -> None:
    read = ByMarks(marks)
    assert read("Who is the head of government?", BRANCH) == "Sébastien LECORNU"
    assert read("Who is the chief of state?", BRANCH) == "Emmanuel MACRON"
    assert read("When did the state begin?", BRANCH) == "14 May 2017"
    with pytest.raises(ValueError, match="nothing is marked as a share"):
        read("What share votes?", BRANCH)


def test_a_number_is_taken_without_its_unit() -> None:
    assert bare("42.7 years", "How old are people?") == "42.7"
    assert bare(" none ", "How old are people?") == "none"
