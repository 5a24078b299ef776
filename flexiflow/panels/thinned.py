"""Histories of any length in bounded memory: every so many-th entry is kept."""

from __future__ import annotations

from typing import Generic, TypeVar

Row = TypeVar("Row")


class Thinned(Generic[Row]):
    """The entries whose place is a multiple of ``every``; at most ``most`` of them.

    When there are more, ``every`` doubles and each second one goes. So what is kept is always
    an even sample, and of two readers, one of whom came late, both keep the same.

    Parameters
    ----------
    most
        How many entries are kept; even.
    offset
        The first place that counts.

    Examples
    --------
    >>> history = Thinned[str](4)
    >>> for place in range(9): history.add(place, str(place))
    >>> history.every, history.rows
    (4, ['0', '4', '8'])
    """

    def __init__(self, most: int, offset: int = 0) -> None:
        self.most, self.offset, self.every = most, offset, 1
        self.places: list[int] = []
        self.rows: list[Row] = []

    def due(self, place: int) -> bool:
        """Whether the entry at a place would be kept."""
        return (place - self.offset) % self.every == 0

    def add(self, place: int, row: Row) -> None:
        """Take an entry in; places ascend."""
        if (place - self.offset) % self.every:
            return
        self.places.append(place)
        self.rows.append(row)
        if len(self.rows) > self.most:
            self.places, self.rows = self.places[::2], self.rows[::2]
            self.every *= 2

    def since(self, place: int) -> int:
        """The index of the first entry beyond a place."""
        at = len(self.places)
        while at and self.places[at - 1] > place:
            at -= 1
        return at
