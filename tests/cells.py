"""Workflows written in the language, with a memory store, for tests."""

from __future__ import annotations

import textwrap
from typing import Any

from flexiflow import MemoryStore, Workflow
from flexiflow.language import read


def cell(text: str, names: dict[str, Any], **options: Any) -> Workflow:
    """The workflow of a cell whose notebook holds these names."""
    options.setdefault("store", MemoryStore())
    return Workflow(read(textwrap.dedent(text).strip(), names), **options)


def count_calls(function: Any) -> Any:
    """The function, with a list ``calls`` of the arguments it got."""

    def counted(*args: Any) -> Any:
        counted.calls.append(args)
        return function(*args)

    counted.calls = []
    return counted


def appending(**more: Any) -> dict[str, Any]:
    """Models a, b, c and d that append their name to what they get, and others."""

    def plus(k):
        return count_calls(lambda value, k=k: f"{value}{k}")

    return {"a": plus("a"), "b": plus("b"), "c": plus("c"), "d": plus("d"), **more}
