"""Recorded answers of one node's services: a class and the confidence in it, job by job."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from flexiflow.benchmarks.recorded import OUTCOMES
from flexiflow.benchmarks.recording import Bools, Floats
from flexiflow.errors import BadInput

COLUMNS = ("job", "node", "candidate", "correct", "cost", "confidence", "label")
"""What a set must hold on every row."""


class Answers(NamedTuple):
    """What each service said of each job, `(jobs, services)`."""

    name: str
    services: tuple[str, ...]
    label: np.ndarray[Any, np.dtype[np.str_]]
    confidence: Floats
    correct: Bools
    cost: Floats

    @property
    def best(self) -> int:
        """The service that is right most often."""
        return int(self.correct.mean(axis=0).argmax())


def tells(prefix: Path) -> bool:
    """Whether a set holds what is needed here."""
    try:
        load(prefix)
    except BadInput:
        return False
    return True


def load(prefix: Path) -> Answers:
    """Read the set ``DIR/NAME``: one node, its answers with their confidence.

    Raises
    ------
    BadInput
        There is no such set, or it lacks what is needed.
    """
    name = prefix.name.removesuffix(OUTCOMES)
    path = prefix.with_name(name + OUTCOMES)
    if not path.is_file():
        raise BadInput(f"There is no file {str(path)!r}. Give DIR/NAME.")
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{str(path)!r} cannot be read as a Parquet file: {error}") from error
    _check(name, frame)
    services = tuple(frame["candidate"].unique(maintain_order=True))
    wide = [frame.filter(pl.col("candidate") == s).sort("job") for s in services]
    if any(w["job"].to_list() != wide[0]["job"].to_list() for w in wide):
        raise BadInput(f"{name}: not every candidate has one row on every job.")

    def column(what: str) -> Any:
        return np.stack([w[what].to_numpy() for w in wide], axis=1)

    label = np.stack([w["label"].cast(pl.String).to_numpy() for w in wide], axis=1).astype(str)
    made = Answers(
        name, services, label, column("confidence").astype(float), column("correct").astype(bool),
        column("cost").astype(float),
    )  # fmt: skip
    if not made.cost[:, made.best].mean() > 0.0:
        raise BadInput(
            f"{name}: the best service, {services[made.best]!r}, costs nothing. Its price is the "
            "unit here: give costs above 0."
        )
    return made


def _check(name: str, frame: pl.DataFrame) -> None:
    """Refuse a set without what is needed, or with values that cannot be measured."""
    lacking = [c for c in COLUMNS if c not in frame.columns or frame[c].null_count()]
    if lacking:
        raise BadInput(
            f"{name}: the column {lacking[0]!r} is missing, or null on some rows. This benchmark "
            f"needs {', '.join(COLUMNS)} on every row."
        )
    if frame["node"].n_unique() != 1:
        raise BadInput(f"{name}: one node was expected, got {frame['node'].n_unique()}.")
    if frame["correct"].dtype != pl.Boolean:
        raise BadInput(
            f"{name}: 'correct' must hold true or false. It holds {frame['correct'].dtype}."
        )
    for column in ("confidence", "cost"):
        if not frame[column].dtype.is_numeric() or not frame[column].is_finite().all():
            raise BadInput(f"{name}: {column!r} must hold finite numbers on every row.")
