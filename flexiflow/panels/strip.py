"""Decisions over time: one column a job, thinned evenly when there are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flexiflow.panels.places import Places
from flexiflow.panels.thinned import Thinned
from flexiflow.records import Outcome

MOST = 2000  # columns


class Column(NamedTuple):
    """One job in the strip; candidates are bytes, one a node, 255 for none."""

    job: int
    choice: bytes
    first: bytes
    switches: int
    rollbacks: int
    passed: bool
    seconds: float


class Strip:
    """The strip of a run: each column is one real job, every ``every``-th of them.

    Parameters
    ----------
    places
        The workflow's nodes and candidates by number.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._columns = Thinned[Column](MOST)

    @property
    def every(self) -> int:
        """How many jobs each column stands for."""
        return self._columns.every

    def add(self, place: int, outcome: Outcome) -> None:
        """Take in the job at a place of the run, counted from 0."""
        if not self._columns.due(place):
            return
        job = outcome.job
        column = Column(
            place,
            self._places.chosen(job.configuration) if job.passed else self._nobody(),
            self._places.first(outcome),
            min(job.switches, 255),
            min(job.rollbacks, 255),
            job.passed,
            job.seconds,
        )
        self._columns.add(place, column)

    def _nobody(self) -> bytes:
        return b"\xff" * len(self._places.sizes)

    def data(self, after: int = -1) -> dict[str, Any]:
        """The columns of the jobs after a place, as arrays.

        Returns
        -------
        ``job`` int32 `(n,)`, ``choice`` and ``first`` uint8 `(n, nodes)`, ``switches``,
        ``rollbacks`` and ``passed`` uint8 `(n,)`, ``seconds`` float32 `(n,)`, ``every`` int.
        ``choice`` is 255 where a job did not pass, ``first`` where it did not get.
        """
        columns = self._columns.rows[self._columns.since(after) :]
        return {**_arrays(columns, len(self._places.sizes)), "every": self.every}


def _arrays(columns: Sequence[Column], nodes: int) -> dict[str, Any]:
    kinds = {
        "job": np.int32, "switches": np.uint8, "rollbacks": np.uint8, "passed": np.uint8,
        "seconds": np.float32,
    }  # fmt: skip
    found: dict[str, Any] = {
        name: np.array([getattr(c, name) for c in columns], dtype=kind)
        for name, kind in kinds.items()
    }
    for name in ("choice", "first"):
        joined = b"".join(getattr(c, name) for c in columns)
        found[name] = np.frombuffer(joined, dtype=np.uint8).reshape(len(columns), nodes)
    return found
