"""Other libraries are measured where they are installed, and named where they are not."""

import math

import numpy as np
import pytest

from flexiflow.benchmarks import peers

OURS = {(0, 5): 1.0, (0, 20): 2.0, (0, 100): 3.0, (64, 10): 4.0}


def fake(arms, features):
    """A library that always takes the first arm."""
    return lambda x, passes: 0 if len(x) == features and len(passes) == arms else math.nan


HERE = peers.Peer("here", "numpy", fake)
AWAY = peers.Peer("away", "no_such_package", fake)


def test_each_library_that_is_there_has_a_row_for_each_problem():
    rows = peers.measure(OURS, 3, 2, [AWAY, HERE])
    assert [row["what"] for row in rows] == [
        "here: Beta Thompson, 5 candidates, decision + update",
        "here: Beta Thompson, 20 candidates, decision + update",
        "here: Beta Thompson, 100 candidates, decision + update",
        "here: linear, 64 features, 10 candidates, decision + update",
    ]
    for row, ours in zip(rows, OURS.values(), strict=True):
        assert row["jobs"] == 3
        assert row["median_us_a_job"] >= row["min_us_a_job"] > 0
        assert row["times_ours"] == pytest.approx(row["median_us_a_job"] / ours)


def test_libraries_that_are_not_there_are_named():
    assert peers.missing([HERE]) is None
    said = peers.missing([AWAY, HERE, peers.Peer("gone", "nor_this_one", fake)])
    assert said is not None
    assert "away, gone" in said
    assert "flexiflow[bench]" in said


def test_a_round_ends_when_it_has_lasted_too_long(monkeypatch):
    monkeypatch.setattr(peers, "LONGEST", 0.0)
    assert peers.timed(fake(2, 0), 2, 0, 100, 2)["jobs"] == 1


@pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
@pytest.mark.parametrize("features", [0, 3], ids=["counts", "context"])
@pytest.mark.filterwarnings("ignore")  # of their imports
def test_an_installed_library_learns_which_arm_passes(peer, features):
    if not peer.installed:
        pytest.skip(f"{peer.name} is not installed")
    step, rng, taken = peer.make(4, features), np.random.default_rng(0), []
    for _ in range(200):
        x = np.abs(rng.normal(size=features))
        taken.append(step(x, [False, False, True, False]))
    assert taken[150:].count(2) > 40
