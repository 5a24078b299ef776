"""Retrieval: BM25 and tf-idf against their formulae and scikit-learn, on made passages."""

import math
from collections import Counter

import numpy as np
import pytest

from flexiflow.examples.questions.checks import said, words
from flexiflow.examples.questions.retrieval import (
    K1,
    PIECES,
    B,
    Bm25,
    Meaning,
    Retriever,
    Tfidf,
    gist,
    pieces,
)

TEXTS = [
    "Peru: Capital\nname: Lima",
    "Peru: Coastline\n2,414 km",
    "Chile: Coastline\n6,435 km\nnote: coastline of islands left out",
    "Chile: Elevation\nhighest point: Nevado Ojos del Salado\nlowest point: Pacific Ocean",
]
ASKED = ["What is the capital of Peru?", "How long is the coastline of Chile?", "Who knows?",
         "highest highest point"]  # fmt: skip


def okapi(question: str, at: int) -> float:
    """Equation (3.15) of Robertson and Zaragoza with k1 and b, and idf never below 0."""
    texts = [said(text) for text in TEXTS]
    mean = sum(map(len, texts)) / len(texts)
    score = 0.0
    for term in said(question):
        df = sum(term in text for text in texts)
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        tf = texts[at].count(term)
        score += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len(texts[at]) / mean))
    return score


@pytest.mark.parametrize("question", ASKED)
def test_bm25_is_its_formula(question: str) -> None:
    expected = [okapi(question, at) for at in range(len(TEXTS))]
    np.testing.assert_allclose(Bm25(TEXTS).scores(question), expected)


@pytest.mark.parametrize("question", ASKED)
def test_tfidf_is_that_of_scikit_learn(question: str) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    reference = TfidfVectorizer(analyzer=pieces, sublinear_tf=True)
    vectors = reference.fit_transform(TEXTS)
    expected = (vectors @ reference.transform([question]).T).toarray()[:, 0]
    np.testing.assert_allclose(Tfidf(TEXTS).scores(question), expected, atol=1e-12)


def test_pieces_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    text = "highest point: Nevado Ojos del Salado"
    cut = CountVectorizer(analyzer="char_wb", ngram_range=(PIECES[0], PIECES[-1]))
    assert Counter(pieces(text)) == Counter(cut.build_analyzer()(" ".join(words(text))))


def test_a_mistyped_word_keeps_most_of_its_pieces() -> None:
    slip = "Waht is the cpaital of Peru?"
    assert Retriever(TEXTS, Tfidf(TEXTS))(slip) == TEXTS[0]
    scores = Bm25(TEXTS).scores("cpaital")
    assert not scores.any()


def count(text: str) -> np.ndarray:
    """A vector of a text: how often it says coast and capital, and a little."""
    vector = np.array([text.lower().count("coast"), text.lower().count("capital"), 0.1])
    return vector / np.linalg.norm(vector)


def test_meaning_is_the_cosine_of_title_and_parts() -> None:
    index = Meaning(TEXTS, count)
    scores = index.scores("capital")
    np.testing.assert_allclose(scores, [count(gist(text)) @ count("capital") for text in TEXTS])
    assert Retriever(TEXTS, index)("Which capital?") == TEXTS[0]


def test_a_gist_leaves_the_values_out() -> None:
    assert gist(TEXTS[3]) == "Chile: Elevation. highest point, lowest point"
    assert gist(TEXTS[1]) == "Peru: Coastline"
