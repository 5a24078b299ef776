"""A store that keeps nothing, for measuring and replaying."""

from __future__ import annotations

from typing import Any

from flexiflow.stores import MemoryStore


class Nothing(MemoryStore):
    """Takes every record and keeps none: reading gives empty tables."""

    def append(self, records: Any) -> None:
        """Keep nothing."""
