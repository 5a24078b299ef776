from __future__ import annotations

import math
from typing import Any

import pytest
from contracts.store_records import attempt, outcome
from hypothesis import given
from hypothesis import strategies as some

from flexiflow.errors import BadInput
from flexiflow.stores import cells

TEXTS = some.text(some.characters(exclude_categories=[]), max_size=8)
WHOLES = some.integers(-(2**64), 2**64)
REALS = some.floats() | some.integers(-9, 9)


@given(
    some.fixed_dictionaries(
        {
            "node": TEXTS,
            "reason": TEXTS | some.none(),
            "seed": WHOLES,
            "rank": WHOLES | some.none(),
            "seconds": REALS,
            "confidence": REALS | some.none(),
            "upstream": some.lists(some.integers(0, 99)).map(tuple),
        }
    )
)
def test_a_row_written_whole_is_the_row_written_cell_by_cell(changes: dict[str, Any]) -> None:
    record = attempt("a", **changes)
    if any(abs(n + 0.5) > 2**63 for n in (record.seed, record.rank or 0)):
        with pytest.raises(BadInput, match="64 bits"):
            cells.row_of("attempts", record)
        return
    slow = tuple(w(v) for w, v in zip(cells._WRITERS["attempts"], record, strict=True))
    row = cells.row_of("attempts", record)
    assert row == slow
    for value in row:
        assert type(value) in (str, int, float, bool, type(None))
        if isinstance(value, str):
            assert "\0" not in value
            assert value.encode().decode() == value
        if isinstance(value, float):
            assert not math.isnan(value)


def test_a_record_of_another_length_is_refused() -> None:
    with pytest.raises(BadInput, match="must have 23 fields"):
        cells.row_of("jobs", tuple(outcome("a").job[:2]))
