"""From the snapshot of a run to the JSON that is kept, which is bounded whatever the run.

The snapshot is told in as much detail as fits: with fewer columns, points, jobs and letters, and
at last fewer candidates of a node, until it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from flexiflow.kept.detail import LEVELS, Detail
from flexiflow.kept.history import decisions, outcome
from flexiflow.kept.plain import number, series, text, whole

MIME = "application/vnd.flexiflow.v1+json"
VERSION = 1
MOST = 40_000  # bytes of a kept run, as they stand in a notebook's file

_DEPTH = 6  # spaces that a notebook's file indents an output's data by

Data = dict[str, Any]


def kept(snapshot: Mapping[str, Any], most: int = MOST) -> Data:
    """Make the JSON of a run that a notebook keeps.

    Parameters
    ----------
    snapshot
        As a :class:`~flexiflow.widgets.publisher.Watch` gives it; parts may be missing.
    most
        Bytes that it takes in a notebook's file at the most.

    Returns
    -------
    dict
        As :func:`schema` describes it: plain data, every number finite or None, every text
        without halves of letters. A run too large for any detail keeps its facts only, and
        says so among its notices.

    Examples
    --------
    >>> made = kept({"run": {"workflow": "cards", "state": "done", "done": 4, "passed": 3}})
    >>> made["version"], made["run"]["workflow"], made["graph"]["nodes"]
    (1, 'cards', [])
    """
    for detail in LEVELS:
        made = _told(snapshot, detail)
        if size(made) <= most:
            return made
    bare = _told({"run": snapshot.get("run", {})}, LEVELS[-1])
    bare["notices"] = ["Too large to be kept: only a live dashboard shows its candidates."]
    return bare


def size(data: Any) -> int:
    """Bytes that data take as an output's in a notebook's file, where each item has its line.

    Examples
    --------
    >>> size([1, 2])
    28
    """
    written = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    return len(written.encode()) + _DEPTH * written.count("\n")


def schema() -> Data:
    """The JSON Schema of what :func:`kept` makes, each field described.

    Examples
    --------
    >>> schema()["properties"]["run"]["properties"]["seconds"]["description"]
    "Sum of the jobs' seconds."
    """
    written = files("flexiflow.kept").joinpath("schema.json").read_text("utf-8")
    read: Data = json.loads(written)
    return read


def _told(snapshot: Mapping[str, Any], detail: Detail) -> Data:
    """All that is kept, in some detail."""
    graph = snapshot.get("graph") or {}
    nodes = list(graph.get("nodes") or ())
    beliefs = [*(snapshot.get("beliefs") or ()), *({} for _ in nodes)][: len(nodes)]
    posterior = [*(snapshot.get("posterior") or ()), *({} for _ in nodes)][: len(nodes)]
    places = [_first(n, b, detail) for n, b in zip(nodes, beliefs, strict=True)]
    columns, told = snapshot.get("columns") or {}, snapshot.get("gains") or {}
    return {
        "version": VERSION,
        "run": _run(snapshot.get("run") or {}, detail),
        "graph": {**_graph(graph, detail), "nodes": list(_nodes(nodes, places, detail))},
        "beliefs": [
            _beliefs(b, p, at) for b, p, at in zip(beliefs, posterior, places, strict=True)
        ],
        "decisions": decisions(columns, places, detail),
        "outcome": outcome(columns, told, places, detail),
        "jobs": [_row(row, detail) for row in list(snapshot.get("jobs") or ())[: detail.rows]],
        "notices": [text(n, detail.letters) for n in list(snapshot.get("notices") or ())[:10]],
    }


def _run(run: Mapping[str, Any], detail: Detail) -> Data:
    error = run.get("error")
    return {
        "workflow": text(run.get("workflow", "run"), detail.letters),
        "id": text(run.get("id", ""), detail.letters),
        "state": text(run.get("state") or "waiting", 20),
        "total": whole(run.get("total")),
        "done": whole(run.get("done")) or 0,
        "passed": whole(run.get("passed")) or 0,
        "seconds": number(run.get("seconds")),
        "error": None if error is None else text(error, 2 * detail.letters),
    }


def _graph(graph: Mapping[str, Any], detail: Detail) -> Data:
    most, letters = detail.rows, detail.letters
    return {
        "inputs": [
            {"name": text(i["name"], letters), "late": bool(i.get("late"))}
            for i in list(graph.get("inputs") or ())[:most]
        ],
        "assertions": [
            {"text": text(a["text"], letters), "scope": list(a["scope"]), "at": a["at"]}
            for a in list(graph.get("assertions") or ())[:most]
        ],
        "objectives": [
            {
                "text": text(o["text"], letters),
                "sign": int(o["sign"]),
                "weight": number(o["weight"]),
            }
            for o in list(graph.get("objectives") or ())[:most]
        ],
        "context": [text(c, letters) for c in list(graph.get("context") or ())[:most]],
    }


def _first(node: Mapping[str, Any], beliefs: Mapping[str, Any], detail: Detail) -> list[int]:
    """The candidates of a node that are told of: the first in its order, by number."""
    every = range(len(node["candidates"]))
    order = [int(c) for c in beliefs.get("order", every)]
    offered = list(dict.fromkeys([*(c for c in order if c in every), *every]))
    return sorted(offered[: detail.candidates])


def _nodes(
    nodes: list[Mapping[str, Any]], places: list[list[int]], detail: Detail
) -> Iterator[Data]:
    for node, at in zip(nodes, places, strict=True):
        yield {
            "name": text(node["name"], detail.letters),
            "candidates": [text(node["candidates"][c], detail.letters) for c in at],
            "more": len(node["candidates"]) - len(at),
            "parents": [int(p) for p in node.get("parents", ())],
            "effects": bool(node.get("effects")),
        }


def _beliefs(beliefs: Mapping[str, Any], beta: Mapping[str, Any], at: list[int]) -> Data:
    """One node's beliefs; candidates are counted as they are told of."""
    now = {c: k for k, c in enumerate(at)}
    order = [now[int(c)] for c in beliefs.get("order", at) if int(c) in now]
    return {
        "order": series(dict.fromkeys([*order, *range(len(at))])),
        **_interval("pass", beliefs, at),
        **_interval("seconds", beliefs, at),
        "context": _of(beliefs.get("context"), at),
        "a": _of(beta.get("a"), at),
        "b": _of(beta.get("b"), at),
    }


def _interval(name: str, beliefs: Mapping[str, Any], at: list[int]) -> Data:
    ends = [[row[k] for row in beliefs[name]] if name in beliefs else None for k in range(3)]
    names = (name, f"{name}_low", f"{name}_high")
    return {each: _of(values, at) for each, values in zip(names, ends, strict=True)}


def _of(values: Sequence[Any] | None, at: list[int]) -> str:
    """What is known of some candidates."""
    return series(None if values is None else values[c] for c in at)


def _row(row: Any, detail: Detail) -> Data:
    job, _, status, path, seconds, attempts, switches, rollbacks, worth, reason = row
    return {
        "job": text(job, detail.letters),
        "status": text(status, 20),
        "path": text(path, detail.letters),
        "seconds": number(seconds),
        "attempts": whole(attempts),
        "switches": whole(switches),
        "rollbacks": whole(rollbacks),
        "worth": number(worth),
        "reason": None if reason is None else text(reason, detail.letters),
    }
