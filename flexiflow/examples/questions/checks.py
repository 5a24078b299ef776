"""What kind of answer a question wants, what a good one looks like, and when it is right."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from difflib import get_close_matches


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


DATE = r"\d{1,2} [A-Z][a-z]+(?: \d{4})?"
SHARE = r"-?\d[\d.,]*%"
NUMBER = r"(?<![\w.])-?\$?\d[\d,]*(?:\.\d+)?(?: (?:million|billion|trillion))?(?![\w%])"
PERSON = r"[A-Z][\w.'\"-]+(?: [\w.'\"-]+){0,6}"
NAME = r"[^\W\d_][\w.'/-]*(?: [\w.'/-]+){0,8}"
CODE = r"\.[a-z]{2}\b"

SHAPES = {"date": DATE, "share": SHARE, "number": NUMBER, "person": PERSON, "name": NAME,
          "code": CODE}  # fmt: skip
"""Kind of answer -> what it looks like."""

_ASKS = (
    ("person", r"\bwho\b"),
    ("date", r"\b(when|date|which day)\b"),
    ("share", r"\b(percentage|share)\b|\brate of\b.*\bin \d{4}"),
    ("number", r"\bhow\b"),
    ("code", r"\bcode\b|\baddress"),
)
TITLES = _listed(
    """acting chairman chancellor council crown gen general governor head her his interim king
    leader majesty military minister premier presidential president prime queen regime sr
    transitional the by represented of and state"""
)
SCALES = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
ENOUGH = 0.8
"""The agreement in words (F1) from which on an answer in words is right."""

ALIKE = 0.6
"""How alike two words must be to be about one country, 0 to 1 (Ratcliff and Obershelp)."""

STOP = _listed(
    """a an and are as at be by did do does for from has have how high in is it its large
    long many much of on or the there to was were what when where which who with"""
)
"""Words that say nothing about what is asked for."""


def wanted(question: str) -> str:
    """Tell what kind of answer a question wants: a key of :data:`SHAPES`.

    Examples
    --------
    >>> wanted("How many people live in Peru?"), wanted("Who leads Peru?")
    ('number', 'person')
    """
    asked = question.lower()
    return next((kind for kind, words in _ASKS if re.search(words, asked)), "name")


def fits(answer: str, question: str) -> bool:
    """Whether an answer looks like what the question wants.

    Examples
    --------
    >>> fits("45.3%", "What share of Peru is wood?"), fits("Lima", "What share of Peru is wood?")
    (True, False)
    """
    return re.fullmatch(SHAPES[wanted(question)], answer) is not None


def words(text: str) -> list[str]:
    """Cut a text into its words, in small letters and without accents.

    Examples
    --------
    >>> words("Bogotá is the capital (1991).")
    ['bogota', 'is', 'the', 'capital', '1991']
    """
    bare = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c)))


def said(text: str) -> list[str]:
    """The stems, five letters at most, of the words that say something.

    Examples
    --------
    >>> said("What is the population of Peru?")
    ['popul', 'peru']
    """
    return [word[:5] for word in words(text) if word not in STOP]


def stems(text: str) -> set[str]:
    """The same, each once."""
    return set(said(text))


def untitled(name: str) -> str:
    """Take the titles off the front of a name.

    Examples
    --------
    >>> untitled("Prime Minister Narendra MODI")
    'Narendra MODI'
    """
    parts = name.split(" ")
    while len(parts) > 1 and parts[0].strip(".").lower() in TITLES:
        parts.pop(0)
    return " ".join(parts)


def value(text: str) -> float | None:
    """Read the number that a text begins with, scaled; None if there is none.

    Examples
    --------
    >>> value("$1.5 million"), value("-36.3%"), value("Lima")
    (1500000.0, -36.3, None)
    """
    found = re.match(r"(-?)\$?([\d,]*\.?\d+)(?: (million|billion|trillion))?", text)
    if not found:
        return None
    sign, digits, scale = found.groups()
    return float(sign + digits.replace(",", "")) * SCALES.get(scale or "", 1.0)


def right(answer: str, label: str) -> bool:
    """Whether an answer is the one that was asked for.

    Numbers must be equal, shares be shares. Other answers must agree in most of their words,
    titles aside: the F1 of SQuAD [1]_ is at least :data:`ENOUGH`.

    References
    ----------
    .. [1] Rajpurkar, P. et al. (2016). SQuAD: 100,000+ questions for machine comprehension of
       text. EMNLP. https://arxiv.org/abs/1606.05250

    Examples
    --------
    >>> right("1,400 km", "1,400"), right("President Paul BIYA", "Paul BIYA"), right("7", "7%")
    (True, True, False)
    """
    if re.fullmatch(f"{SHARE}|{NUMBER}", label):
        return value(answer) == value(label) and ("%" in answer) == ("%" in label)
    ours, theirs = Counter(words(untitled(answer))), Counter(words(label))
    shared = (ours & theirs).total()
    return 2 * shared >= ENOUGH * (ours.total() + theirs.total()) > 0


def occurs(answer: str, passage: str) -> bool:
    """Whether an answer stands in the passage, word for word."""
    return bool(words(answer)) and f" {' '.join(words(answer))} " in f" {' '.join(words(passage))} "


def about(passage: str, question: str) -> bool:
    """Whether the question names the passage's country, its people, or nearly so.

    Examples
    --------
    >>> about("France: Capital", "What is the French capital called?")
    True
    >>> about("Peru: Capital", "What is the French capital called?")
    False
    """
    asked = words(question)
    title = [word for word in words(passage.partition(":")[0]) if word not in STOP]
    return any(get_close_matches(word, asked, n=1, cutoff=ALIKE) for word in title)


def supported(answer: str, passage: str, question: str) -> float:
    r"""Share of the question's stems in the title and in the lines where the answer stands.

    Examples
    --------
    >>> text = "Peru: Elevation\nhighest point: Huascaran\nlowest point: Pacific Ocean"
    >>> supported("Huascaran", text, "What is the highest point of Peru?")
    1.0
    >>> round(supported("Pacific Ocean", text, "What is the highest point of Peru?"), 2)
    0.67
    """
    title, *lines = passage.split("\n")
    here = [title, *(line for line in lines if occurs(answer, line))]
    asked = stems(question)
    return len(asked & stems(" ".join(here))) / len(asked) if asked else 0.0


def glance(question: str) -> list[float]:
    """Tell what is seen of a question at a glance, as a context for the sampler.

    Returns
    -------
    list of float
        For each kind of answer, in the order of :data:`SHAPES`, whether it is wanted; how many
        words the question has, in tens, and how many of them say something.
    """
    kind = wanted(question)
    return [*(float(kind == it) for it in SHAPES), len(words(question)) / 10,
            len(said(question)) / 10]  # fmt: skip
