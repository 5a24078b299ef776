"""Messages in 43 languages, from the translations that come with Django (BSD licence).

They are read from the installed package: none of the texts is part of this one. Only the
languages that every candidate knows are taken, so that each can be right on all of them.
"""

from __future__ import annotations

import importlib.util
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from flexiflow.errors import BadInput

FOLDERS = {
    "ar": "ar", "bg": "bg", "bn": "bn", "ca": "ca", "cs": "cs", "da": "da", "de": "de",
    "el": "el", "en": "", "es": "es", "et": "et", "fa": "fa", "fi": "fi", "fr": "fr",
    "he": "he", "hi": "hi", "hr": "hr", "hu": "hu", "it": "it", "ja": "ja", "ko": "ko",
    "lt": "lt", "lv": "lv", "mr": "mr", "nl": "nl", "no": "nb", "pa": "pa", "pl": "pl",
    "pt": "pt", "ro": "ro", "ru": "ru", "sk": "sk", "sl": "sl", "sq": "sq", "sv": "sv",
    "ta": "ta", "te": "te", "th": "th", "tr": "tr", "uk": "uk", "ur": "ur", "vi": "vi",
    "zh": "zh_Hans",
}  # fmt: skip
"""Language, as ISO 639-1 has it -> its folder in Django; English is what is translated."""

SHORTEST = 12
"""Letters of a message, at least; the names of languages and months tell too little."""

_PLACEHOLDERS = re.compile(r"%\([^)]*\)[a-z]|%[a-z]|\{[^}]*\}|<[^>]*>|&\w+;|[“”\"'`]")


def messages(n: int = 1500, seed: int = 0) -> list[dict[str, Any]]:
    """Draw messages, languages alike often; the same seed gives the same messages.

    Parameters
    ----------
    n
        How many.
    seed
        Of the draw.

    Returns
    -------
    list of dict
        ``id``, ``text`` and ``label``, the language as ISO 639-1 has it. A longer list
        begins with a shorter one.

    Raises
    ------
    BadInput
        If ``n`` is below 0 or there are not as many messages.
    """
    if n < 0:
        raise BadInput(f"The number of messages must be 0 or more. Got {n}.")
    stock = translations()
    draw = random.Random(seed)
    for texts in stock.values():
        draw.shuffle(texts)
    made: list[dict[str, Any]] = []
    while len(made) < n:
        left = sorted(language for language, texts in stock.items() if texts)
        if not left:
            raise BadInput(f"There are {len(made)} messages in all. Got n = {n}.")
        draw.shuffle(left)
        for language in left[: n - len(made)]:
            text = stock[language].pop()
            made.append({"id": f"message-{len(made):05}", "text": text, "label": language})
    return made


def translations() -> dict[str, list[str]]:
    """Read all messages: language -> texts that occur in no other language, sorted."""
    import polib

    found: dict[str, set[str]] = {language: set() for language in FOLDERS}
    folder = _locale()
    for language, name in FOLDERS.items():
        if name:
            for entry in polib.pofile(str(folder / name / "LC_MESSAGES" / "django.po")):
                if entry.msgstr != entry.msgid and not entry.obsolete and not entry.fuzzy:
                    found[language].add(_bare(entry.msgstr))
                found["en"].add(_bare(entry.msgid))
    often = Counter(text for texts in found.values() for text in texts)
    return {
        language: sorted(t for t in texts if often[t] == 1 and _letters(t) >= SHORTEST)
        for language, texts in found.items()
    }


def _locale() -> Path:
    package = importlib.util.find_spec("django")
    if package is None or not package.submodule_search_locations:
        raise BadInput(
            "The messages are those of Django. Install: pip install 'flexiflow[languages]'"
        )
    return Path(package.submodule_search_locations[0]) / "conf" / "locale"


def _bare(text: str) -> str:
    return " ".join(_PLACEHOLDERS.sub(" ", text).split())


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text)
