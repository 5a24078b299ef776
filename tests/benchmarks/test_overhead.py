"""The benchmark runs and says what it measured; no figure is asserted."""

import json

import pytest

from flexiflow.benchmarks import overhead
from flexiflow.benchmarks.__main__ import main


@pytest.mark.slow
def test_every_row_of_the_table_is_measured(capsys):
    assert main(["overhead", "--jobs", "20", "--rounds", "1", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = [row for row in lines if "what" in row]
    assert [set(row) for row in lines[len(rows) :]] == [
        {"live_view", "unit", "median", "p95", "count"}
    ] * 8
    assert all(row["median_us_a_job"] >= row["min_us_a_job"] > 0 for row in rows)
    kinds = " ".join(row["what"] for row in rows)
    for word in ("no store", "SQLite (process)", "SQLite (power)", "one call", "import flexiflow"):
        assert word in kinds
    failing = [row["attempts_a_job"] for row in rows if row["what"].startswith("fails")]
    assert min(failing) >= 3


def test_the_table_is_shown_whole():
    rows = overhead.pl.DataFrame({"what": ["a" * 50], "median_us_a_job": [12.345]})
    shown = overhead.shown(rows)
    assert "a" * 50 in shown
    assert "12.3" in shown
