"""Stores: where jobs, attempts, verdicts and feedback are remembered.

A store is looked up here when it is first asked for, so that importing the package loads no
database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flexiflow.stores.base import Store
    from flexiflow.stores.frames import SCHEMAS, unpack
    from flexiflow.stores.memory import MemoryStore
    from flexiflow.stores.sql import SQLStore

__all__ = ["SCHEMAS", "MemoryStore", "SQLStore", "Store", "unpack"]

_HOME = {
    "SCHEMAS": "flexiflow.stores.frames",
    "MemoryStore": "flexiflow.stores.memory",
    "SQLStore": "flexiflow.stores.sql",
    "Store": "flexiflow.stores.base",
    "unpack": "flexiflow.stores.frames",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
