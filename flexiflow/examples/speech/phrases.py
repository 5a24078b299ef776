"""What callers answer when they are asked how it was: a small grammar with known sentiment.

The same rules make sentences, with their label by construction, and the grammar in the
format JSGF [1]_ that a recogniser of speech can be bound to: such a recogniser is quick and
knows nothing else.

References
----------
.. [1] Sun Microsystems (2000). JSpeech Grammar Format. https://www.w3.org/TR/jsgf/
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import product

WORDS = {
    "thing": ("the delivery", "the service", "the food", "the room", "the price", "my order",
              "the support", "the new phone", "the battery", "the manual"),
    "very": ("very", "really", "simply", "quite"),
    "good": ("good", "helpful", "reliable", "pleasant", "impressive", "useful"),
    "bad": ("bad", "poor", "slow", "confusing", "disappointing", "unreliable"),
}  # fmt: skip
"""Slot -> what may stand in it."""

RULES = {
    "positive": (
        "{thing} was {very} {good}", "{thing} was not {bad} at all", "i love {thing}",
        "{thing} was better than i expected", "i am {very} happy with {thing}",
        "i would buy it again", "thank you for your help",
        "it works as it should", "you saved me a lot of time", "everything arrived on time",
        "there is nothing to complain about",
    ),
    "negative": (
        "{thing} was {very} {bad}", "{thing} was not {good}", "i hate {thing}",
        "{thing} was worse than i expected", "{thing} was a waste of money",
        "i am not happy with {thing}", "i would never buy it again", "i want my money back",
        "nobody answered the phone", "it stopped working after two days",
        "i had to wait for three weeks", "half of the parts were missing",
    ),
}  # fmt: skip
"""Label -> the clauses that say so, with slots in braces."""

JOINED = "and"

_SLOT = re.compile(r"\{(\w+)\}")


def clauses(rule: str) -> Iterator[str]:
    """Write a rule out in all the ways that its slots allow.

    Examples
    --------
    >>> next(clauses("{thing} was {very} {good}")), len(list(clauses("i love {thing}")))
    ('the delivery was very good', 10)
    """
    slots = _SLOT.findall(rule)
    for chosen in product(*(WORDS[slot] for slot in slots)):
        yield rule.format(**dict(zip(slots, chosen, strict=True)))


def phrase(draw: random.Random) -> tuple[str, str]:
    """Draw what somebody says: one clause, or two of the same sentiment.

    Returns
    -------
    tuple of str
        The text, in small letters and without punctuation, and its label.
    """
    label = draw.choice(list(RULES))
    rules = draw.sample(RULES[label], draw.randint(1, 2))
    said = [_SLOT.sub(lambda slot: draw.choice(WORDS[slot[1]]), rule) for rule in rules]
    return f" {JOINED} ".join(said), label


def grammar() -> str:
    r"""Give the grammar as JSGF.

    Examples
    --------
    >>> print(*grammar().splitlines()[:3], sep="\n")
    #JSGF V1.0;
    grammar answers;
    public <answer> = <positive> [and <positive>] | <negative> [and <negative>];
    """
    whole = " | ".join(f"<{label}> [{JOINED} <{label}>]" for label in RULES)
    lines = ["#JSGF V1.0;", "grammar answers;", f"public <answer> = {whole};"]
    for label, rules in RULES.items():
        ways = " | ".join(_SLOT.sub(r"<\1>", rule) for rule in rules)
        lines.append(f"<{label}> = {ways};")
    lines += [f"<{slot}> = {' | '.join(ways)};" for slot, ways in WORDS.items()]
    return "\n".join(lines) + "\n"
