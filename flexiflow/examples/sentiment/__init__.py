"""Sentiment: seven candidates, labels by people, and a threshold that is learned.

    rated      the texts, from four domains, and how they are fetched
    lexicons   candidates that look words up
    encoders   small language models; ``bert`` runs one of them
    heads      what is trained on top of them, when they are loaded
    workflow   the workflow itself, ``sentiment``
    sweep      what a threshold costs and brings, moved by hand

It needs the packages of the extra ``sentiment``: ``pip install 'flexiflow[sentiment]'``.
"""

from flexiflow.examples.sentiment.rated import fetch, known, snippets
from flexiflow.examples.sentiment.workflow import PACKAGES, sentiment, trained

__all__ = ["PACKAGES", "fetch", "known", "sentiment", "snippets", "trained"]
