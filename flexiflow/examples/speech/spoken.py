"""Calls: short spoken texts whose sentiment is known, each heard in one of six ways.

Half of them are answers of the small grammar in ``phrases``; the other half is free speech:
texts of the sentiment example, rated by people, that can be read aloud. Seven voices read.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.examples.sentiment import snippets
from flexiflow.examples.speech.phrases import phrase
from flexiflow.examples.speech.spoiled import WAYS, call
from flexiflow.examples.speech.voices import VOICES, Floats, Voice, need_voices, said

LONGEST = 14  # words
READABLE = re.compile(r"[A-Za-z ,.'!?;-]+")
DOMAINS = ("film", "news", "product")  # tweets are written to be seen
BABBLE = 3  # voices


def calls(n: int = 140, seed: int = 0) -> list[dict[str, Any]]:
    """Make calls; the same seed gives the same calls, a longer list begins as a shorter one.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        ``id``, ``sound`` (16 000 samples of 16 bits a second, shape (samples,)), ``label``
        ("positive" or "negative"), ``text``, ``kind`` ("answer" or "free"), ``voice`` and
        ``way`` (of :data:`~flexiflow.examples.speech.spoiled.WAYS`).

    Raises
    ------
    BadInput
        A program that reads aloud is missing, the rated texts cannot be had, or there are
        not so many.
    """
    if n < 0:
        raise BadInput(f"The number of calls must be 0 or more. Got {n}.")
    need_voices()
    free = readable(n, seed)
    return [_call(number, seed, free) for number in range(n)]


def readable(n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Give the rated texts that can be read aloud, as many as half of ``n`` calls may need."""
    drawn = snippets(min(60 + 3 * n, 3000), seed) if n else []
    return (row for row in drawn if _fits(row))


def _fits(row: dict[str, Any]) -> bool:
    text = row["text"]
    few = len(text.split()) <= LONGEST
    return few and row["domain"] in DOMAINS and bool(READABLE.fullmatch(text))


def _call(number: int, seed: int, free: Iterator[dict[str, Any]]) -> dict[str, Any]:
    draw = random.Random(f"{seed} {number}")
    kind = draw.choice(("answer", "free"))
    text, label = phrase(draw)
    if kind == "free":
        row = next(free, None)
        if row is None:
            raise BadInput(f"There are no more than {number} calls with texts of their own.")
        text, label = row["text"], row["label"]
    voice, slower = draw.choice(VOICES), round(draw.uniform(0.85, 1.2), 2)
    way = draw.choice(WAYS)
    talking = BABBLE if way == "babble" else 0
    others = [_heard(phrase(draw)[0], draw.choice(VOICES)) for _ in range(talking)]
    sound = call(way, said(text, voice, slower), others, draw)
    return {"id": f"call-{number:04}", "sound": sound, "label": label, "text": text, "kind": kind,
            "voice": voice.name, "way": way}  # fmt: skip


@lru_cache(maxsize=256)
def _heard(text: str, voice: Voice) -> Floats:
    return said(text, voice)
