"""Recorded answers, read from small sets made here."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from flexiflow.benchmarks.answers import COLUMNS, load, tells
from flexiflow.errors import BadInput

COST = {"quick": 1.0, "careful": 4.0}


def frame(jobs=32, seed=0):
    """Two services of one node: the quick one is right where it is sure of it."""
    rng = np.random.default_rng(seed)
    found = []
    for j in range(jobs):
        for name, cost in COST.items():
            sure = float(rng.random()) if name == "quick" else 0.95
            right = sure > 0.5 if name == "quick" else bool(rng.random() < 0.95)
            label = "ab"[int(rng.integers(2))]
            found.append((f"j{j:04}", "face", name, right, cost, sure, label))
    return pl.DataFrame(found, COLUMNS, orient="row")


def written(folder, table, name="faces"):
    table.write_parquet(folder / f"{name}.outcomes.parquet")
    return folder / name


@pytest.fixture
def prefix(tmp_path):
    return written(tmp_path, frame().sample(fraction=1.0, shuffle=True, seed=1))


def test_a_set_is_read_as_it_was_written(prefix):
    table = frame()
    for path in (prefix, prefix.with_name("faces.outcomes.parquet")):
        it = load(path)
        assert (it.name, sorted(it.services), len(it.label)) == ("faces", ["careful", "quick"], 32)
        for k, service in enumerate(it.services):
            mine = table.filter(pl.col("candidate") == service)
            for column in ("confidence", "correct", "cost", "label"):
                assert getattr(it, column)[:, k].tolist() == mine[column].to_list()
        assert it.services[it.best] == "careful"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (frame().drop("label"), "'label' is missing, or null"),
        (frame().with_columns(confidence=pl.lit(None)), "'confidence' is missing, or null"),
        (frame().with_columns(confidence=pl.lit("much")), "'confidence' must hold finite numbers"),
        (frame().with_columns(cost=pl.lit(float("nan"))), "'cost' must hold finite numbers"),
        (frame().with_columns(correct=pl.lit("yes")), "'correct' must hold true or false"),
        (frame().with_columns(cost=pl.lit(0.0)), "costs nothing"),
        (frame().with_columns(cost=-pl.col("cost")), "costs nothing"),
        (frame().clear(), "one node was expected, got 0"),
        (pl.concat([frame(), frame().with_columns(node=pl.lit("more"))]), "expected, got 2"),
        (frame()[:-1], "not every candidate has one row on every job"),
    ],
)
def test_sets_that_cannot_be_measured_are_refused(tmp_path, table, told):
    with pytest.raises(BadInput) as refused:
        load(written(tmp_path, table))
    assert told in str(refused.value)
    assert str(refused.value).startswith("faces: ")


def test_a_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"no file .*none\.outcomes\.parquet'. Give DIR/NAME"):
        load(tmp_path / "none")
    (tmp_path / "torn.outcomes.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="cannot be read as a Parquet file"):
        load(tmp_path / "torn")


def test_sets_that_tell_no_confidence_are_passed_over(prefix, tmp_path):
    assert tells(prefix)
    assert not tells(written(tmp_path, frame().drop("confidence"), "unsure"))
