"""Readers: each takes a question and a passage and gives the answer in the passage's words.

The first two choose a line of the passage, by its words or by its meaning, and take from it
the first thing that looks like what is asked for. The third lets a trained model of names and
quantities mark what there is, and takes the mark whose surroundings fit best.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from flexiflow.examples.questions.checks import SHAPES, stems, wanted
from flexiflow.examples.sentiment.encoders import Encode

MARKS = {
    "date": {"DATE"},
    "share": {"PERCENT"},
    "number": {"CARDINAL", "MONEY", "QUANTITY", "DATE", "ORDINAL"},
    "person": {"PERSON"},
    "name": {"GPE", "LOC", "FAC", "NORP", "ORG", "PERSON", "WORK_OF_ART", "PRODUCT"},
    "code": set[str](),
}
"""Kind of answer -> the labels that spaCy's model may give it (those of OntoNotes 5)."""

NEAR = 40  # signs before a mark that tell what it is about


def lines(passage: str) -> list[str]:
    """Give the lines of a passage below its title."""
    return passage.split("\n")[1:]


def typed(text: str, question: str) -> str | None:
    """Take from a text the first thing that looks like what a question wants, if there is one.

    Examples
    --------
    >>> typed("total: 42.7 years (2025 est.)", "How old are the French?")
    '42.7'
    """
    _, _, rest = text.rpartition(": ") if ": " in text else ("", "", text)
    found = re.search(SHAPES[wanted(question)], rest)
    return found[0] if found else None


def first(texts: list[str], question: str) -> str:
    """Take what is wanted from the first text that has it.

    Raises
    ------
    ValueError
        If none has.
    """
    for text in texts:
        answer = typed(text, question)
        if answer is not None:
            return answer
    raise ValueError(f"the passage has no {wanted(question)}")


def by_words(question: str, passage: str) -> str:
    """Read in the line that has most words of the question (a rule; no model)."""
    asked = stems(question)
    ranked = sorted(lines(passage), key=lambda line: -len(asked & stems(line)))
    return first(ranked, question)


class ByMeaning:
    """Reads in the line whose meaning is nearest to the question's, by a language model."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def __call__(self, question: str, passage: str) -> str:
        """Read."""
        here = lines(passage)
        near = np.stack([self._encode(line) for line in here]) @ self._encode(question)
        return first([here[at] for at in np.argsort(-near, kind="stable")], question)


class ByMarks:
    """Reads what a model of names and quantities has marked.

    Parameters
    ----------
    mark
        Text -> the marks in it: what is marked, its label, and where it begins.
    """

    def __init__(self, mark: Callable[[str], list[tuple[str, str, int]]]) -> None:
        self._mark = mark

    def __call__(self, question: str, passage: str) -> str:
        """Read.

        Raises
        ------
        ValueError
            If nothing of the kind that is asked for is marked.
        """
        asked, text = stems(question), "\n".join(lines(passage))
        best: tuple[int, str] | None = None
        for found, label, at in self._mark(text):
            if label in MARKS[wanted(question)]:
                shared = len(asked & stems(text[max(at - NEAR, 0) : at]))
                if best is None or shared > best[0]:
                    best = shared, found
        if best is None:
            raise ValueError(f"nothing is marked as a {wanted(question)}")
        return bare(best[1], question)


def bare(marked: str, question: str) -> str:
    """Take the answer out of what is marked: a number without its unit, say."""
    found = re.search(SHAPES[wanted(question)], marked)
    return found[0] if found else marked.strip()
