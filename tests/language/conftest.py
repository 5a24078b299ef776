"""The names that the workflows of these tests may use."""

from __future__ import annotations

import types
from typing import Any

import pytest

from flexiflow.language import WORDS


class Reader:
    """A model with a setting."""

    def __init__(self, mode: int = 1) -> None:
        if mode < 0:
            raise ValueError("the mode is negative")
        self.mode = mode

    def __call__(self, value: Any) -> Any:
        return value


def f(value: Any = None, **options: Any) -> Any:
    """Give the value back."""
    return value


def g(value: Any = None, **options: Any) -> Any:
    """Give the value back twice."""
    return (value, value)


@pytest.fixture
def names() -> dict[str, Any]:
    """A small notebook."""
    module = types.ModuleType("flexiflow")
    vars(module).update(WORDS)
    return {
        "LIMIT": 3,
        "Reader": Reader,
        "empty": [],
        "f": f,
        "ff": module,
        "g": g,
        "models": [f, g],
        "readers": [Reader(1), Reader(2), Reader(3)],
        "sure": WORDS["confidence"],
        "table": {"first": f, "second": g},
    }
