"""The cheap candidates: lexicons of words with a score each, as three packages have them.

All give how positive a text is, from -1 to 1; its sign is the answer, and how far it is from 0
says how sure they are, from 0.5 to 1. A text without a word that they know is 0: positive, at
even odds.
"""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import Any

from flexiflow.candidates.base import Result


def vader(text: str) -> Result:
    """Judge by words, emoticons, capitals, degrees and negations (vaderSentiment)."""
    return judged(_vader().polarity_scores(text)["compound"])


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def textblob(text: str) -> Result:
    """Judge by adjectives that were found in reviews (textblob, after Pattern)."""
    from textblob import TextBlob

    return judged(TextBlob(text).sentiment.polarity)


def afinn(text: str) -> Result:
    """Judge by a list of words from microblogs, scored -5 to 5 (afinn)."""
    total = _afinn().score(text)
    return judged(total / sqrt(total * total + 15))  # brought to -1 to 1 as VADER does


@cache
def _afinn() -> Any:
    import afinn as package

    return package.Afinn(emoticons=True)


def judged(score: float) -> Result:
    """Make an answer of a score from -1 to 1.

    Examples
    --------
    >>> judged(-0.6).value, judged(-0.6).confidence
    ('negative', 0.8)
    """
    return Result(
        "positive" if score >= 0 else "negative", confidence=0.5 + min(abs(score), 1.0) / 2
    )
