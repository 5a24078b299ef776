"""What can be checked of a language without knowing it, and what is seen of a text."""

from __future__ import annotations

import unicodedata
from collections import Counter

SCRIPTS = {
    "ARABIC": {"ar", "fa", "ur", "ps", "ug", "ku", "sd"},
    "BENGALI": {"bn", "as"},
    "CJK": {"ja", "zh"},
    "CYRILLIC": {"bg", "be", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk", "ba", "cv"},
    "DEVANAGARI": {"hi", "mr", "ne", "sa"},
    "GREEK": {"el"},
    "GURMUKHI": {"pa"},
    "HANGUL": {"ko"},
    "HEBREW": {"he", "yi"},
    "HIRAGANA": {"ja"},
    "KATAKANA": {"ja"},
    "TAMIL": {"ta"},
    "TELUGU": {"te"},
    "THAI": {"th"},
}
"""Script, by the first word of its letters' names in Unicode -> who writes in it."""


def script(text: str) -> str:
    """Name the script that a text is written in; "" if it has no letters.

    Latin letters in a text of another script are names or code and do not count.

    Examples
    --------
    >>> script("Guten Tag!"), script("поле email"), script("12:30")
    ('LATIN', 'CYRILLIC', '')
    """
    names = (unicodedata.name(c, "").split(" ")[0] for c in text if c.isalpha())
    counted = Counter(names)
    # Japanese mixes its own letters with Chinese ones
    if counted["HIRAGANA"] or counted["KATAKANA"]:
        return "HIRAGANA"
    others = {name: count for name, count in counted.items() if name in SCRIPTS}
    if others:
        return max(others, key=others.__getitem__)
    return "LATIN" if counted else ""


def script_fits(language: str, text: str) -> bool:
    """Whether a language is written in the script that the text is written in.

    Examples
    --------
    >>> script_fits("de", "Guten Tag!"), script_fits("ru", "Guten Tag!"), script_fits("", "Tag")
    (True, False, False)
    """
    written = script(text)
    if written in SCRIPTS:
        return language in SCRIPTS[written]
    others = set().union(*SCRIPTS.values()) - {"ku", "sr"}
    return bool(language) and language not in others


def same_language(language: str, label: str) -> bool:
    """Whether it is the language that the message was written in."""
    return language == label


def seen(text: str) -> list[float]:
    """Tell what is seen at a glance, as a context for the sampler; some microseconds.

    Returns
    -------
    list of float
        Length in words and in letters, both in tens, and the shares of letters beyond
        ASCII and beyond Latin.
    """
    length = max(len(text), 1)
    return [
        len(text.split()) / 10,
        len(text) / 10,
        sum(c > "\x7f" for c in text) / length,
        sum(c > "\u024f" for c in text) / length,
    ]
