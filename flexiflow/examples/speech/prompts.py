"""Announcements that a person has spoken, with what she says: the prompts of a telephone exchange.

They are Debian's packages of the sounds of Asterisk, spoken by Allison Smith (CC BY-SA 3.0) at
8000 samples a second, and of their texts. Nothing of them comes with FlexiFlow: install them,
or unpack them somewhere and say where.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.examples.speech.listeners import Grammar, plain, pronounced
from flexiflow.examples.speech.spoiled import WAYS, call
from flexiflow.examples.speech.voices import Floats, samples

DEBIAN = ("asterisk-core-sounds-en", "asterisk-core-sounds-en-wav")
TEXTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"

LEAST, MOST = 3, 14  # words
READABLE = re.compile(r"[A-Za-z ,.'!?-]+")  # no keys to press, no descriptions of tones
BABBLE = 3  # voices
MISPRINTS = {"indentified": "identified", "witheld": "withheld"}


def absent(root: str | Path = "/") -> str | None:
    """Say in one line what to install; None if all is there.

    Parameters
    ----------
    root
        Where the packages are unpacked: ``/`` if they are installed.

    Examples
    --------
    >>> absent("/no/such/folder")[:42]
    'Announcements by a person are not in /no/s'
    """
    if (Path(root) / TEXTS).is_file() and (Path(root) / SOUNDS).is_dir():
        return None
    names = " ".join(DEBIAN)
    return (
        f"Announcements by a person are not in {root}. Install: apt-get install {names}. Or, where "
        f"that may not be: apt-get download {names}, unpack each with dpkg -x FILE FOLDER, and "
        "give root=FOLDER"
    )


def need_announcements(root: str | Path = "/") -> None:
    """Make sure that the packages are there.

    Raises
    ------
    BadInput
        If one is not; the message says what to install.
    """
    if (lacking := absent(root)) is not None:
        raise BadInput(f"{lacking}.")


def texts(root: str | Path = "/") -> dict[str, str]:
    """Read what is said: name of a sound -> its words, in small letters.

    Only sentences of 3 to 14 words, each once: what differs in its sound alone has one answer.

    Raises
    ------
    BadInput
        A package is not there.
    """
    need_announcements(root)
    lines = gzip.decompress((Path(root) / TEXTS).read_bytes()).decode("utf-8", "replace")
    found: dict[str, str] = {}
    for line in lines.splitlines():
        name, colon, text = (part.strip() for part in line.partition(":"))
        words = " ".join(MISPRINTS.get(word, word) for word in plain(text).split())
        fits = READABLE.fullmatch(text) and LEAST <= len(words.split()) <= MOST
        if colon and fits and words not in found.values() and _sound(root, name).is_file():
            found[name] = words
    return found


def announcements(n: int = 160, seed: int = 0, root: str | Path = "/") -> list[dict[str, Any]]:
    """Make announcements as they come over a bad line; a longer list begins as a shorter one.

    Parameters
    ----------
    n
        How many. Each sentence comes once before one comes again.
    seed
        Of all that is drawn.
    root
        Where the packages are unpacked.

    Returns
    -------
    list of dict
        ``id``, ``sound`` (16 000 samples of 16 bits a second, shape (samples,)), ``label`` (the
        words), ``name`` of the sound, and ``way`` (of
        :data:`~flexiflow.examples.speech.spoiled.WAYS`).

    Raises
    ------
    BadInput
        ``n`` is negative, or a package is not there.
    """
    if n < 0:
        raise BadInput(f"The number of announcements must be 0 or more. Got {n}.")
    said = texts(root)
    names = random.Random(seed).sample(list(said), len(said))
    return [_spoken(number, seed, names, said, root) for number in range(n)]


def _spoken(
    number: int, seed: int, names: list[str], said: dict[str, str], root: str | Path
) -> dict[str, Any]:
    draw = random.Random(f"{seed} {number}")
    name, way = names[number % len(names)], draw.choice(WAYS)
    talking = BABBLE if way == "babble" else 0
    others = [_voice(root, draw.choice(names)) for _ in range(talking)]
    sound = call(way, _voice(root, name), others, draw)
    return {"id": f"announcement-{number:04}", "sound": sound, "label": said[name], "name": name,
            "way": way}  # fmt: skip


def _voice(root: str | Path, name: str) -> Floats:
    return samples(_sound(root, name).read_bytes())


def _sound(root: str | Path, name: str) -> Path:
    return Path(root) / SOUNDS / f"{name}.wav"


def same_words(heard: str, label: str) -> bool:
    """Whether both have the same letters: ``voice mail`` is as right as ``voicemail``.

    Examples
    --------
    >>> same_words("enter your voice mail", "enter your voicemail")
    True
    """
    return heard.replace(" ", "") == label.replace(" ", "")


def grammar(sentences: Iterable[str]) -> str:
    """Give a grammar of sentences, as JSGF.

    Examples
    --------
    >>> print(grammar(["thank you", "good bye"]).splitlines()[-1])
    public <announcement> = thank you | good bye;
    """
    ways = " | ".join(sentences)
    return f"#JSGF V1.0;\ngrammar announcements;\npublic <announcement> = {ways};\n"


def announcer(root: str | Path = "/") -> Grammar:
    """Load a recogniser that hears announcements only, those whose every word it can pronounce.

    Raises
    ------
    BadInput
        A package is not there.
    """
    return Grammar(grammar(pronounced(texts(root).values())))
