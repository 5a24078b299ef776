"""The numbers of ``threshold(...)``, which can be moved while a workflow runs."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from flexiflow.errors import BadInput


class Thresholds(MutableMapping[str, float]):
    """Name -> number, as a checked dictionary whose names are those of the workflow.

    Examples
    --------
    >>> numbers = Thresholds({"sure": 0.75})
    >>> numbers["sure"] = 0.9
    >>> numbers["shure"] = 0.9
    Traceback (most recent call last):
    flexiflow.errors.BadInput: There is no threshold 'shure' (did you mean 'sure'?).
    """

    def __init__(self, start: Mapping[str, float]) -> None:
        self._numbers = dict(start)

    def __getitem__(self, name: str) -> float:
        return self._numbers[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self._numbers:
            near = difflib.get_close_matches(name, self._numbers, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {sorted(self._numbers)}"
            raise BadInput(f"There is no threshold {name!r} ({hint}).")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise BadInput(f"The threshold {name!r} must be a finite number. Got {value!r}.")
        self._numbers[name] = float(value)

    def __delitem__(self, name: str) -> None:
        raise BadInput("A threshold cannot be deleted. Leave it out of the workflow's text.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"Thresholds({self._numbers})"
