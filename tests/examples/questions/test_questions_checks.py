"""What a question wants, what fits it, and when an answer is right."""

import pytest

from flexiflow.examples.questions.checks import (
    SHAPES,
    about,
    fits,
    glance,
    occurs,
    right,
    said,
    supported,
    untitled,
    value,
    wanted,
    words,
)

PASSAGE = "France: Elevation\nhighest point: Mont Blanc 4,810 m\nmean elevation: 375 m"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who leads the French government?", "person"),
        ("When did France gain independence?", "date"),
        ("On which day do people in France celebrate?", "date"),
        ("What share of the French people is online?", "share"),
        ("What was the inflation rate of France in 2022?", "share"),
        ("How high is the fertility rate of France?", "number"),
        ("On which letters do web addresses in France end?", "code"),
        ("What is the capital of France?", "name"),
        ("Waht percnetage of France is urban?", "name"),  # a slip in the word that tells
    ],
)
def test_the_kind_of_answer_that_is_wanted(question: str, kind: str) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("4 July 1776", "date"), ("26 January", "date"), ("45.3%", "share"), ("-0.2%", "share"),
        ("68,512,806", "number"), ("$1.5 trillion", "number"), ("-36", "number"),
        ("Emmanuel MACRON", "person"), ("XI Jinping", "person"), ("Mont Blanc", "name"),
        ("Gora El'brus", "name"), ("euros", "name"), (".fr", "code"),
    ],
)  # fmt: skip
def test_an_answer_fits_its_own_kind_and_no_unlike_one(answer: str, kind: str) -> None:
    asked = {"date": "When?", "share": "What share?", "number": "How many?", "person": "Who?",
             "name": "What?", "code": "Which code?"}  # fmt: skip
    assert {wanted(question) for question in asked.values()} == set(SHAPES)
    fitted = {it for it, question in asked.items() if fits(answer, question)}
    likes = {"person", "name"} if kind in ("person", "name") else {kind}
    assert kind in fitted <= likes


def test_words_and_stems() -> None:
    assert words("Côte d'Ivoire: 1,5%") == ["cote", "d", "ivoire", "1", "5"]
    assert said("What is the population of the Populated?") == ["popul", "popul"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("4,853 km", 4853.0), ("-36.3%", -36.3), ("1.5 million", 1.5e6), ("$62,800", 62800.0),
     ("2 billion", 2e9), ("about 5", None), ("", None)],
)  # fmt: skip
def test_values(text: str, number: float | None) -> None:
    assert value(text) == number


@pytest.mark.parametrize(
    ("answer", "label", "good"),
    [
        ("4,853", "4,853", True),
        ("4853 km", "4,853", True),
        ("4,853%", "4,853", False),
        ("7.4", "7.4%", False),
        ("7.4%", "7.40%", True),
        ("President Emmanuel MACRON", "Emmanuel MACRON", True),
        ("MACRON", "Emmanuel MACRON", False),  # 2 * 1 / (1 + 2) < 0.8
        ("Bogota", "Bogotá", True),
        ("4 July", "4 July 1776", True),  # 2 * 2 / (2 + 3) = 0.8
        ("1776", "4 July 1776", False),
        ("", "Paris", False),
    ],
)
def test_right(answer: str, label: str, good: bool) -> None:
    assert right(answer, label) is good


def test_titles_are_taken_off_the_front_alone() -> None:
    assert untitled("Interim Prime Minister Muhammad YUNUS") == "Muhammad YUNUS"
    assert untitled("President") == "President"
    assert untitled("XI Jinping, President") == "XI Jinping, President"


def test_where_an_answer_stands() -> None:
    assert occurs("mont blanc", PASSAGE)
    assert not occurs("ont blanc", PASSAGE)
    assert not occurs("", PASSAGE)
    assert supported("375", PASSAGE, "How high is the mean elevation of France?") == 1.0
    # Of highe, point and franc, the line of 375 has not the first two
    assert supported("375", PASSAGE, "What is the highest point of France?") == 1 / 3
    assert supported("x", PASSAGE, "Is it?") == 0.0


@pytest.mark.parametrize(
    ("country", "question", "same"),
    [
        ("France", "What is the French capital called?", True),
        ("Madagascar", "How many women live in Maadgascar?", True),
        ("United Kingdom", "What is the capital of the United Kingdom?", True),
        ("Peru", "What is the capital of France?", False),
        ("United Kingdom", "What is the British capital called?", False),  # it leaks
    ],
)
def test_about(country: str, question: str, same: bool) -> None:
    assert about(f"{country}: Capital\nname: X", question) is same


def test_what_is_seen_of_a_question() -> None:
    seen = glance("How many people live in Peru?")
    assert seen == [0, 0, 1, 0, 0, 0, 0.6, 0.3]
    assert len(seen) == len(SHAPES) + 2
