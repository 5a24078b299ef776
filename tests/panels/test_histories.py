"""The strip, the gains, the latest jobs and the tally, against the outcomes themselves."""

import numpy as np
from watched import course, watched
from worlds import chain

from flexiflow.panels.gains import Gains
from flexiflow.panels.jobs import MOST, LatestJobs
from flexiflow.panels.places import Places
from flexiflow.panels.strip import Strip
from flexiflow.panels.tally import Tally, mean_seconds, variation


def jobs(many):
    graph = chain(2, 3)
    found = []
    for k in range(many):
        tries = [((k % 2, k % 3), (0.5, 1.0 + k))]
        if k % 4 == 0:
            tries.append(((k % 2, (k + 1) % 3), (2.0,)))
        found.append(course(graph, tries, k % 5 > 0, number=k, reward=None if k % 3 else float(k)))
    return graph, found


def test_the_strip_shows_each_job_as_it_was():
    graph, outcomes = jobs(40)
    strip = Strip(Places(graph))
    for k, outcome in enumerate(outcomes):
        strip.add(k, outcome)
    data = strip.data()
    assert data["every"] == 1
    assert data["job"].tolist() == list(range(40))
    assert {k: v.dtype.name for k, v in data.items() if k != "every"} == {
        "job": "int32", "choice": "uint8", "first": "uint8", "switches": "uint8",
        "rollbacks": "uint8", "passed": "uint8", "seconds": "float32",
    }  # fmt: skip
    for k in range(40):
        last = (k + 1) % 3 if k % 4 == 0 else k % 3
        assert data["choice"][k].tolist() == ([k % 2, last] if k % 5 else [255, 255])
        assert data["first"][k].tolist() == [k % 2, k % 3]
        assert data["switches"][k] == (k % 4 == 0)
    assert strip.data(37)["job"].tolist() == [38, 39]
    assert strip.data(37)["choice"].shape == (2, 2)


def test_a_long_strip_is_an_even_sample():
    graph, (outcome,) = jobs(1)
    strip = Strip(Places(graph))
    for k in range(9000):
        strip.add(k, outcome)
    data = strip.data()
    assert data["every"] == 8
    assert data["job"].tolist() == list(range(0, 9000, 8))


def test_gains_are_running_means():
    _, outcomes = jobs(1000)
    gains = Gains()
    for outcome in outcomes:
        gains.add(outcome)
    data = gains.data()
    assert len(data["jobs"]) <= 400
    assert data["jobs"][-1] == 1000
    for at, n in enumerate(data["jobs"]):
        first = [o.job for o in outcomes[:n]]
        known = [j.reward for j in first if j.reward is not None]
        np.testing.assert_allclose(data["seconds"][at], np.mean([j.seconds for j in first]), 1e-5)
        np.testing.assert_allclose(data["passed"][at], np.mean([j.passed for j in first]), 1e-5)
        np.testing.assert_allclose(data["worth"][at], np.mean(known), 1e-5)
    assert gains.data(996)["jobs"].tolist() == [997]
    assert len(Gains().data()["jobs"]) == 0


def test_the_latest_jobs_come_newest_first():
    _, outcomes = jobs(60)
    latest = LatestJobs()
    for k, outcome in enumerate(outcomes):
        latest.add(k, outcome)
    rows = latest.rows()
    assert len(rows) == MOST
    assert [r[1] for r in rows[:3]] == [59, 58, 57]
    assert rows[0] == ["job59", 59, "passed", "n0c1 > n1c2", 60.5, 2, 0, 0, None, None]
    failed = rows[4]
    assert failed[:3] == ["job55", 55, "exhausted"]
    assert failed[-1] == "no good"
    assert [r[1] for r in latest.rows(57)] == [59, 58]
    assert [r[1] for r in latest.rows(3, most=1)] == [59]


def test_the_tally_counts_what_was_run_and_tells_something():
    _, run, _, seen = watched(30)
    it = Places(watched(1)[0].graph)
    tally = Tally(it)
    for outcome in seen:
        tally.add(outcome)
    frame = run.attempts
    for (node, name), place in it.at.items():
        mine = frame.filter((frame["node"] == node) & (frame["candidate"] == name) & ~frame["memo"])
        row = tally.counts[place]
        assert row[0] == (mine["kind"] == "pass").sum()
        assert row[:2].sum() == row[2] == len(mine)
        assert np.isclose(row[3], mine["seconds"].sum())
        assert np.isclose(row[4], (mine["seconds"] ** 2).sum())
    apart = tally.copy()
    apart.add(seen[0])
    assert apart.counts.sum() > tally.counts.sum()


def test_variation_is_shrunken_to_that_of_all():
    rng = np.random.default_rng(0)
    spread, few = rng.gamma(4.0, 0.5, 2000), np.array([3.0])
    rows = [[0, 0, len(x), x.sum(), (x**2).sum()] for x in (spread, few)]
    counts = np.array([*rows, [0.0] * 5])
    found = variation(counts)
    np.testing.assert_allclose(found[0], 0.25, atol=0.03)  # of a Gamma: one over its shape
    np.testing.assert_allclose(found[1:], found[0], atol=0.01)
    assert np.isnan(mean_seconds(counts)[2])
    assert variation(np.zeros((2, 5))).tolist() == [1.0, 1.0]
