"""What a job looked at and what it read there, reading by reading: for the reader's own eyes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from flexiflow.errors import BadInput
from flexiflow.examples.id_cards.draw import sheet
from flexiflow.examples.id_cards.pictures import Plane
from flexiflow.flow import Workflow

if TYPE_CHECKING:
    import polars as pl

NODES = ("channel", "picture", "text")
COLUMNS = (300, 320, 320)
"""Widths in pixels: the picture, the path, what was read."""


class Reading(NamedTuple):
    """One reading of a job."""

    path: tuple[str, ...]  #: the candidates at the three nodes
    plane: Plane  #: what was read, shape (height, width)
    text: str
    confidence: float
    passed: bool
    back: str | None  #: the node that execution went back to for it; None if it did not


def readings(workflow: Workflow, card: Mapping[str, Any], attempts: pl.DataFrame) -> list[Reading]:
    """Look at each picture again that a job has read.

    Parameters
    ----------
    workflow
        With the nodes "channel", "picture" and "text".
    card
        The job's inputs.
    attempts
        Rows of ``run.attempts`` of this one job.

    Returns
    -------
    list of Reading
        In the order in which they were made; the candidates are called again for it.

    Raises
    ------
    BadInput
        There are attempts of several jobs, or none.
    """
    if attempts["job_id"].n_unique() != 1:
        raise BadInput(
            f"The attempts of one job are needed. Got those of {attempts['job_id'].n_unique()}: "
            "use run.attempts.filter(job_id=...)."
        )
    models = {n.name: {c.name: c.kind for c in n.candidates} for n in workflow.graph.nodes}
    taken: dict[str, str] = {}
    back, found = None, []
    for row in attempts.sort("step").iter_rows(named=True):
        taken[row["node"]] = row["candidate"]
        if row["rolled_back_from"] not in (None, row["node"]):
            back = row["node"]
        if row["node"] == NODES[-1]:
            path = tuple(taken[node] for node in NODES)
            plane = models["picture"][path[1]](models["channel"][path[0]](card["image"]))
            read = models["text"][path[2]](plane)
            sure = read.confidence or 0.0
            found.append(Reading(path, plane, read.value, sure, row["kind"] == "pass", back))
            back = None
    return found


def strip(card: Mapping[str, Any], found: list[Reading]) -> bytes:
    """Show the card and each reading of it, one below the other, as a JPEG."""
    rows: list[list[Any]] = [[card["image"], "the card", f"it says {card['label']}"]]
    for reading in found:
        back = f"back to {reading.back}: " if reading.back else ""
        ends = "accepted" if reading.passed else "not plausible"
        said = f"{reading.text or 'nothing'}  ({reading.confidence:.2f}): {ends}"
        rows.append([reading.plane, back + " > ".join(reading.path), said])
    return sheet(rows, COLUMNS)
