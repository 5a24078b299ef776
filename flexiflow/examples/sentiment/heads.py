"""What is trained here: a classifier on word counts, and one on each language model's vectors.

All are logistic regressions on the same labelled texts, other ones than those that are
judged later. They are trained when they are loaded: in seconds, on one's own machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flexiflow.candidates.base import Result
from flexiflow.examples.sentiment import encoders
from flexiflow.examples.sentiment.encoders import Encode
from flexiflow.examples.sentiment.rated import known as held_back

Known = Sequence[Mapping[str, Any]]
ENCODERS: dict[str, Callable[[], Encode]] = {
    "minilm_l3": encoders.minilm_l3,
    "minilm_l6_int8": encoders.minilm_l6_int8,
    "minilm_l6": encoders.minilm_l6,
}


class Head:
    """A logistic regression on what an encoder makes of a text.

    Parameters
    ----------
    encode
        Text -> vector.
    known
        Labelled texts: ``text`` and ``label``.
    strength
        The inverse of the penalty on weights.
    """

    def __init__(self, encode: Encode, known: Known, strength: float = 10.0) -> None:
        from sklearn.linear_model import LogisticRegression

        self._encode = encode
        vectors = np.stack([encode(row["text"]) for row in known])
        made = LogisticRegression(C=strength, max_iter=2_000)
        made.fit(vectors, [row["label"] for row in known])
        self._labels = [str(label) for label in made.classes_]
        self._weights, self._bias = made.coef_[0], float(made.intercept_[0])

    def __call__(self, text: str) -> Result:
        """Judge a text."""
        score = float(self._encode(text) @ self._weights + self._bias)
        sure = float(1 / (1 + np.exp(-abs(score))))
        return Result(self._labels[score > 0], confidence=sure)


def words(known: Known) -> Any:
    """Train a classifier on words and pairs of words, weighed by how rare they are (tf-idf)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    made = make_pipeline(counts, LogisticRegression(C=10.0, max_iter=2_000))
    return made.fit([row["text"] for row in known], [row["label"] for row in known])


class Load:
    """Trains a candidate when it is first used; to be given to ``candidate(load=...)``.

    Parameters
    ----------
    name
        "tfidf" or a key of :data:`ENCODERS`.
    texts
        How many labelled texts it is trained on.
    """

    def __init__(self, name: str, texts: int = 1000) -> None:
        self.name, self.texts = name, texts

    def __call__(self) -> Any:
        """Load what is needed, and train."""
        known = held_back(self.texts)
        if self.name == "tfidf":
            return words(known)
        return Head(ENCODERS[self.name](), known)
