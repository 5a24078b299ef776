"""Document intake: five decoders, three detectors of the language, and going back.

A wrong decoding often gives text that looks well and reads as no language. So the check at
the end blames the step before: if no language is sure, the bytes are decoded in another way.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import confidence, context, maximize, minimize, runtime
from flexiflow.examples.intake.checks import clean, glance, understood
from flexiflow.examples.intake.decoders import (
    cchardet,
    chardet,
    chardetng,
    charset_normalizer,
    utf8_else_latin1,
)
from flexiflow.examples.languages.checks import script_fits
from flexiflow.examples.languages.workflow import eldc, py3langid, pycld2

PACKAGES = (
    "cchardet", "chardet", "chardetng_py", "charset_normalizer", "django", "eldc", "polib",
    "py3langid", "pycld2",
)  # fmt: skip
"""What must be installed: the extra ``intake``."""


@flexiflow.workflow
def intake(data, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Decode a document and tell its language."""
    text = (utf8_else_latin1 | chardetng | cchardet | charset_normalizer | chardet)(data)
    assert clean(text), "odd characters"
    language = (eldc | pycld2 | py3langid)(text)
    assert script_fits(language, text), "not written in this script"
    assert confidence(language) >= 0.6, "no language for sure"
    context(glance(data))
    maximize(understood(text, language, label))
    minimize(runtime, weight=100)
