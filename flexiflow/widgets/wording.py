"""The words of a picture of a workflow: what is shown of each text, and in which order.

Widths are counted in letters of a fixed-width font, so that no font has to be measured.
"""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flexiflow.graph import Graph, Input, Node

SHOWN = 8  # candidates of a node; of more, one fewer and their number

# Surrogates and controls, and marks that can make a line read as another.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

Order = Mapping[str, Sequence[str]]
Chosen = Mapping[str, str]


class Label(NamedTuple):
    """A text as it is shown, perhaps shortened, and in full."""

    shown: str
    full: str


class Offer(NamedTuple):
    """A candidate of a node: its rank from 1 if an order was given, and whether it is chosen."""

    name: str
    rank: int | None
    chosen: bool


def printable(text: str) -> str:
    r"""Make visible what cannot be printed, or would reorder the line.

    Examples
    --------
    >>> printable("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    return UNPRINTABLE.sub("\ufffd", text)


def cells(text: str) -> int:
    r"""How many letters wide a text is: two for East Asian letters, none for combining marks.

    Examples
    --------
    >>> cells("abc"), cells("日本"), cells("e\u0301")
    (3, 4, 1)
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)


def shorten(text: str, room: int, tail: int = 0) -> Label:
    """Put a text on one line of at most ``room`` letters; ``tail`` of them from its end.

    Examples
    --------
    >>> shorten("resnet50_quantised_int8", 14, tail=5).shown
    'resnet50…_int8'
    """
    full = " ".join(text.split())
    if cells(full) <= room:
        return Label(full, full)
    end = full[len(full) - tail :]
    start = full
    while start and cells(start) + 1 + cells(end) > room:
        start = start[:-1]
    return Label(f"{start}…{end}", full)


def offers(node: Node, order: Order | None = None, chosen: Chosen | None = None) -> list[Offer]:
    """The candidates of a node in their present order, those not in ``order`` last."""
    names = [c.name for c in node.candidates]
    given = [n for n in (order or {}).get(node.name, ()) if n in names]
    rank = {name: r for r, name in enumerate(dict.fromkeys(given), 1)}
    last = len(names) + 1
    names.sort(key=lambda n: rank.get(n, last))
    pick = (chosen or {}).get(node.name)
    return [Offer(n, rank.get(n), n == pick) for n in names]


def shown(all_offers: Sequence[Offer], most: int = SHOWN) -> tuple[list[Offer], list[Offer]]:
    """Those to show and those left out; the chosen one is always shown."""
    if len(all_offers) <= most:
        return list(all_offers), []
    first, rest = list(all_offers[: most - 1]), list(all_offers[most - 1 :])
    for at, offer in enumerate(rest):
        if offer.chosen:
            first[-1], rest[at] = offer, first[-1]
    return first, rest


def output_text(graph: Graph) -> str:
    """What the workflow returns, as text; by default its last node."""
    if graph.output is not None:
        return graph.output.text
    return ", ".join(graph.nodes[-1].targets) if graph.nodes else ""


def input_text(item: Input) -> str:
    """An input as in the header of the workflow."""
    return item.name if item.required else f"{item.name}={reprlib.repr(item.default)}"


def objective_texts(graph: Graph) -> list[tuple[str, str]]:
    """Word and text of every objective, then of the context."""
    texts = []
    for o in graph.objectives:
        weight = "" if o.weight == 1 else f", weight {o.weight:g}"
        texts.append(("maximize" if o.sign > 0 else "minimize", o.expression.text + weight))
    if graph.context:
        texts.append(("context", ", ".join(e.text for e in graph.context)))
    return texts
