"""The examples that can be recorded by name, and their records in the format of ``recorded``.

A new example is one line in :data:`EXAMPLES`. Its workflow must be a chain: the format names
the candidates at all earlier nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from flexiflow.benchmarks.recorded import ARROW
from flexiflow.checks import View, features
from flexiflow.examples.lessons import Record, record
from flexiflow.examples.lessons.extras import need

SCHEMA: dict[str, Any] = {
    "job": pl.String, "node": pl.String, "candidate": pl.String, "upstream": pl.String,
    "passed": pl.Boolean, "correct": pl.Boolean, "seconds": pl.Float64, "cost": pl.Float64,
    "confidence": pl.Float64, "label": pl.String,
}  # fmt: skip


class Example(NamedTuple):
    """An example in a package under ``flexiflow.examples``.

    The package has the workflow under its own name, ``PACKAGES`` that must be installed, and
    a function ``jobs`` names that makes jobs with ``id`` and ``label`` from their number and a
    seed.
    """

    jobs: str
    many: int  #: how many jobs by default
    extra: str | None = None  #: that installs it; None: the one of the example's name
    difficulty: float | None = None  #: by default, where jobs are made with one
    package: str | None = None  #: None: of the example's name


EXAMPLES: dict[str, Example] = {
    "announced": Example("announcements", 172, extra="speech", package="speech"),
    "dates": Example("texts", 700),
    "id_cards": Example("cards", 480, extra="demo", difficulty=0.35),
    "intake": Example("documents", 1200),
    "languages": Example("messages", 1500),
    "questions": Example("posed", 400),
    "sentiment": Example("snippets", 1600),
    "speech": Example("calls", 140),
    "video": Example("clips", 160),
}


def recorded(
    name: str,
    jobs: int,
    seed: int = 0,
    clock: Callable[[], float] = time.process_time,
    say: Callable[[str], None] | None = print,
    difficulty: float | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record an example: its outcomes and its context, as ``recorded`` has them.

    Parameters
    ----------
    name
        One of :data:`EXAMPLES`.
    jobs, seed
        How many jobs to make, and from which seed.
    clock
        Gives seconds.
    say
        Receives a line now and then about how far it has come.
    difficulty
        Of the jobs, where they are made with one.

    Raises
    ------
    BadInput
        A package that the example needs is missing.
    """
    example = EXAMPLES[name]
    package = import_module(f"flexiflow.examples.{example.package or name}")
    need(example.extra or name, package.PACKAGES)
    knobs = {} if difficulty is None else {"difficulty": difficulty}
    made: Sequence[Mapping[str, Any]] = getattr(package, example.jobs)(jobs, seed=seed, **knobs)
    return frames(record(getattr(package, name), made, clock, say), made)


def frames(it: Record, jobs: Sequence[Mapping[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Write a record down as outcomes and context.

    Parameters
    ----------
    it
        Of a chain of nodes.
    jobs
        As they were made, each with its ``id`` and its ``label``.
    """
    rows = [row for number, job in enumerate(jobs) for row in _rows(it, number, job)]
    known = [
        {"job": job["id"], **features(it.graph, View(it.graph, inputs, {}), set())}
        for job, inputs in zip(jobs, it.jobs, strict=True)
    ]
    return pl.DataFrame(rows, schema=SCHEMA), pl.DataFrame(known)


def _rows(it: Record, number: int, job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    last = len(it.nodes) - 1
    for place, v in enumerate(it.graph.order):
        checked = bool(it.graph.checks[v])
        begun = set[tuple[str, ...]]()
        for row, path in enumerate(it.configurations):
            if path[: place + 1] in begun or not it.ran[number, row, place]:
                continue
            begun.add(path[: place + 1])
            good = bool(it.good[number, row, place])
            sure = it.confidence[number, row, place]
            yield {
                "job": job["id"],
                "node": it.nodes[place],
                "candidate": path[place],
                "upstream": ARROW.join(path[:place]),
                "passed": good if checked or not good else None,
                "correct": bool(it.right[number, row] > 0.5) if place == last else None,
                "seconds": it.seconds[number, row, place],
                "cost": None,
                "confidence": None if np.isnan(sure) else sure,
                "label": job["label"] if isinstance(job["label"], str) else None,
            }
