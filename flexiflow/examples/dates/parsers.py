"""The candidates: six parsers of PyPI, each as it comes, with one thing taken from it.

None may fill in what the text does not say from today's date: the answer would change
overnight. So all that can be told a date to fill in from are told one that no text means.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from functools import cache
from typing import Any

UNSAID = datetime(1900, 1, 1)


def warm() -> None:
    """Import all parsers and let each read a text, so that no job pays for it."""
    for text in ("2001-02-03", "3 February 2001"):
        for parse in (ciso, dateutil, parsedatetime, datefinder, dateparser, search):
            with suppress(ValueError):
                parse(text)


def ciso(text: str) -> date:
    """Read ISO 8601 and nothing else (ciso8601, in C)."""
    import ciso8601

    return _day(ciso8601.parse_datetime(text))


def dateutil(text: str) -> date:
    """Read what English speakers write (python-dateutil)."""
    from dateutil import parser

    return _day(parser.parse(text, default=UNSAID))


def parsedatetime(text: str) -> date:
    """Read human English (parsedatetime)."""
    found, kind = _calendar().parseDT(text, sourceTime=UNSAID)
    if not kind:
        raise ValueError("no date was found")
    return _day(found)


@cache
def _calendar() -> Any:
    import parsedatetime as package

    return package.Calendar()


def datefinder(text: str) -> date:
    """Find the first date within a text (datefinder)."""
    import datefinder as package

    for found in package.find_dates(text, base_date=UNSAID):
        return _day(found)
    raise ValueError("no date was found")


def dateparser(text: str) -> date:
    """Read a date in any of 200 languages (dateparser)."""
    found = _polyglot().get_date_data(text).date_obj
    if found is None:
        raise ValueError("no date was found")
    return _day(found)


@cache
def _polyglot() -> Any:
    from dateparser.date import DateDataParser

    # What it has read before shall not decide how it reads the next text
    return DateDataParser(try_previous_locales=False, settings={"RELATIVE_BASE": UNSAID})


def search(text: str) -> date:
    """Search a text of any language for a date (dateparser.search)."""
    from dateparser.search import search_dates

    found = search_dates(text, settings={"RELATIVE_BASE": UNSAID})
    if not found:
        raise ValueError("no date was found")
    return _day(found[0][1])


def _day(found: datetime) -> date:
    return date(found.year, found.month, found.day)
