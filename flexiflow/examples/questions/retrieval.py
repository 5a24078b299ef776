"""Three ways to find the passage that a question is about.

Two of them weigh the terms that question and passage have in common: whole words as BM25 [1]_
does, or pieces of words as a vector of tf-idf [2]_. The third compares the meaning of
sentences with a small language model. All give the one passage that scores best.

References
----------
.. [1] Robertson, S. & Zaragoza, H. (2009). The probabilistic relevance framework: BM25 and
   beyond. Foundations and Trends in Information Retrieval 3(4).
   https://doi.org/10.1561/1500000019
.. [2] Salton, G. & Buckley, C. (1988). Term-weighting approaches in automatic text retrieval.
   Information Processing & Management 24(5). https://doi.org/10.1016/0306-4573(88)90021-0
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from flexiflow.examples.questions.checks import STOP, said, words
from flexiflow.examples.sentiment.encoders import Encode

Floats = NDArray[np.float64]
Terms = Callable[[str], Sequence[str]]
K1, B = 1.5, 0.75
"""How fast repetition saturates in BM25, and how much long passages are held back."""

PIECES = (3, 4, 5)
"""Lengths of the pieces of words, in letters."""


class Index:
    """Which passages have a term, and what it weighs in each.

    Parameters
    ----------
    weights
        For each passage, term -> weight.
    """

    def __init__(self, weights: Sequence[Mapping[str, float]]) -> None:
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, terms in enumerate(weights):
            for term, weight in terms.items():
                found[term].append((number, weight))
        self._many = len(weights)
        self._where = {
            term: (np.array([n for n, _ in places]), np.array([w for _, w in places]))
            for term, places in found.items()
        }

    def scores(self, asked: Mapping[str, float]) -> Floats:
        """Sum what the asked terms weigh in each passage, shape (passages,)."""
        total = np.zeros(self._many)
        for term, times in asked.items():
            if term in self._where:
                places, weights = self._where[term]
                total[places] += times * weights
        return total


class Bm25:
    """Okapi BM25 on whole words."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(said(text)) for text in texts]
        lengths = np.array([c.total() for c in counts], dtype=float)
        idf = {
            term: float(np.log1p((len(texts) - df + 0.5) / (df + 0.5)))
            for term, df in Counter(term for c in counts for term in c).items()
        }
        short = K1 * (1 - B + B * lengths / lengths.mean())
        self._index = Index([
            {term: idf[term] * n * (K1 + 1) / (n + slow) for term, n in its.items()}
            for its, slow in zip(counts, short, strict=True)
        ])  # fmt: skip

    def scores(self, question: str) -> Floats:
        """Score every passage, shape (passages,)."""
        return self._index.scores(Counter(said(question)))


class Tfidf:
    """The cosine of tf-idf vectors of pieces of words; a mistyped word keeps most of its pieces."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(pieces(text)) for text in texts]
        frequencies = Counter(term for c in counts for term in c)
        self._idf = {t: float(np.log((1 + len(texts)) / (1 + n)) + 1)
                     for t, n in frequencies.items()}  # fmt: skip
        self._index = Index([self._vector(c) for c in counts])

    def _vector(self, counts: Mapping[str, int]) -> dict[str, float]:
        found = {t: (1 + np.log(n)) * self._idf[t] for t, n in counts.items() if t in self._idf}
        length = np.sqrt(sum(w * w for w in found.values())) or 1.0
        return {term: float(weight / length) for term, weight in found.items()}

    def scores(self, question: str) -> Floats:
        """Score every passage, shape (passages,)."""
        return self._index.scores(self._vector(Counter(pieces(question))))


def pieces(text: str) -> list[str]:
    """Cut the words of a text into pieces; a space stands before and after each word.

    Examples
    --------
    >>> pieces("of UK")
    [' uk', 'uk ', ' uk ']
    """
    padded = [f" {word} " for word in words(text) if word not in STOP]
    return [w[at : at + n] for w in padded for n in PIECES for at in range(len(w) - n + 1)]


class Meaning:
    """The cosine of what a language model makes of question and passage."""

    def __init__(self, texts: Sequence[str], encode: Encode) -> None:
        self._encode = encode
        self._vectors = np.stack([encode(gist(text)) for text in texts])

    def scores(self, question: str) -> Floats:
        """Score every passage, shape (passages,)."""
        return np.asarray(self._vectors @ self._encode(question))


def gist(passage: str) -> str:
    r"""Give the title of a passage and the names of its parts: what it is about.

    Examples
    --------
    >>> gist("Peru: Coastline\n2,414 km"), gist("Peru: Area\nland: 1 sq km\nwater: 5 sq km")
    ('Peru: Coastline', 'Peru: Area. land, water')
    """
    title, *lines = passage.split("\n")
    heads = [head for head, colon, _ in (line.partition(": ") for line in lines) if colon]
    return f"{title}. {', '.join(heads)}" if heads else title


class Retriever:
    """Gives the passage that scores best.

    It gives plain text and nothing beside it: two that agree then give the same value, and
    what follows is computed once for both.

    Parameters
    ----------
    texts
        The passages.
    index
        Scores them.
    """

    def __init__(self, texts: Sequence[str], index: Bm25 | Tfidf | Meaning) -> None:
        self._texts, self.index = texts, index

    def __call__(self, question: str) -> str:
        """Find the passage for a question."""
        return self._texts[int(self.index.scores(question).argmax())]
