"""Every configuration on every card, measured once: what any policy could have earned.

The frame that ``record`` makes has one row per card and configuration. Shared beginnings
(the red channel, the red channel brightened) are computed once, and their seconds are
written into every row that uses them, so a policy that reuses them can be told from one that
does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flexiflow.examples.id_cards.checks import exact_match, plausible
from flexiflow.examples.id_cards.pictures import (
    binarise,
    blue,
    brighten,
    denoise,
    green,
    grey,
    plain,
    red,
    sharpen,
)
from flexiflow.examples.id_cards.readers import load_legacy, load_lstm, load_rapidocr

if TYPE_CHECKING:
    import polars as pl

Candidates = Mapping[str, Mapping[str, Callable[[Any], Any]]]
"""Node -> name of a candidate -> what to call; in the order the nodes run."""


def candidates() -> dict[str, dict[str, Callable[[Any], Any]]]:
    """Load all candidates of the three nodes, Tesseract's older recogniser included."""
    return {
        "channel": {"grey": grey, "red": red, "green": green, "blue": blue},
        "picture": {
            "plain": plain,
            "sharpen": sharpen,
            "brighten": brighten,
            "binarise": binarise,
            "denoise": denoise,
        },
        "text": {
            "legacy": load_legacy(),
            "tesseract": load_lstm(),
            "rapidocr": load_rapidocr(),
        },
    }


def record(cards: Sequence[Mapping[str, Any]], models: Candidates | None = None) -> pl.DataFrame:
    """Run every configuration on every card.

    Parameters
    ----------
    cards
        As :func:`~flexiflow.examples.id_cards.draw.cards` makes them.
    models
        The candidates of the nodes "channel", "picture" and "text"; by default all of
        :func:`candidates`.

    Returns
    -------
    polars.DataFrame
        One row per card and configuration: ``id``, ``kind``, ``defect``, ``label``; the
        candidate at each node, ``channel``, ``picture``, ``text``; the ``output`` and its
        ``confidence``, ``passed``, ``right``; and the seconds of each node,
        ``channel_seconds``, ``picture_seconds``, ``text_seconds``.
    """
    import polars as pl

    used = candidates() if models is None else models
    return pl.DataFrame([row for card in cards for row in _rows(card, used)])


def _rows(card: Mapping[str, Any], models: Candidates) -> Iterator[dict[str, Any]]:
    about = {name: card[name] for name in ("id", "kind", "defect", "label")}
    for channel, take in models["channel"].items():
        plane, channel_seconds = timed(take, card["image"])
        for picture, improve in models["picture"].items():
            improved, picture_seconds = timed(improve, plane)
            for text, read in models["text"].items():
                found, text_seconds = timed(read, improved)
                yield {
                    **about,
                    "channel": channel,
                    "picture": picture,
                    "text": text,
                    "output": found.value,
                    "confidence": found.confidence,
                    "passed": plausible(found.value, card["kind"], found.confidence),
                    "right": exact_match(found.value, card["label"]),
                    "channel_seconds": channel_seconds,
                    "picture_seconds": picture_seconds,
                    "text_seconds": text_seconds,
                }


def timed(function: Callable[[Any], Any], value: Any) -> tuple[Any, float]:
    """Call a function; give what it made and the seconds it took."""
    began = time.perf_counter()
    made = function(value)
    return made, time.perf_counter() - began
