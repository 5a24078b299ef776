"""How far a page has been told, and what is new since.

While jobs run, a change carries one of the three histories at a time, in turn: the columns of
the strip, the rows of the table, the columns again, the points of the gains. So a change stays
around half a kilobyte, and each history is still brought up to date some times a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flexiflow.panels.trail import Shown

ROWS = 2  # new job rows in one change while jobs run; all that are kept when they do not
HISTORIES = ("columns", "rows", "gains")
TURNS = ("columns", "rows", "columns", "gains")

Data = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """How far a page has been told; made by a watch, and only given back to it.

    Attributes
    ----------
    told
        Jobs that each history is told up to.
    turn
        Whose turn it is, as a place in ``TURNS``.
    versions
        Numbers of the beliefs last told, by node.
    plain, baselines
        Parts that are told whole, as they were.
    every
        Jobs that a column stands for.
    """

    told: Mapping[str, int]
    turn: int
    versions: tuple[int, ...]
    plain: Mapping[str, Any]
    baselines: Mapping[str, Any]
    every: int = 1


class Now(NamedTuple):
    """All there is to see, at one moment.

    Attributes
    ----------
    plain
        Parts that are told whole where they differ: run, now, steering, notices, graph.
    jobs
        How many jobs the histories hold.
    histories
        Those that are due, from where they were told.
    baselines
        As :meth:`flexiflow.panels.baselines.Baselines.data` gives them.
    shown
        The beliefs.
    """

    plain: Data
    jobs: int
    histories: Data
    baselines: Data
    shown: Shown


def due(mark: Mark | None, jobs: int, running: bool) -> dict[str, int]:
    """The histories to be told now, and after how many jobs each begins."""
    if mark is None:
        return dict.fromkeys(HISTORIES, 0)
    late = {name: mark.told[name] for name in HISTORIES if mark.told[name] < jobs}
    if not running:
        rested = mark.plain["run"].get("state") == "running"
        return {**late, "rows": 0} if late or rested else {}
    turns = (*TURNS[mark.turn :], *TURNS[: mark.turn])
    return next(({name: late[name]} for name in turns if name in late), {})


def fresh(now: Now, mark: Mark | None) -> tuple[Data, Mark]:
    """What is new since a mark, or all there is without one; and the mark of now."""
    told = dict.fromkeys(HISTORIES, 0) if mark is None else dict(mark.told)
    told.update(dict.fromkeys(now.histories, now.jobs))
    turn = 0 if mark is None else (mark.turn + bool(now.histories)) % len(TURNS)
    every = now.histories.get("columns", {}).get("every", 1 if mark is None else mark.every)
    new = Mark(told, turn, tuple(now.shown.versions), now.plain, now.baselines, every)
    if mark is None:
        pairs = [now.shown.node(v) for v in range(len(new.versions))]
        return {
            **now.plain,
            "beliefs": [beliefs for beliefs, _ in pairs],
            "posterior": [posterior for _, posterior in pairs],
            "columns": now.histories["columns"],
            "gains": {**now.histories["gains"], **now.baselines},
            "jobs": now.histories["rows"],
        }, new
    found = {name: part for name, part in now.plain.items() if mark.plain[name] != part}
    _beliefs(now, mark, found)
    columns = now.histories.get("columns")
    if columns is not None and (len(columns["job"]) or every != mark.every):
        found["columns"] = columns
    gains = now.histories.get("gains", {"jobs": ()})
    gains = gains if len(gains["jobs"]) else {}
    if now.baselines != mark.baselines:
        gains = {**gains, **now.baselines}
    if gains:
        found["gains"] = gains
    if now.histories.get("rows"):
        found["jobs"] = now.histories["rows"]
    return found, new


def _beliefs(now: Now, mark: Mark, found: Data) -> None:
    moved = [v for v, number in enumerate(now.shown.versions) if number != mark.versions[v]]
    if moved:
        pairs = {str(v): now.shown.node(v) for v in moved}
        found["beliefs"] = {v: beliefs for v, (beliefs, _) in pairs.items()}
        found["posterior"] = {v: posterior for v, (_, posterior) in pairs.items()}
