"""How all figures look: colours and second cues for candidates, texts made safe."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from flexiflow.errors import BadInput

# Okabe & Ito (2008), Color universal design: told apart with any kind of colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
# The second cues, so that colour never speaks alone.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon")
GOOD, TIME, GREY, BAD = COLOURS[2], COLOURS[3], "#767676", COLOURS[5]


def safe(text: object) -> str:
    """A text that plotly shows as it is: it renders some HTML of what it is given.

    Examples
    --------
    >>> safe("<b>R&D</b>")
    '&lt;b&gt;R&amp;D&lt;/b&gt;'
    """
    told = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    told = "".join(c if c.isprintable() else "\ufffd" for c in told)
    return told.encode("utf-8", "replace").decode("utf-8")


def short(text: object, room: int = 28) -> str:
    """A safe text of at most so many letters, its middle left out."""
    whole = str(text)
    if len(whole) <= room:
        return safe(whole)
    end = room // 3
    return safe(f"{whole[: room - end - 1]}…{whole[-end:]}")


def tinted(colour: str, alpha: float) -> str:
    """A colour that lets through what is behind it.

    Examples
    --------
    >>> tinted("#0072B2", 0.25)
    'rgba(0,114,178,0.25)'
    """
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({','.join(map(str, parts))},{alpha:g})"


def style(k: int) -> tuple[str, str, str]:
    """Colour, dash and symbol of the k-th candidate; those beyond the eighth differ by cue."""
    turn, at = divmod(k, len(COLOURS))
    return COLOURS[at], DASHES[(at + turn) % len(DASHES)], SYMBOLS[(at + turn) % len(SYMBOLS)]


def snapshot_of(watch: Any) -> Mapping[str, Any]:
    """The data of a watch, or the data itself."""
    found: Mapping[str, Any] = watch if isinstance(watch, Mapping) else watch.snapshot()
    return found


def nodes_of(snapshot: Mapping[str, Any], node: str | None) -> list[int]:
    """The nodes to show: all, or the one of a name."""
    names = [n["name"] for n in snapshot["graph"]["nodes"]]
    if node is None:
        return list(range(len(names)))
    if node not in names:
        near = difflib.get_close_matches(str(node), names, 1, cutoff=0.5)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise BadInput(f"The workflow has no node {node!r}. Nodes are {', '.join(names)}.{meant}")
    return [names.index(node)]


def laid_out(drawn: Any, title: str, height: int) -> Any:
    """The common layout: plain white, a legend beside, a title that says what is seen."""
    drawn.update_layout(
        title={"text": title, "x": 0.01, "xanchor": "left"},
        template="plotly_white",
        height=height,
        margin={"l": 70, "r": 20, "t": 70, "b": 60},
        legend={"tracegroupgap": 12},
    )
    return drawn
