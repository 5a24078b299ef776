"""The numbers of ``threshold(...)``, which can be moved while a workflow runs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from flexiflow.errors import BadInput

_MOST = sys.float_info.max


class Thresholds(MutableMapping[str, float]):
    """Name -> number, as a checked dictionary whose names are those of the workflow.

    A number that is set stays as it is set; ``free`` lets the sampler move it (again) where
    labels say what outputs are worth.

    Attributes
    ----------
    fixed
        The names of those that were set.

    Examples
    --------
    >>> numbers = Thresholds({"sure": 0.75})
    >>> numbers["sure"] = 0.9
    >>> numbers["shure"] = 0.9
    Traceback (most recent call last):
    flexiflow.errors.BadInput: There is no threshold 'shure' (did you mean 'sure'?).
    >>> numbers.fixed
    {'sure'}
    >>> numbers.free("sure")
    >>> numbers["sure"], numbers.fixed
    (0.75, set())
    """

    def __init__(self, start: Mapping[str, float]) -> None:
        self._numbers = dict(start)
        self._start = dict(start)
        self.fixed: set[str] = set()

    def __getitem__(self, name: str) -> float:
        return self._numbers[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not abs(value) <= _MOST:
            raise BadInput(f"The threshold {name!r} must be a finite number. Got {value!r}.")
        self._numbers[name] = float(value)
        self.fixed.add(name)

    def free(self, name: str) -> None:
        """Put a threshold back to its start, and leave it to the sampler from there."""
        self._check(name)
        self._numbers[name] = self._start[name]
        self.fixed.discard(name)

    def _check(self, name: str) -> None:
        if name not in self._numbers:
            near = difflib.get_close_matches(name, self._numbers, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {sorted(self._numbers)}"
            raise BadInput(f"There is no threshold {name!r} ({hint}).")

    def __delitem__(self, name: str) -> None:
        raise BadInput("A threshold cannot be deleted. Leave it out of the workflow's text.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"Thresholds({self._numbers})"
