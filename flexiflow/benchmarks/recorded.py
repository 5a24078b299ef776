"""Recorded outcomes: what every candidate gave on every job, at what price.

A set named NAME is one or two Parquet files in a folder.

``NAME.outcomes.parquet`` has one row a job, node and candidate:

==================== ======================================================================
``job``              identifies the job
``node``             the step; nodes run in the order of their first appearance, save that
                     one with ``upstream`` comes after as many nodes as that names
``candidate``        who ran
``upstream``         may be absent: the candidates taken at all earlier nodes, in node
                     order, joined by ``" > "``; empty or null at the first node and at
                     nodes whose outcomes do not depend on what ran before
``passed``           whether the node's assertion held; at a node that has none, false where
                     the candidate gave no output (it raised), else null
``correct``          whether the output was right, null where nobody knows; may be absent
``seconds``, ``cost`` what the attempt took; the price is ``seconds`` if every row has them,
                     else ``cost``
==================== ======================================================================

Further columns (``confidence``, ``label``) are not read. Every candidate must have a row on
every job, and under every choice of earlier candidates if its node depends on them; only what
lies behind a row that did not pass may be missing, since nobody gets there.

``NAME.context.parquet``, which may be absent, has one row a job: ``job``, then a column a
feature: numbers, booleans, categories (text), or lists of numbers. What is null, not a number
or infinite is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from flexiflow.benchmarks.recorded_context import features
from flexiflow.benchmarks.recording import Bools, Ints, RecordedNode, Recording, grid
from flexiflow.errors import BadInput

ARROW = " > "
OUTCOMES, CONTEXT = ".outcomes.parquet", ".context.parquet"
_KEYS = ("job", "node", "candidate", "upstream")


def sets_in(folder: Path) -> list[str]:
    """The names of the sets that a folder holds, sorted."""
    return sorted(p.name.removesuffix(OUTCOMES) for p in folder.glob(f"*{OUTCOMES}"))


def load(prefix: Path) -> Recording:
    """Read and check the set ``DIR/NAME``.

    Raises
    ------
    BadInput
        There is no such set, or its files break the format; see :func:`recording`.
    """
    prefix = prefix.with_name(prefix.name.removesuffix(OUTCOMES))
    outcomes, context = (prefix.with_name(prefix.name + end) for end in (OUTCOMES, CONTEXT))
    if not outcomes.is_file():
        there = ", ".join(sets_in(prefix.parent)) or "none"
        raise BadInput(
            f"There is no file {str(outcomes)!r}. Give DIR/NAME; the sets in "
            f"{str(prefix.parent)!r} are: {there}."
        )
    return recording(prefix.name, _file(outcomes), _file(context) if context.is_file() else None)


def save(prefix: Path, outcomes: pl.DataFrame, context: pl.DataFrame | None = None) -> None:
    """Check the frames of a set and write its files, ``DIR/NAME.outcomes.parquet`` and so on."""
    recording(prefix.name, outcomes, context)
    outcomes.write_parquet(prefix.with_name(prefix.name + OUTCOMES))
    if context is not None:
        context.write_parquet(prefix.with_name(prefix.name + CONTEXT))


def _file(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{str(path)!r} cannot be read as a Parquet file: {error}") from error


def recording(name: str, outcomes: pl.DataFrame, context: pl.DataFrame | None = None) -> Recording:
    """Check frames of the format that the module's text describes, and make arrays of them.

    Raises
    ------
    BadInput
        A column or a row is missing, is there twice, or holds what it must not.
    """
    frame, unit = _tidy(name, outcomes)
    jobs = _unique(frame["job"])
    nodes: list[RecordedNode] = []
    for node in _in_order(frame):
        rows = frame.filter(pl.col("node") == node)
        nodes.append(_node(Recording(name, unit, jobs, tuple(nodes)), node, rows))
    if not any(it.checked for it in nodes):
        raise BadInput(
            f"{name}: 'passed' is true on no row, so no job can pass. Record it at one node at "
            "least, the last one say."
        )
    known = {} if context is None else features(name, context, jobs)
    return Recording(name, unit, jobs, tuple(nodes), known)


def _unique(column: pl.Series) -> tuple[str, ...]:
    return tuple(column.unique(maintain_order=True))


def _in_order(frame: pl.DataFrame) -> list[str]:
    """The nodes as they run: where the first jobs did not get far, the others tell."""
    nodes = _unique(frame["node"])
    names = pl.col("upstream").str.count_matches(ARROW, literal=True).min() + 1
    chained = frame.filter(pl.col("upstream") != "").group_by("node").agg(names)
    place = {at: node for node, at in chained.iter_rows() if at < len(nodes)}
    if len(place) < len(chained):
        return list(nodes)
    others = (node for node in nodes if node not in place.values())
    return [place[at] if at in place else next(others) for at in range(len(nodes))]


def _tidy(name: str, outcomes: pl.DataFrame) -> tuple[pl.DataFrame, Literal["seconds", "cost"]]:
    """The columns that are read, in plain types, with one ``price``; and the price's unit."""
    missing = [c for c in ("job", "node", "candidate", "passed") if c not in outcomes.columns]
    if missing or not {"seconds", "cost"} & set(outcomes.columns):
        wanted = ", ".join(missing) or "seconds or cost"
        raise BadInput(
            f"{name}: the outcomes lack the column {wanted}. They need job, node, candidate, "
            f"passed and a price, seconds or cost; they have {', '.join(outcomes.columns)}."
        )
    if outcomes.is_empty():
        raise BadInput(f"{name}: there are no outcomes, not one row.")
    frame = outcomes.with_columns(
        pl.lit(None, dtype=t).alias(c)
        for c, t in (("upstream", pl.String), ("correct", pl.Boolean), ("seconds", pl.Float64),
                     ("cost", pl.Float64)) if c not in outcomes.columns
    )  # fmt: skip
    for column, kind in (("passed", "true or false"), ("correct", "true or false"),
                         ("seconds", "numbers"), ("cost", "numbers")):  # fmt: skip
        dtype = frame.schema[column]
        good = dtype.is_numeric() if kind == "numbers" else dtype == pl.Boolean
        if not good and dtype != pl.Null:
            raise BadInput(f"{name}: the column {column!r} must hold {kind}. It holds {dtype}.")
    unit = _unit(name, frame)
    frame = frame.select(
        *(pl.col(c).cast(pl.String) for c in _KEYS[:3]),
        pl.col("upstream").cast(pl.String).fill_null(""),
        pl.col("passed", "correct").cast(pl.Boolean),
        pl.col(unit).cast(pl.Float64).alias("price"),
    )
    _check_rows(name, unit, frame)
    return frame, unit


def _unit(name: str, frame: pl.DataFrame) -> Literal["seconds", "cost"]:
    lacking = {c: frame[c].null_count() for c in ("seconds", "cost")}
    if not lacking["seconds"]:
        return "seconds"
    if not lacking["cost"]:
        return "cost"
    raise BadInput(
        f"{name}: no price is recorded on all {len(frame)} rows: 'seconds' is null on "
        f"{lacking['seconds']}, 'cost' on {lacking['cost']}. One of them must be there throughout: "
        "the two cannot be added."
    )


def _check_rows(name: str, unit: str, frame: pl.DataFrame) -> None:
    price = pl.col("price")
    tests: Sequence[tuple[pl.Expr, str]] = (
        (pl.any_horizontal(pl.col(_KEYS[:3]).is_null()), "has no job, node or candidate"),
        (~price.is_finite() | (price < 0), f"has {unit} that are not finite, or below 0"),
        (pl.struct(_KEYS).is_duplicated(), "is there more than once"),
    )
    for test, what in tests:
        bad = frame.filter(test)
        if not bad.is_empty():
            raise BadInput(
                f"{name}: a row {what}: {_told(bad.row(0, named=True))} ({len(bad)} such rows)."
            )


def _told(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {row[key]!r}" for key in _KEYS if row[key] != "")


class _Places(NamedTuple):
    """Where the rows of a node belong in its arrays."""

    jobs: Ints
    runs: Ints
    prefixes: list[str]


def _node(before: Recording, node: str, rows: pl.DataFrame) -> RecordedNode:
    """The arrays of one node, the earlier nodes being known."""
    name, candidates = before.name, _unique(rows["candidate"])
    at = _places(before, node, rows, candidates)
    shape = (len(before.jobs), len(at.prefixes) * len(candidates))
    there = np.zeros(shape, dtype=bool)
    price, passed = np.zeros(shape), np.ones(shape, dtype=bool)
    correct = np.full(shape, np.nan)
    checked = bool(rows["passed"].any())
    unknown = rows.filter(pl.col("passed").is_null())
    if checked and not unknown.is_empty():
        raise BadInput(
            f"{name}: 'passed' is true on some rows of the node {node!r} and null on others: "
            f"{_told(unknown.row(0, named=True))}. Record it on all of them if the node has an "
            "assertion; if it has none, leave it null where the candidate gave an output."
        )
    there[at.jobs, at.runs] = True
    price[at.jobs, at.runs] = rows["price"].to_numpy()
    correct[at.jobs, at.runs] = rows["correct"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    passed[at.jobs, at.runs] = rows["passed"].fill_null(True).to_numpy()
    chained = at.prefixes != [""]
    _check_all_there(before, node, candidates, at.prefixes, there)
    return RecordedNode(node, candidates, chained, checked, price, passed, correct)


def _places(
    before: Recording, node: str, rows: pl.DataFrame, candidates: tuple[str, ...]
) -> _Places:
    name, upstream = before.name, rows["upstream"]
    prefixes = [""]
    if (upstream != "").any():
        prefixes = [ARROW.join(names) for names in product(*(n.candidates for n in before.nodes))]
        if len(set(prefixes)) < len(prefixes):
            raise BadInput(
                f"{name}: candidates before {node!r} cannot be told apart in 'upstream', since "
                f"their names contain {ARROW!r}. Rename them."
            )
    strange = rows.filter(~upstream.is_in(prefixes))
    if not strange.is_empty():
        row = strange.row(0, named=True)
        earlier = ", ".join(n.name for n in before.nodes) or "none: it is the first node"
        raise BadInput(
            f"{name}: 'upstream' must name the candidate taken at each earlier node ({earlier}), "
            f"{prefixes[0]!r} for one, on all rows of a node or on none. Got {row['upstream']!r} "
            f"at {_told(row)}."
        )
    prefix = _codes(upstream, prefixes)
    who = _codes(rows["candidate"], candidates)
    return _Places(_codes(rows["job"], before.jobs), prefix * len(candidates) + who, prefixes)


def _codes(column: pl.Series, categories: Sequence[str]) -> Ints:
    """For each entry its place among the categories, `(len(column),)`."""
    return column.cast(pl.Enum(categories)).to_physical().cast(pl.Int64).to_numpy()


def _check_all_there(
    before: Recording,
    node: str,
    candidates: tuple[str, ...],
    prefixes: list[str],
    there: Bools,
) -> None:
    need = np.ones_like(there)
    if prefixes != [""]:
        ways = before.reached(len(before.nodes), grid(before.sizes))
        need = np.repeat(ways, len(candidates), axis=1)
    lost = np.argwhere(need & ~there)
    if len(lost):
        job, run = lost[0]
        row = {"job": before.jobs[job], "node": node,
               "candidate": candidates[run % len(candidates)],
               "upstream": prefixes[run // len(candidates)]}  # fmt: skip
        raise BadInput(
            f"{before.name}: a row is missing: {_told(row)} ({len(lost)} such rows). A replay "
            "needs every candidate on every job. Record it, or leave out the job or the candidate."
        )
