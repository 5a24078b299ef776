"""What a good text of a call is, without knowing what was said."""

from __future__ import annotations

from flexiflow.examples.speech.spoiled import Sound
from flexiflow.examples.speech.voices import RATE

SLOWEST, QUICKEST = 4.0, 22.0
"""Letters a second, pauses included, that people who speak English keep to."""


def pace(text: str, sound: Sound) -> float:
    """How many letters the text has for each second of the sound.

    Examples
    --------
    >>> import numpy as np
    >>> pace("thank you", np.zeros(8000, np.int16))
    16.0
    """
    letters = sum(letter.isalnum() for letter in text)
    return letters * RATE / max(len(sound), 1)


def sayable(text: str, sound: Sound) -> bool:
    """Whether so much text can be said in so much time, and is not far too little for it."""
    return SLOWEST <= pace(text, sound) <= QUICKEST
