"""What a good text is, without knowing it, and what is seen of bytes at a glance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

ODD = frozenset({"Cc", "Cn", "Co", "Cs", "So", "Sk", "Sm", "Sc", "No", "Lm"})
"""Categories of Unicode that hardly occur in messages, and often in wrongly decoded ones."""

MOST = 0.02
"""The share of strange places that a good text may have."""

_WORD = re.compile(r"[^\W\d_]+")


def strange(text: str) -> float:
    """Share of the letters and signs that look wrong.

    Odd characters, capitals within a word after small letters, and words that mix scripts.

    Examples
    --------
    >>> strange("Größe"), strange("GrÃ¶ÃŸe") > MOST, strange("")
    (0.0, True, 1.0)
    """
    if not text:
        return 1.0
    wrong = sum(unicodedata.category(c) in ODD and not c.isspace() for c in text)
    for word in _WORD.findall(text):
        wrong += sum(a.islower() and b.isupper() for a, b in pairwise(word))
        scripts = {_script(c) for c in word}
        wrong += len(scripts) > 1
    return wrong / len(text)


_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "MICRO": "LATIN"}


def _script(letter: str) -> str:
    if letter < "\u0250":
        return "LATIN"
    name = unicodedata.name(letter, "").split(" ")[0]
    return _TOGETHER.get(name, name)


def clean(text: str) -> bool:
    """Whether a text looks as if it had been decoded as it should.

    Examples
    --------
    >>> clean("Die Größe darf nicht null sein."), clean("Die GrÃ¶ÃŸe darf nicht null sein.")
    (True, False)
    """
    return strange(text) <= MOST


def understood(text: str, language: str, label: Mapping[str, str]) -> bool:
    """Whether both the text and the language are as they should be."""
    return text == label["text"] and language == label["language"]


def glance(data: bytes) -> list[float]:
    """Tell what is seen of bytes at a glance, as a context for the sampler.

    Returns
    -------
    list of float
        Whether it is valid UTF-8 and goes beyond ASCII; shares of zero bytes, of bytes from
        0x80 to 0x9f and of those above; whether it holds an escape of ISO 2022, whether it
        begins with a mark of UTF-16 or UTF-8; the number of bytes, in hundreds.
    """
    length = max(len(data), 1)
    return [
        float(_is_utf8(data) and not data.isascii()),
        data.count(0) / length,
        sum(0x80 <= b < 0xA0 for b in data) / length,
        sum(b >= 0xA0 for b in data) / length,
        float(b"\x1b$" in data or b"\x1b(" in data),
        float(data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))),
        len(data) / 100,
    ]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf_8")
    except UnicodeDecodeError:
        return False
    return True
