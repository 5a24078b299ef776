"""How much of a run is kept, from the most to the least."""

from __future__ import annotations

from typing import NamedTuple


class Detail(NamedTuple):
    """The most of each kind that is kept."""

    columns: int  #: of the decisions
    points: int  #: of the running means
    rows: int  #: latest jobs, and lines of each kind about the workflow
    letters: int  #: of a text
    candidates: int  #: of a node


LEVELS = (
    Detail(160, 120, 12, 160, 200),
    Detail(100, 80, 12, 120, 200),
    Detail(60, 50, 8, 80, 100),
    Detail(30, 30, 4, 48, 50),
    Detail(20, 20, 3, 40, 24),
    Detail(12, 12, 2, 32, 8),
    Detail(2, 2, 1, 16, 2),
)
