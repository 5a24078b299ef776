"""Reading dates: one step, six parsers, none of which reads everything.

The quickest reads ISO 8601 only, a thousand times quicker than the one that knows 200
languages; one reads sentences, one exchanges day and month where Germans write dots.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import context, maximize, minimize, runtime
from flexiflow.examples.dates.checks import plausible, same_day, seen
from flexiflow.examples.dates.parsers import (
    ciso,
    datefinder,
    dateparser,
    dateutil,
    parsedatetime,
    search,
)

PACKAGES = ("babel", "ciso8601", "datefinder", "dateparser", "dateutil", "parsedatetime")
"""What must be installed: the extra ``dates``."""


@flexiflow.workflow
def dates(text, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Read the day that a text speaks of."""
    day = (ciso | dateutil | parsedatetime | datefinder | dateparser | search)(text)
    assert plausible(day, text), "not a plausible day"
    context(seen(text))
    maximize(same_day(day, label))
    minimize(runtime, weight=30)
