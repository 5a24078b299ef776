"""Documents as they come in: bytes, and nobody says in which encoding.

Each is one to four of Django's messages of one language, in an encoding that the language
is written in: UTF-8 with and without its mark, UTF-16 with and without, or one of 25 older
ones.
"""

from __future__ import annotations

import random
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.examples.languages.messages import translations

WESTERN = ("cp1252", "iso8859_15", "latin_1")
CENTRAL = ("cp1250", "iso8859_2")
CYRILLIC = ("cp1251", "iso8859_5", "koi8_r")
BALTIC = ("cp1257", "iso8859_13")

OLD: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ca", "da", "de", "en", "es", "fi", "fr", "it", "nl", "no", "pt", "sq",
                     "sv"), WESTERN),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), CENTRAL),
    **dict.fromkeys(("et", "lt", "lv"), BALTIC),
    "bg": CYRILLIC, "ru": CYRILLIC, "uk": ("cp1251", "iso8859_5", "koi8_u"),
    "el": ("cp1253", "iso8859_7"), "he": ("cp1255", "iso8859_8"),
    "ar": ("cp1256", "iso8859_6"), "fa": ("cp1256",), "tr": ("cp1254", "iso8859_9"),
    "th": ("tis_620",), "ko": ("euc_kr",),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp"), "zh": ("gb18030",),
}  # fmt: skip
"""Language -> encodings older than Unicode that it is written in."""

NEW = ("utf_8", "utf_8_sig", "utf_16", "utf_16_le")


def documents(n: int = 1200, seed: int = 0) -> list[dict[str, Any]]:
    """Make documents; the same seed gives the same documents, a longer list begins as a shorter.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        ``id``, ``data`` (bytes), ``label`` (a dictionary: the ``language`` as ISO 639-1
        has it, and the ``text``) and ``encoding``, as Python names it.
    """
    if n < 0:
        raise BadInput(f"The number of documents must be 0 or more. Got {n}.")
    stock, made = translations(), []
    for number in range(n):
        draw = random.Random(f"{seed} {number}")
        language = draw.choice(sorted(stock))
        some = draw.sample(stock[language], min(draw.randint(1, 4), len(stock[language])))
        text = " ".join(some)
        encoding = draw.choice(fitting(language, text))
        label = {"language": language, "text": text}
        made.append({"id": f"document-{number:05}", "data": text.encode(encoding),
                     "label": label, "encoding": encoding})  # fmt: skip
    return made


def fitting(language: str, text: str) -> list[str]:
    """Name the encodings that the whole text can be written in; old ones count twice.

    Examples
    --------
    >>> fitting("de", "Größe")[:3], "latin_1" in fitting("de", "10 €")
    (['cp1252', 'iso8859_15', 'latin_1'], False)
    """
    old = [encoding for encoding in OLD.get(language, ()) if _writes(encoding, text)]
    return old * 2 + list(NEW)


def _writes(encoding: str, text: str) -> bool:
    try:
        return text.encode(encoding).decode(encoding) == text
    except UnicodeError:
        return False
