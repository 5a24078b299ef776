"""The panels of a run as still SVG: densities, decisions over time, and what it brought.

Candidates are told apart by the palette of Okabe and Ito, and by their row; lines by their
dashes. Text and grid take the colour of the page around them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.widgets.picture import SANS, clean
from flexiflow.widgets.wording import shorten

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b3a100", "#6b7280")
WIDE, LEFT, ROW = 760.0, 130.0, 13.0  # pixels
COLUMNS, POINTS = 400, 200  # a still picture of 760 pixels shows no more
NONE = 255
FAILED, FIXED, SINGLE = "#c8450a", "#0072b2", "#cc79a7"

Floats = NDArray[np.float64]


def share(value: Any) -> str:
    """A probability as text.

    Examples
    --------
    >>> share(0.934), share(float("nan"))
    ('93 %', '–')
    """
    return "–" if value is None or value != value else f"{100 * float(value):.0f} %"


def densities(nodes: Sequence[Mapping[str, Any]], posterior: Sequence[Mapping[str, Any]]) -> str:
    """Draw the Beta density of each candidate's pass probability, all nodes below one another."""
    parts: list[str] = []
    y = 4.0
    for node, beta in zip(nodes, posterior, strict=True):
        if "a" not in beta:
            continue
        y += 14
        parts.append(_words(0, y, node["name"], bold=True))
        for c, name in enumerate(node["candidates"]):
            a, b = float(beta["a"][c]), float(beta["b"][c])
            y += 24
            parts.append(_words(12, y - 3, name))
            parts.append(_line(LEFT, y, WIDE - 60, y))
            parts.append(_density(a, b, y, COLOURS[c % len(COLOURS)]))
            parts.append(_words(WIDE - 50, y - 3, share(a / (a + b))))
    return _svg(y + 8, "Pass probability of each candidate", parts) if parts else ""


def _density(a: float, b: float, foot: float, colour: str) -> str:
    """One density, scaled to its own height, between 0 and 1."""
    if not (a > 0 and b > 0):
        return ""
    mean = a / (a + b)
    spread = math.sqrt(mean * (1 - mean) / (a + b + 1))
    x = np.linspace(max(mean - 4 * spread, 0.001), min(mean + 4 * spread, 0.999), 33)
    log = (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)
    tall = 20 * np.exp(log - log.max())
    points = _points(LEFT + x * (WIDE - 60 - LEFT), foot - tall)
    first, last = points.split(" ", 1)[0].split(",")[0], points.rsplit(" ", 1)[1].split(",")[0]
    return (
        f'<polygon points="{first},{_n(foot)} {points} {last},{_n(foot)}" fill="{colour}" '
        f'fill-opacity="0.25" stroke="{colour}"/>'
    )


def decisions(nodes: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> str:
    """Draw the candidate accepted per job and node, and the jobs that did not pass."""
    jobs = np.asarray(columns.get("job", ()))
    if not jobs.size:
        return ""
    kept = np.unique(np.linspace(0, jobs.size - 1, min(jobs.size, COLUMNS)).astype(int))
    choice = np.asarray(columns["choice"])[kept]
    step = (WIDE - LEFT) / max(kept.size, 20)
    parts: list[str] = []
    y = 4.0
    for n, node in enumerate(nodes):
        parts.append(_words(0, y + 11, node["name"], bold=True))
        y += 15
        for c, name in enumerate(node["candidates"]):
            parts.append(_words(12, y + 10, name))
            colour = COLOURS[c % len(COLOURS)]
            parts += _blocks(choice[:, n] == c, y, step, colour)
            y += ROW
        y += 5
    parts.append(_words(12, y + 10, "failed"))
    parts += _blocks(np.asarray(columns["passed"])[kept] == 0, y, step, FAILED)
    parts.append(_words(LEFT, y + 28, f"job {int(jobs[0])}"))
    parts.append(_words(LEFT + step * kept.size, y + 28, str(int(jobs[-1])), end=True))
    return _svg(y + 36, "Candidate accepted, job by job", parts)


def _blocks(on: NDArray[np.bool_], y: float, step: float, colour: str) -> Iterable[str]:
    """Neighbours that are on are one rectangle."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
    for start, stop in edges.reshape(-1, 2):
        x, wide = LEFT + start * step, max((stop - start) * step, 0.8)
        yield (
            f'<rect x="{_n(x)}" y="{_n(y + 1)}" width="{_n(wide)}" height="{_n(ROW - 3)}" '
            f'fill="{colour}"/>'
        )


def gains(told: Mapping[str, Any]) -> str:
    """Draw the running means beside the best fixed order and the best single configuration."""
    jobs = np.asarray(told.get("jobs", ()), dtype=float)
    parts: list[str] = []
    y = 4.0
    for name, title in (("seconds", "seconds a job"), ("passed", "pass rate"), ("worth", "worth")):
        values = np.asarray(told.get(name, ()), dtype=float)
        if jobs.size and values.size == jobs.size and np.isfinite(values).any():
            parts += _gain(told, name, title, jobs, values, y)
            y += 92
    if not parts:
        return ""
    compared = [
        ("fixed", "order", "- - -  best fixed order: "),
        ("single", "configuration", "· · ·  best single configuration: "),
    ]
    for name, key, word in compared:
        if told.get(name):
            y += 16
            parts.append(_words(0, y - 4, f"{word}{told[name].get(key, '')}", room=100))
    return _svg(y + 8, "Running means of the run beside what it is compared with", parts)


def _gain(
    told: Mapping[str, Any], name: str, title: str, jobs: Floats, values: Floats, top: float
) -> list[str]:
    bands = {w: _band(told, w, name) for w in ("single", "fixed")}
    late = values[values.size // 12 :]
    known = np.concatenate([late[np.isfinite(late)], *(b for b in bands.values() if b is not None)])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    high = high if high > low else low + (abs(low) or 1.0)

    def up(value: Any) -> Any:
        return top + 80 - 70 * (np.clip(value, low, high) - low) / (high - low)

    parts = [_words(0, top + 14, title, bold=True), _words(0, top + 32, f"{values[-1]:.3g}")]
    for (word, band), colour in zip(bands.items(), (SINGLE, FIXED), strict=True):
        if band is None:
            continue
        tall = max(float(up(band[1]) - up(band[2])), 1.0)
        parts.append(
            f'<rect x="{_n(LEFT)}" y="{_n(up(band[2]))}" width="{_n(WIDE - LEFT - 60)}" '
            f'height="{_n(tall)}" fill="{colour}" fill-opacity="0.15"/>'
        )
        dash = "2 3" if word == "single" else "7 4"
        parts.append(_line(LEFT, up(band[0]), WIDE - 60, up(band[0]), colour, dash))
    seen = np.flatnonzero(np.isfinite(values))
    seen = seen[np.unique(np.linspace(0, seen.size - 1, min(seen.size, POINTS)).astype(int))]
    line = _points(LEFT + (WIDE - LEFT - 60) * jobs[seen] / jobs[-1], up(values[seen]))
    parts.append(
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    )
    parts += [_words(WIDE - 52, top + 14, f"{high:.3g}"), _words(WIDE - 52, top + 82, f"{low:.3g}")]
    return parts


def _band(told: Mapping[str, Any], which: str, name: str) -> Floats | None:
    """Mean, low and high of what the run is compared with, where they are known."""
    band = (told.get(which) or {}).get(name)
    if band is None:
        return None
    found = np.array([np.nan if v is None else v for v in band], dtype=float)
    return found if np.isfinite(found).all() else None


def _n(value: float) -> str:
    return f"{float(value):.1f}".removesuffix(".0")


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{_n(a)},{_n(b)}" for a, b in zip(x, y, strict=True))


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str = "currentColor", dash: str = ""
) -> str:
    faint = f'stroke-dasharray="{dash}"' if dash else 'stroke-opacity="0.25"'
    place = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line {place} stroke="{colour}" {faint}/>'


def _words(
    x: float, y: float, said: str, bold: bool = False, end: bool = False, room: int = 17
) -> str:
    more = ' font-weight="600"' if bold else ""
    more += ' text-anchor="end"' if end else ""
    label = shorten(str(said), room)
    return f'<text x="{_n(x)}" y="{_n(y)}"{more}>{clean(label.shown)}</text>'


def _svg(high: float, label: str, parts: Iterable[str]) -> str:
    wide, tall = round(WIDE), round(high)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{tall}" '
        f'viewBox="0 0 {wide} {tall}" role="img" aria-label="{clean(label)}" '
        f'font-family="{SANS}" font-size="11" fill="currentColor" '
        'style="max-width:100%;height:auto">'
    )
    return "\n".join([head, *parts, "</svg>"])
