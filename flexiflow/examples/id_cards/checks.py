"""What a good reading of a field is: by its form alone, and against the truth.

``plausible`` needs no label, so it can be an assertion on real cards. ``exact_match`` needs
one, so it belongs in an objective. Spaces are no part of a field: recognisers disagree about
them and nobody files a card by them.
"""

from __future__ import annotations

import re
from datetime import date

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
YEARS = range(1930, 2016)
SUREST = {"date": 0.5, "number": 0.0, "name": 0.8}
"""The confidence each kind of field asks for: the less its form says, the more."""

NUMBER = re.compile(r"[A-Z][0-9]{6}[A-Z][0-9]{2}")
NAME = re.compile(r"[A-Z]{3,24}")
DATES = (
    re.compile(r"(?P<day>[0-9]{2})([./])(?P<month>[0-9]{2})\2(?P<year>[0-9]{4})"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(rf"(?P<day>[0-9]{{2}})(?P<month>{'|'.join(MONTHS)})(?P<year>[0-9]{{4}})"),
)


def check_digit(text: str) -> int:
    """Return the check digit that ICAO Doc 9303 gives a machine-readable field.

    Digits count as themselves, letters from A = 10 to Z = 35, the filler ``<`` as 0; the
    weights 7, 3, 1 repeat and the sum is taken modulo 10.

    Parameters
    ----------
    text
        Capital letters, digits and ``<``.

    Raises
    ------
    ValueError
        If another character occurs.

    References
    ----------
    [1] ICAO Doc 9303, Machine Readable Travel Documents, part 3, section 4.9.

    Examples
    --------
    >>> check_digit("L898902C3"), check_digit("740812")
    (6, 2)
    """
    return sum(_worth(c) * (7, 3, 1)[i % 3] for i, c in enumerate(text)) % 10


def _worth(character: str) -> int:
    if character == "<":
        return 0
    if character.isascii() and (character.isdigit() or character.isupper()):
        return int(character, 36)
    raise ValueError(
        f"A machine-readable field holds the letters A-Z, digits and '<'. "
        f"Got {character!r}: write it in capitals, without accents or spaces."
    )


def is_date(text: str) -> bool:
    """Whether the text is a day of birth that exists, from 1930 to 2015.

    Examples
    --------
    >>> is_date("29.02.1984"), is_date("29.02.1985"), is_date("7 MAY 1984"), is_date("07 MAY 1984")
    (True, False, False, True)
    """
    written = _bare(text)
    for form in DATES:
        if found := form.fullmatch(written):
            month = found["month"]
            place = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            return _exists(int(found["year"]), place, int(found["day"]))
    return False


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return year in YEARS


def is_number(text: str) -> bool:
    """Whether the text is a document number whose last digit checks the rest.

    Examples
    --------
    >>> is_number("L898902C36"), is_number("L898902C35"), is_number("L8989O2C36")
    (True, False, False)
    """
    written = _bare(text)
    return bool(NUMBER.fullmatch(written)) and check_digit(written[:-1]) == int(written[-1])


def is_name(text: str) -> bool:
    """Whether the text is made of capital letters only.

    Examples
    --------
    >>> is_name("ANNA ERIKSSON"), is_name("ANNA ER1KSSON")
    (True, False)
    """
    return bool(NAME.fullmatch(_bare(text)))


FORMS = {"date": is_date, "number": is_number, "name": is_name}


def plausible(text: str, kind: str, confidence: float) -> bool:
    """Whether a reading can be believed: the form of its kind, read surely enough.

    Parameters
    ----------
    text
        What was read.
    kind
        "date", "number" or "name".
    confidence
        How sure the recogniser was, 0 to 1. A number carries its own check digit and needs
        none, a date 0.5, a name 0.8.

    Raises
    ------
    ValueError
        If the kind is not one of the three.

    Examples
    --------
    >>> plausible("ERIKSSON", "name", 0.9), plausible("ERIKSSON", "name", 0.6)
    (True, False)
    """
    if kind not in FORMS:
        raise ValueError(f"A field is a 'date', a 'number' or a 'name'. Got {kind!r} instead.")
    return confidence >= SUREST[kind] and FORMS[kind](text)


def exact_match(text: str, label: str) -> bool:
    """Whether every character was read right, spaces aside.

    Examples
    --------
    >>> exact_match("07MAY 1984", "07 MAY 1984"), exact_match("01 MAY 1984", "07 MAY 1984")
    (True, False)
    """
    return _bare(text) == _bare(label)


def _bare(text: str) -> str:
    return "".join(text.split())
