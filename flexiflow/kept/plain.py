"""Values as JSON has them: finite numbers of four digits or None, series, and whole letters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

DIGITS = 4


def number(value: Any) -> float | int | None:
    """A number with four digits; None for what is none, and for NaN and infinities.

    Examples
    --------
    >>> number(0.123456), number(3.0), number(float("nan")), number(None)
    (0.1235, 3, None, None)
    """
    if value is None or not math.isfinite(value):
        return None
    brief = float(f"{value:.{DIGITS}g}")
    return int(brief) if brief.is_integer() and abs(brief) < 2**53 else brief


def series(values: Iterable[Any]) -> str:
    """Numbers on one line, with a dash for None.

    A notebook's file has a line for each entry of a list, so lists of numbers would make it
    several times as large, and changes in it unreadable.

    Examples
    --------
    >>> series([0.123456, float("nan"), 2.0])
    '0.1235 - 2'
    """
    brief = (number(value) for value in values)
    return " ".join("-" if value is None else f"{value}" for value in brief)


def whole(value: Any) -> int | None:
    """A whole number, or None."""
    return None if value is None else int(value)


def text(value: Any, most: int) -> str:
    r"""A text of at most so many letters, without halves of letters, which no file can hold.

    Examples
    --------
    >>> text("a\ud800", 9), text("resnet50_quantised", 9)
    ('a?', 'resnet50…')
    """
    said = str(value).encode("utf-8", "replace").decode()
    return said if len(said) <= most else said[: most - 1] + "…"
