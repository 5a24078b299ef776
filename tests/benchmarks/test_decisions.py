"""Deciding is measured at all sizes; no figure is asserted."""

import argparse
import json

import pytest

from flexiflow import Hybrid, Thompson
from flexiflow.benchmarks import decisions, overhead, peers
from flexiflow.errors import BadInput


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(decisions, "SHAPES", ((2, 3), peers.CONTEXTUAL))


def test_every_size_has_its_rows_and_each_took_time(small):
    rows = decisions.measure(8, 2)
    assert all(row["median_us_a_job"] >= row["min_us_a_job"] > 0 for row in rows)
    assert all(row["jobs"] > 0 for row in rows)
    kinds = [row["what"] for row in rows]
    assert len(set(kinds)) == len(kinds) == 3 + 2 + 2 * 3 + 2 * 2
    for n in (5, 20, 100):
        assert f"order + update by counts, {n} candidates" in kinds
        assert f"Thompson, {n} candidates: a decision" in kinds
    assert "order + update by context, 64 features, 10 candidates" in kinds
    assert "Hybrid, 64 features, 10 candidates: an update" in kinds


def test_a_decision_with_its_update_adds_up(small):
    rows = decisions.measure(8, 1)
    found, median = decisions.steps(rows), {r["what"]: r["median_us_a_job"] for r in rows}
    assert set(found) == {(0, 5), (0, 20), (0, 100), (2, 3), (64, 10)}
    assert found[0, 20] == median["order + update by counts, 20 candidates"]
    parts = [median[f"Hybrid, 2 features, 3 candidates: {p}"] for p in ("a decision", "an update")]
    assert found[2, 3] == sum(parts)


@pytest.mark.parametrize("sampler", [Hybrid(), Thompson()], ids=["hybrid", "Thompson"])
def test_the_sampler_that_is_timed_decides_and_learns(sampler):
    rows = decisions.at_a_time(sampler, "it", 2, 4, 20, 3)
    assert [row["what"] for row in rows] == ["it: a decision", "it: an update"]
    tries = rows[0]["attempts_a_job"]
    assert 1 <= tries <= 4
    jobs = 20 + 3 * 4  # the warm-up and the rounds
    attempts = sampler.evidence / 2  # each with its verdict
    assert jobs <= attempts <= 4 * jobs
    assert all(row["typical_us"] > 0 for row in rows)


@pytest.mark.slow
def test_the_command_line_prints_all_rows(monkeypatch, capsys, small):
    one = {"what": "import it", "min_us_a_job": 1.0, "median_us_a_job": 2.0}
    monkeypatch.setattr(overhead, "_run", lambda jobs, rounds: [])
    monkeypatch.setattr(overhead, "_imported", lambda package: one)
    monkeypatch.setattr(peers, "PEERS", (peers.Peer("away", "no_such_package", None),))
    parser = argparse.ArgumentParser()
    overhead.add_arguments(parser)
    overhead.report(parser.parse_args(["--jobs", "4", "--rounds", "1", "--json"]))
    said = capsys.readouterr()
    assert said.err == "not installed, so not measured: away (pip install 'flexiflow[bench]')\n"
    every = [json.loads(line) for line in said.out.splitlines()]
    rows = [row for row in every if "what" in row]  # the others are of the live view
    assert {"import it", "order + update by counts, 5 candidates"} <= {r["what"] for r in rows}
    assert all(row.keys() == rows[0].keys() for row in rows)
    overhead.report(parser.parse_args(["--jobs", "4", "--rounds", "1"]))
    shown = capsys.readouterr().out
    assert all(row["what"] in shown for row in rows)
    with pytest.raises(BadInput, match="rounds"):
        overhead.report(parser.parse_args(["--rounds", "0"]))
