"""Questions on the Factbook with known answers, in words of its own and in words of people.

A question asks for one part of one field of a country. Some phrasings use the name of the
field, some do not; some name the country, some its people; one question in six is mistyped.
"""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any, NamedTuple

from flexiflow.errors import BadInput
from flexiflow.examples.questions.checks import CODE, DATE, NUMBER, SHARE, untitled
from flexiflow.examples.questions.factbook import countries, passage

OWN, MISTYPED = 1 / 2, 1 / 6  # shares: in the Factbook's own words; with a slip of the fingers
NAME = r"^[A-Z][^\d(;,\"“”)]*[^\W\d_](?=$|[ ,;(\d\"“”-])"
PERSON = r"[A-Z][^(;,]*[A-Z]{2}[^(;,]*[^\s(;,]"
TITLE = r"[A-Z][^\"“(]*[^\s\"“(,]"
MONEY = r"[A-Za-z][A-Za-z ]+?(?= \(| per)"
ARTICLE = frozenset({"Philippines", "United Kingdom", "United States"})
"""Countries whose name is used with an article."""


class Kind(NamedTuple):
    """One kind of question: where its answer stands, and how it is asked.

    The first phrasing has the Factbook's own words. In a phrasing ``{c}`` is the country, and
    ``{a}`` the adjective of its people.
    """

    field: str
    part: str
    pattern: str
    phrasings: tuple[str, ...]


KINDS = (
    Kind("Capital", "name", NAME, (
        "What is the capital of {c}?", "From which city is {c} governed?",
        "What is the {a} capital called?")),
    Kind("Independence", "", DATE, (
        "When did {c} gain independence?", "On what date did {c} become a sovereign state?",
        "When is {a} independence dated?")),
    Kind("National holiday", "", DATE, (
        "When is the national holiday of {c}?", "On which day do people in {c} celebrate?",
        "When is the {a} national holiday?")),
    Kind("Executive branch", "chief of state", PERSON, (
        "Who is the chief of state of {c}?", "Who is the {a} chief of state?",
        "Who stands at the top of {c}?")),
    Kind("Executive branch", "head of government", PERSON, (
        "Who is the head of government of {c}?", "Who leads the {a} government?",
        "Who runs the cabinet in {c}?")),
    Kind("National anthem(s)", "title", TITLE, (
        "What is the title of the national anthem of {c}?",
        "Which song is sung for {c} at the Olympic Games?",
        "What is the {a} national anthem called?")),
    Kind("Exchange rates", "Currency", MONEY, (
        "What is the currency of {c}?", "What money do people in {c} pay with?",
        "Which {a} currency is exchanged for a dollar?")),
    Kind("Elevation", "highest point", NAME, (
        "What is the highest point of {c}?", "Which mountain in {c} is the tallest?",
        "What is the name of the highest {a} peak?")),
    Kind("Elevation", "lowest point", NAME, (
        "What is the lowest point of {c}?", "Where does the land in {c} lie deepest?",
        "What is the lowest {a} place?")),
    Kind("Elevation", "mean elevation", NUMBER, (
        "How high is the mean elevation of {c}?",
        "How many meters above the sea does {c} lie on average?")),
    Kind("Coastline", "", NUMBER, (
        "How long is the coastline of {c}?", "How many kilometers of seashore does {c} have?",
        "How long is the {a} coast?")),
    Kind("Area", "total", NUMBER, (
        "How large is the total area of {c}?", "How many square kilometers does {c} cover?",
        "How big is the {a} territory?")),
    Kind("Area", "water", NUMBER, (
        "How large is the water area of {c}?",
        "How many square kilometers of {c} are covered by lakes and rivers?")),
    Kind("Land boundaries", "total", NUMBER, (
        "How long are the land boundaries of {c} in total?",
        "How many kilometers of border does {c} have with others?")),
    Kind("Population", "total", NUMBER, (
        "How large is the population of {c}?", "How many people live in {c}?",
        "How many inhabitants does the {a} state have?")),
    Kind("Population", "female", NUMBER, (
        "How large is the female population of {c}?", "How many women live in {c}?")),
    Kind("Median age", "total", NUMBER, (
        "How high is the median age in {c}?", "How old is the typical person in {c}?",
        "How high is the {a} median age?")),
    Kind("Life expectancy at birth", "total population", NUMBER, (
        "How high is the life expectancy at birth in {c}?",
        "How many years can a newborn in {c} hope to live?",
        "How long do {a} people live?")),
    Kind("Life expectancy at birth", "female", NUMBER, (
        "How high is the female life expectancy in {c}?", "How long do women in {c} live?")),
    Kind("Infant mortality rate", "total", NUMBER, (
        "How high is infant mortality in {c}?",
        "How many of a thousand babies in {c} die in their first year?")),
    Kind("Total fertility rate", "", NUMBER, (
        "How high is the fertility rate of {c}?",
        "How many children does a woman in {c} have?")),
    Kind("Urbanization", "urban population", SHARE, (
        "What percentage of the population of {c} is urban?",
        "What share of the {a} people lives in cities?")),
    Kind("Obesity - adult prevalence rate", "", SHARE, (
        "What percentage of adults in {c} is obese?",
        "What share of grown-ups in {c} weighs far too much?")),
    Kind("Tobacco use", "male", SHARE, (
        "What percentage of males in {c} uses tobacco?",
        "What share of the men in {c} smokes?")),
    Kind("Alcohol consumption per capita", "beer", NUMBER, (
        "How many liters of alcohol are consumed as beer in {c}?",
        "How much beer does a person in {c} drink?")),
    Kind("Unemployment rate", "Unemployment rate 2023", SHARE, (
        "What was the unemployment rate of {c} in 2023?",
        "What percentage of {a} workers was without a job in 2023?")),
    Kind("Inflation rate (consumer prices)", "Inflation rate (consumer prices) 2022", SHARE, (
        "What was the inflation rate of {c} in 2022?",
        "By what percentage did prices in {c} rise in 2022?")),
    Kind("Real GDP per capita", "Real GDP per capita 2023", NUMBER, (
        "How high was the GDP per capita of {c} in 2023?",
        "How many dollars did a person in {c} produce in 2023?")),
    Kind("Military expenditures", "Military Expenditures 2022", SHARE, (
        "What percentage of GDP were the military expenditures of {c} in 2022?",
        "What share of its income did {c} spend on the army in 2022?")),
    Kind("Internet users", "percent of population", SHARE, (
        "What percentage of the population of {c} uses the internet?",
        "What share of the {a} people is online?")),
    Kind("Internet country code", "", CODE, (
        "What is the internet country code of {c}?",
        "On which letters do web addresses in {c} end?")),
    Kind("Airports", "", NUMBER, (
        "How many airports are there in {c}?", "How many airfields does {c} have?",
        "How many {a} airports are there?")),
    Kind("Railways", "total", NUMBER, (
        "How long are the railways of {c} in total?",
        "How many kilometers of track do trains in {c} have?",
        "How long is the {a} rail network?")),
    Kind("Electricity access", "electrification - total population", SHARE, (
        "What percentage of the total population of {c} has access to electricity?",
        "What share of the homes in {c} has power?")),
)  # fmt: skip


class Fact(NamedTuple):
    """What can be asked of one country, where it stands, and what the answer is."""

    kind: Kind
    country: str
    adjective: str
    passage: str
    answer: str


@cache
def facts() -> tuple[Fact, ...]:
    """Find, for each kind and country, what the Factbook answers, if it does."""
    found = []
    for it in countries():
        for kind in KINDS:
            its = it.fields.get(kind.field, {})
            answer = re.search(kind.pattern, its.get(kind.part, ""))
            text = passage(it.name, kind.field, its)
            if answer and answer[0] in text:
                named = f"the {it.name}" if it.name in ARTICLE else it.name
                found.append(Fact(kind, named, it.adjective, text, untitled(answer[0])))
    return tuple(found)


def mistyped(question: str, draw: random.Random) -> str:
    """Swap two neighbouring letters within a word of five letters or more.

    Examples
    --------
    >>> mistyped("What is the capital of Peru?", random.Random(0))
    'What is the capiatl of Peru?'
    """
    words = question.split(" ")
    at = draw.choice([n for n, word in enumerate(words) if len(word.strip("?")) > 4])
    letter = draw.randrange(1, len(words[at].strip("?")) - 2)
    word = words[at]
    words[at] = word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :]
    return " ".join(words)


def posed(n: int = 600, seed: int = 0) -> list[dict[str, Any]]:
    """Make questions; the same seed gives the same ones, a longer list begins as a shorter.

    Parameters
    ----------
    n
        How many.
    seed
        Of all that is drawn.

    Returns
    -------
    list of dict
        ``id``, ``question``, ``label`` (the answer) and ``source`` (the passage it stands in).
    """
    if n < 0:
        raise BadInput(f"The number of questions must be 0 or more. Got {n}.")
    stock, made = facts(), []
    for number in range(n):
        draw = random.Random(f"{seed} {number}")
        fact = draw.choice(stock)
        own, *others = fact.kind.phrasings
        phrasing = own if draw.random() < OWN else draw.choice(others)
        question = phrasing.format(c=fact.country, a=fact.adjective)
        if draw.random() < MISTYPED:
            question = mistyped(question, draw)
        made.append({"id": f"question-{number:05}", "question": question,
                     "label": fact.answer, "source": fact.passage})  # fmt: skip
    return made
