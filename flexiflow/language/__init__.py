"""The language of workflows: its reader, and its words; ``grammar.py`` shows it at a glance."""

from flexiflow.language.functions import read_function
from flexiflow.language.reader import read
from flexiflow.language.staleness import stale
from flexiflow.language.words import (
    WORDS,
    confidence,
    context,
    cost,
    extra,
    maximize,
    minimize,
    runtime,
    threshold,
)

__all__ = [
    "WORDS",
    "confidence",
    "context",
    "cost",
    "extra",
    "maximize",
    "minimize",
    "read",
    "read_function",
    "runtime",
    "stale",
    "threshold",
]
