"""What a good reading of a date is, and what is seen of a text at a glance."""

from __future__ import annotations

import re
from datetime import date

YEARS = range(1930, 2036)
_NUMBERS = re.compile(r"\d+")


def plausible(day: date, text: str) -> bool:
    """Whether a reading can be believed: a year of our time, year and day written in the text.

    It does not look at the month: that may be written in letters, of any language.

    Examples
    --------
    >>> plausible(date(1984, 5, 7), "7. Mai 1984"), plausible(date(1984, 5, 1), "7. Mai 1984")
    (True, False)
    >>> plausible(date(1984, 7, 5), "05/07/1984")  # day and month may have been exchanged
    True
    """
    written = {int(number) for number in _NUMBERS.findall(text)}
    return day.year in YEARS and day.day in written and bool({day.year, day.year % 100} & written)


def same_day(day: date, label: str) -> bool:
    """Whether it is the day that was meant, ``label`` being ISO 8601.

    Examples
    --------
    >>> same_day(date(1984, 5, 7), "1984-05-07")
    True
    """
    return day.isoformat() == label


def seen(text: str) -> list[float]:
    """Tell what is seen at a glance, as a context for the sampler; some microseconds.

    Returns
    -------
    list of float
        Whether it begins with four digits and a hyphen; number of slashes, dots, commas and
        colons; shares of letters and of letters beyond ASCII; the length in words, in tens.
    """
    length = max(len(text), 1)
    return [
        float(text[:4].isdigit() and text[4:5] == "-"),
        *(float(text.count(sign)) for sign in "/.,:"),
        sum(c.isalpha() for c in text) / length,
        sum(not c.isascii() for c in text) / length,
        len(text.split()) / 10,
    ]
