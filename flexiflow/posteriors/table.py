"""Tables of sums with one row per belief: what the beliefs about candidates are kept in.

A row is found by a key of strings, so that a table grows with the candidates it meets and can
be saved as plain lists. All statistics are sums: those of two workers merge by adding.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

Key = tuple[str, ...]
Floats = NDArray[np.float64]


class Table:
    """Rows of sums, found by a key; each row belongs to a group that shares a prior.

    Parameters
    ----------
    columns
        How many sums a row holds.
    """

    def __init__(self, columns: int) -> None:
        self._rows: dict[Key, int] = {}
        self._groups: dict[Hashable, int] = {}
        self._group_of: list[int] = []
        self._columns = columns
        self._sums = np.zeros((16, columns))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def sums(self) -> Floats:
        """All rows, `(rows, columns)`; a view."""
        return self._sums[: len(self._rows)]

    def row(self, key: Key) -> int:
        """The row of a key; a new one where it is not known yet. Its group is ``key[:-1]``."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self._rows)
            self._group_of.append(self._groups.setdefault(key[:-1], len(self._groups)))
            if row >= len(self._sums):
                self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
        return row

    def add(self, key: Key, *amounts: float) -> None:
        """Add one observation to a row."""
        row = self.row(key)
        sums = self._sums
        for column, amount in enumerate(amounts):
            sums[row, column] += amount

    def rows(self, keys: Iterable[Key]) -> NDArray[np.intp]:
        """The rows of several keys, `(len(keys),)`."""
        return np.array([self.row(k) for k in keys], dtype=np.intp)

    def others(self, rows: NDArray[np.intp]) -> Floats:
        """For each row, the sums over the *other* rows of its group, `(len(rows), columns)`."""
        group_of = np.array(self._group_of, dtype=np.intp)
        totals = np.zeros((len(self._groups), self._columns))
        np.add.at(totals, group_of, self.sums)
        return np.asarray(totals[group_of[rows]] - self.sums[rows])

    def merge(self, other: Table) -> None:
        """Add what another worker has seen."""
        for key, row in other._rows.items():
            self.add(key, *other._sums[row])

    def state(self) -> dict[str, Any]:
        """The table as plain lists."""
        return {"keys": [list(k) for k in self._rows], "sums": self.sums.tolist()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over a saved table after checking it.

        Raises
        ------
        BadInput
            If it is not a table of this shape with finite sums that are 0 or more.
        """
        fresh = _checked(state, self._columns)
        self.__dict__.update(fresh.__dict__)


def _checked(state: Mapping[str, Any], columns: int) -> Table:
    table = Table(columns)
    try:
        keys = [tuple(k) for k in state["keys"]]
        sums = [[float(x) for x in row] for row in state["sums"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"A saved table of beliefs could not be read: {error!r}.") from error
    if len(keys) != len(sums) or len(set(keys)) != len(keys):
        raise BadInput(
            f"A saved table of beliefs must have one row of sums per key. "
            f"Got {len(set(keys))} different keys and {len(sums)} rows."
        )
    for key, row in zip(keys, sums, strict=True):
        strings = len(key) > 1 and all(isinstance(part, str) for part in key)
        if not strings or len(row) != columns or not all(0 <= x < math.inf for x in row):
            raise BadInput(
                f"A saved belief must be {columns} finite sums, 0 or more, under a key of "
                f"strings. Got {row} under {key}. Reset the beliefs or rebuild them from the log."
            )
        table.add(key, *row)
    return table
