"""How far a page has been told, and what is new since.

While jobs run, a change carries the new columns of the strip, and one part of the rest in turn:
the beliefs of a third of the nodes, of the second and of the last third, the rows of the table
or what the gains are compared with, and the gains. So a change stays below a kilobyte at the usual
paces, and after five of them everything has had its turn. At a rest all is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from flexiflow.panels.trail import Shown

ROWS, POINTS = 2, 16  # new rows and points in one change while jobs run; else all there are
HISTORIES = ("columns", "rows", "gains")
LABELLED = ("rows", "gains")  # those that a late label changes
COMPARED = ("single", "fixed")
SHARES = 3  # turns in which the beliefs of all nodes are told
TURNS = SHARES + 2

_SMALLEST, _LARGEST = 6.2e-5, 6.5e4  # of 16 bits with all their digits

Data = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """How far a page has been told; made by a watch, and only given back to it.

    Attributes
    ----------
    told
        Jobs that each history is told up to.
    labels
        Labels that rows and gains are told up to.
    turn
        Whose turn it is.
    versions, nodes
        Numbers of the beliefs last told, by node, and what they were.
    plain, baselines
        Parts that are told whole, as they were.
    every
        Jobs that a column stands for.
    """

    told: Mapping[str, int]
    labels: Mapping[str, int]
    turn: int
    versions: tuple[int, ...]
    nodes: tuple[Mapping[str, Any], ...]
    plain: Mapping[str, Any]
    baselines: Mapping[str, Any]
    every: int = 1


class Due(NamedTuple):
    """What is to be told now.

    Attributes
    ----------
    histories
        After how many jobs each begins.
    nodes
        Whose beliefs.
    compared
        Which of the baselines.
    turn
        Whose turn is next.
    """

    histories: Mapping[str, int]
    nodes: Sequence[int]
    compared: Sequence[str]
    turn: int


class Now(NamedTuple):
    """All there is to see, at one moment.

    Attributes
    ----------
    plain
        Parts that are told whole where they differ: run, now, steering, notices, graph.
    jobs, labels
        How many jobs the histories hold, and how many labels came.
    baselines
        As :meth:`flexiflow.panels.baselines.Baselines.data` gives them.
    shown
        The beliefs.
    """

    plain: Data
    jobs: int
    labels: int
    baselines: Data
    shown: Shown


def due(now: Now, mark: Mark | None) -> Due:
    """What is to be told, of what is there now and was not there at the mark."""
    nodes = range(len(now.shown.versions))
    if mark is None:
        return Due(dict.fromkeys(HISTORIES, 0), nodes, COMPARED, 0)
    late = {name: mark.told[name] for name in HISTORIES if mark.told[name] < now.jobs}
    late.update({name: mark.told[name] for name, n in mark.labels.items() if n < now.labels})
    moved = [v for v in nodes if now.shown.versions[v] != mark.versions[v]]
    other = [name for name in COMPARED if now.baselines[name] != mark.baselines[name]]
    if now.plain["run"].get("state") == "running":
        return _in_turn(late, moved, other, mark.turn)
    if late or mark.plain["run"].get("state") == "running":
        late["rows"] = 0
    if now.labels:
        late.update(dict.fromkeys({"gains"} & late.keys(), 0))  # what earlier ones were worth
    return Due(late, moved, other, mark.turn)


def _in_turn(late: dict[str, int], moved: list[int], other: list[str], turn: int) -> Due:
    columns = {name: late[name] for name in late if name == "columns"}
    for next_one in range(turn, turn + TURNS):
        mine = next_one % TURNS
        after = (mine + 1) % TURNS
        nodes = [v for v in moved if v % SHARES == mine]
        if nodes:
            return Due(columns, nodes, (), after)
        if mine == SHARES and other:
            return Due(columns, (), other[:1], after)
        if mine == SHARES and "rows" in late:
            return Due({**columns, "rows": late["rows"]}, (), (), after)
        if mine == SHARES + 1 and "gains" in late:
            return Due({**columns, "gains": late["gains"]}, (), (), after)
    return Due(columns, (), (), turn)


def whole(now: Now, histories: Data) -> Data:
    """All there is, as plain data and arrays."""
    pairs = [now.shown.node(v) for v in range(len(now.shown.versions))]
    return {
        **now.plain,
        "beliefs": [beliefs for beliefs, _ in pairs],
        "posterior": [posterior for _, posterior in pairs],
        "columns": histories["columns"],
        "gains": {**histories["gains"], **now.baselines},
        "jobs": histories["rows"],
    }


def fresh(now: Now, mark: Mark | None, told: Due, histories: Data) -> tuple[Data, Mark]:
    """What is new since a mark, or all there is without one; and the mark of now.

    Numbers are in 16 bits where that is enough to draw them.
    """
    if mark is None:
        found = whole(now, histories)
        for kind in ("beliefs", "posterior"):
            found[kind] = [{name: brief(x) for name, x in part.items()} for part in found[kind]]
        found["columns"] = {name: brief(x) for name, x in found["columns"].items()}
        nodes = tuple(found["beliefs"])
    else:
        found = _plain(now.plain, mark.plain)
        nodes = _beliefs(now, mark, told, found)
        _histories(now, mark, told, histories, found)
    return found, _after(now, mark, told, histories, nodes)


def _after(
    now: Now, mark: Mark | None, told: Due, histories: Data, nodes: tuple[Mapping[str, Any], ...]
) -> Mark:
    """The mark of one who was told."""
    upto = dict.fromkeys(HISTORIES, 0) if mark is None else dict(mark.told)
    upto.update(dict.fromkeys(told.histories, now.jobs))
    versions = list(now.shown.versions if mark is None else mark.versions)
    baselines = dict(now.baselines if mark is None else mark.baselines)
    for v in told.nodes:
        versions[v] = now.shown.versions[v]
    baselines.update({name: now.baselines[name] for name in told.compared})
    every = histories.get("columns", {}).get("every", 1 if mark is None else mark.every)
    labels = dict.fromkeys(LABELLED, now.labels) if mark is None else dict(mark.labels)
    labels.update({name: now.labels for name in LABELLED if name in told.histories})
    return Mark(upto, labels, told.turn, tuple(versions), nodes, now.plain, baselines, every)


def _plain(now: Data, before: Mapping[str, Any]) -> Data:
    """The parts that differ; of the run and the graph, what differs in them."""
    found = {name: part for name, part in now.items() if before[name] != part}
    for name in {"run", "graph"} & found.keys():
        old = before[name]
        found[name] = {k: x for k, x in found[name].items() if k not in old or old[k] != x}
    if "now" in found:
        found["now"] = found["now"][:1]  # no more is drawn
    return found


def _histories(now: Now, mark: Mark, told: Due, histories: Data, found: Data) -> None:
    columns = histories.get("columns")
    if columns is not None and (len(columns["job"]) or columns["every"] != mark.every):
        found["columns"] = {name: brief(x) for name, x in columns.items()}
    gains = histories.get("gains", {"jobs": ()})
    gains = {
        **(gains if len(gains["jobs"]) else {}),
        **{k: now.baselines[k] for k in told.compared},
    }
    if gains:
        found["gains"] = gains
    if histories.get("rows"):
        found["jobs"] = histories["rows"]


def _beliefs(now: Now, mark: Mark, told: Due, found: Data) -> tuple[Mapping[str, Any], ...]:
    """Add what differs of the nodes that are told of; what all nodes' pages know then."""
    nodes = list(mark.nodes)
    if not told.nodes:
        return mark.nodes
    found["beliefs"], found["posterior"] = {}, {}
    for v in told.nodes:
        beliefs, posterior = now.shown.node(v)
        old, new = nodes[v], {name: brief(x) for name, x in beliefs.items()}
        nodes[v] = new
        found["beliefs"][str(v)] = {k: x for k, x in new.items() if not _same(old[k], x)}
        found["posterior"][str(v)] = {k: brief(posterior[k]) for k in "ab"}  # the trail grows there
    return tuple(nodes)


def _same(old: Any, new: Any) -> bool:
    return np.array_equal(old, new, equal_nan=new.dtype.kind == "f")


def brief(value: Any) -> Any:
    """An array of numbers in 16 bits, if that keeps three digits of each; else as it is.

    Examples
    --------
    >>> brief(np.array([0.5, np.nan, 0.0])).dtype, brief(np.array([1e-6])).dtype
    (dtype('float16'), dtype('float64'))
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    large = np.abs(value[np.isfinite(value) & (value != 0)])
    if large.size and not (large.min() >= _SMALLEST and large.max() <= _LARGEST):
        return value
    return value.astype(np.float16)
