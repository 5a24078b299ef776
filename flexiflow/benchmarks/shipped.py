"""The recorded sets that come with the package, found by their name alone.

They hold numbers only: no text, picture or sound that a model was given or has made. They
were made on one machine by ``record NAME DIR --name NAME --slim``, so their seconds are that
machine's; what can be compared is how they stand to one another.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import polars as pl

from flexiflow.benchmarks.recorded import OUTCOMES, sets_in
from flexiflow.errors import BadInput

READ = ("job", "node", "candidate", "upstream", "passed", "correct", "seconds", "cost",
        "confidence")  # fmt: skip
"""The columns of outcomes that are kept: a label may be a text."""


def folder() -> Path:
    """Where the sets are."""
    return Path(str(resources.files("flexiflow"))) / "recordings"


def resolved(prefix: Path) -> Path:
    """Take a bare name for the set of the package, unless there is such a file right here.

    Parameters
    ----------
    prefix
        ``DIR/NAME``, or ``NAME``.

    Raises
    ------
    BadInput
        A bare name is neither here nor in the package.
    """
    name = prefix.name.removesuffix(OUTCOMES)
    if prefix.parent != Path() or prefix.with_name(name + OUTCOMES).exists():
        return prefix
    known = sets_in(folder())
    if name not in known:
        raise BadInput(
            f"There is no file {name + OUTCOMES!r} here, and no set {name!r} comes with "
            f"FlexiFlow. Give DIR/NAME, or one of: {', '.join(known)}."
        )
    return folder() / name


def slim(frame: pl.DataFrame) -> pl.DataFrame:
    """Make a frame of a set small: numbers in four bytes, no labels, no column without a value.

    Examples
    --------
    >>> made = {"job": ["a"], "node": ["n"], "seconds": [0.5], "label": ["x"]}
    >>> dict(slim(pl.DataFrame(made)).schema)
    {'job': String, 'node': String, 'seconds': Float32}
    """
    outcomes = "node" in frame.columns
    kept = [c for c in frame.columns if not outcomes or c in READ]
    kept = [c for c in kept if frame[c].null_count() < len(frame)]
    lists = [c for c in kept if frame.schema[c] == pl.List(pl.Float64)]
    return frame.select(kept).with_columns(
        pl.col(pl.Float64).cast(pl.Float32), pl.col(lists).cast(pl.List(pl.Float32))
    )
