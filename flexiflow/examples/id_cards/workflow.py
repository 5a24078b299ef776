"""Reading fields of identity cards: three steps, each with several candidates.

No single path reads every card. A guilloche vanishes in one colour channel, blur asks for
sharpening, bad light for a threshold that follows it, noise for costly averaging; one
recogniser is quick, another is robust. Whether a reading can be believed shows only at the
end, so a bad one may send the job back to the channel it began with.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import candidate, confidence, context, maximize, minimize, runtime
from flexiflow.examples.id_cards.checks import exact_match, plausible
from flexiflow.examples.id_cards.crnn import load_easyocr
from flexiflow.examples.id_cards.pictures import (
    binarise,
    blue,
    brighten,
    denoise,
    features,
    green,
    grey,
    plain,
    red,
    sharpen,
)
from flexiflow.examples.id_cards.readers import load_lstm, load_rapidocr

PACKAGES = ("cv2", "faker", "matplotlib", "PIL", "rapidocr_onnxruntime", "tesserocr")
"""What must be installed: the extra ``demo``."""

tesseract = candidate(load=load_lstm)
rapidocr = candidate(load=load_rapidocr)
easyocr = candidate(load=load_easyocr)
"""A third reader, which the workflow below leaves out; it needs the extra ``easyocr``."""


@flexiflow.workflow
def id_cards(image, kind, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Read one field of an identity card: a date, a document number or a name."""
    channel = (grey | red | green | blue)(image)
    picture = (plain | sharpen | brighten | binarise | denoise)(channel)
    text = (tesseract | rapidocr)(picture)
    assert plausible(text, kind, confidence(text)), "not a plausible reading"
    context(kind, features(image))
    maximize(exact_match(text, label))
    minimize(runtime, weight=5)
