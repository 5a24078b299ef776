"""Dates as people and machines write them, each with the day it means.

Babel writes them as 14 languages do; the rest are the formats of ISO 8601, of RFC 5322, of
the United States and of Germany, and English sentences with a date in them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flexiflow.errors import BadInput

LANGUAGES = ("cs", "de", "es", "fi", "fr", "it", "ja", "nl", "pl", "pt", "ru", "sv", "tr", "zh")
"""What Babel writes in."""

FIRST, LAST = date(1930, 1, 1), date(2035, 12, 31)

SENTENCES = (
    "The invoice of {} has not been paid.",
    "Our meeting on {} was moved to another room.",
    "She was born on {} in a small village.",
    "Please reply before {} at the latest.",
    "The contract ends on {} and is not renewed.",
    "As agreed on {}, the goods were sent back.",
)
ENGLISH = ("{d:%B} {d.day}, {d.year}", "{d.day} {d:%B} {d.year}", "{d:%b} {d.day}, {d.year}")


def texts(n: int = 700, seed: int = 0) -> list[dict[str, Any]]:
    """Write dates; the same seed gives the same texts, a longer list begins as a shorter one.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        ``id``, ``text``, ``label`` (the day, as ISO 8601 has it) and ``habit``, how it is
        written: one of the keys of :data:`HABITS`. Days are from 1930 to 2035.
    """
    if n < 0:
        raise BadInput(f"The number of texts must be 0 or more. Got {n}.")
    made = []
    for number in range(n):
        draw = random.Random(f"{seed} {number}")
        habit = draw.choices(list(HABITS), [weight for _, weight in HABITS.values()])[0]
        day = FIRST + timedelta(days=draw.randrange((LAST - FIRST).days + 1))
        moment = datetime(day.year, day.month, day.day, draw.randrange(24), draw.randrange(60))
        text = HABITS[habit][0](moment, draw)
        made.append(
            {"id": f"date-{number:04}", "text": text, "label": day.isoformat(), "habit": habit}
        )
    return made


def _iso(moment: datetime, draw: random.Random) -> str:
    return moment.isoformat() if draw.random() < 0.5 else moment.date().isoformat()


def _mail(moment: datetime, draw: random.Random) -> str:
    return format_datetime(moment)


def _american(moment: datetime, draw: random.Random) -> str:
    return f"{moment:%m/%d/%Y}"


def _german(moment: datetime, draw: random.Random) -> str:
    return f"{moment:%d.%m.%Y}"


def _local(moment: datetime, draw: random.Random) -> str:
    from babel.dates import format_date

    language, length = draw.choice(LANGUAGES), draw.choice(("long", "long", "full", "medium"))
    return str(format_date(moment.date(), format=length, locale=language))


def _sentence(moment: datetime, draw: random.Random) -> str:
    return draw.choice(SENTENCES).format(draw.choice(ENGLISH).format(d=moment))


HABITS: dict[str, tuple[Callable[[datetime, random.Random], str], int]] = {
    "iso": (_iso, 20),
    "mail": (_mail, 10),
    "american": (_american, 10),
    "german": (_german, 10),
    "local": (_local, 35),
    "sentence": (_sentence, 15),
}
"""Habit -> what writes so, and how often of a hundred."""
