"""What one change tells of: in turn while jobs run, all at once at a rest."""

import numpy as np
import pytest
from watched import course
from worlds import chain

from flexiflow import MemoryStore, Random
from flexiflow.panels import RunWatch
from flexiflow.panels.mark import POINTS, ROWS, SHARES, TURNS, brief


def running(nodes, state="running"):
    facts = {"state": state}
    graph = chain(*[2] * nodes)
    watch = RunWatch(graph, Random(), MemoryStore(), graph.name, "r", lambda: dict(facts))
    return watch, facts


def move(watch, k):
    """Let what is believed of every node change visibly, and a job come."""
    told = watch.beliefs()
    passes = np.full_like(told.passes, 0.2 + 0.1 * (k % 6))
    watch._read = watch._shown.latest
    watch._shown.take(told.__class__(**{**told.__dict__, "passes": passes}))
    nodes = len(watch.graph.nodes)
    watch.add(course(watch.graph, [((0,) * nodes, (1.0,) * nodes)], True, k))


@pytest.mark.parametrize("nodes", [1, 3, 7])
def test_every_part_has_its_turn_within_five_changes(nodes, monkeypatch):
    watch, _ = running(nodes)
    _, mark = watch.begin()
    monkeypatch.setattr(watch, "_look", lambda steered: None)
    seen = []
    for k in range(4 * TURNS):
        move(watch, k)
        fresh, mark = watch.changes(mark)
        assert list(fresh["columns"]["job"]) == [k]
        rest = set(fresh) & {"beliefs", "jobs", "gains"}
        assert len(rest) == 1
        seen.append(rest | set(fresh.get("beliefs", ())))
        assert len(fresh.get("beliefs", ())) <= -(-nodes // SHARES)
        assert set(fresh.get("beliefs", ())) == set(fresh.get("posterior", ()))
    wanted = {"jobs", "gains", *map(str, range(nodes))}
    for start in range(len(seen) - TURNS + 1):
        assert wanted <= set.union(*seen[start : start + TURNS])


def test_no_more_than_a_few_rows_and_points_in_one_change():
    watch, facts = running(1)
    _, mark = watch.begin()
    for k in range(100):
        watch.add(course(watch.graph, [((0,), (1.0,))], k % 3 > 0, k))
    parts = []
    for _ in range(TURNS):
        fresh, mark = watch.changes(mark)
        parts.append(fresh)
    (rows,) = [p["jobs"] for p in parts if "jobs" in p]
    (gains,) = [p["gains"] for p in parts if "jobs" in p.get("gains", {})]
    assert len(rows) == ROWS
    assert len(gains["jobs"]) <= POINTS
    assert gains["jobs"][-1] == 100
    assert set(np.diff(gains["jobs"])) == {7}
    facts["state"] = "done"
    fresh, _ = watch.changes(mark)
    assert len(fresh["jobs"]) == 50


def test_baselines_are_told_one_at_a_time_and_only_when_they_changed(monkeypatch):
    watch, facts = running(1)
    _, mark = watch.begin()
    monkeypatch.setattr(watch, "_look", lambda steered: None)
    watch._told = {"single": {"configuration": "a"}, "fixed": {"order": "b"}}
    told = []
    for _ in range(4):
        fresh, mark = watch.changes(mark)
        told.append(fresh.get("gains"))
    assert told == [
        {"single": {"configuration": "a"}}, {"fixed": {"order": "b"}}, None, None,
    ]  # fmt: skip
    watch._told = {"single": {"configuration": "c"}, "fixed": {"order": "d"}}
    facts["state"] = "paused"
    assert watch.changes(mark)[0]["gains"] == watch._told


def test_only_the_first_job_under_way_is_told_and_only_what_is_drawn():
    graph = chain(2)
    jobs = [{"job": k, "choice": [k], "node": 0, "back": None, "seconds": 1.0} for k in (0, 1)]
    watch = RunWatch(
        graph, Random(), MemoryStore(), graph.name, "r", lambda: {"state": "running"}, lambda: jobs
    )
    everything, mark = watch.begin()
    assert [set(job) for job in everything["now"]] == [{"job", "choice", "node", "back"}] * 2
    jobs = [{**job, "seconds": 2.0} for job in jobs]
    assert watch.changes(mark)[0] == {}
    jobs = [{**job, "node": None} for job in jobs]
    assert watch.changes(mark)[0] == {
        "now": [{"job": 0, "choice": [0], "node": None, "back": None}]
    }


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5, np.nan, 0.0, -2.0], "float16"),
        ([0.5, 1e-6], "float32"),
        ([7e4, 1.0], "float32"),
        ([], "float16"),
        ([np.inf, 3.0], "float16"),
    ],
)
def test_sixteen_bits_where_they_keep_three_digits(values, kind):
    array = np.array(values, np.float32)
    told = brief(array)
    assert told.dtype == kind
    np.testing.assert_allclose(told, array, rtol=5e-4)
    assert brief(np.arange(3)).dtype == np.arange(3).dtype
    assert brief("text") == "text"
