"""Late labels: a watch that was open, and one made afterwards, against the log itself."""

import numpy as np
import pytest
from cells import cell
from test_watch import plain

from flexiflow.panels import RunWatch, labels

TEXT = """
    w(x, label=None)
    a = (a1 | a2)(x)
    assert a >= 0, 'no good'
    maximize(a == label)
"""


def labelled():
    """A workflow of forty jobs that wait for labels, its run, and the open watch."""
    it = cell(TEXT, {"a1": lambda x: x % 7 - 1, "a2": lambda x: x})
    run = it.run([{"x": k} for k in range(40)], seed=1, progress=False)
    watch = run.watch
    for pace in (watch._slow, watch._pace):
        pace._least = pace._rest = 0.0  # what is new is worked out at once
    assert np.isnan(watch.snapshot()["gains"]["worth"]).all()
    return it, run, watch


def label(it, run, numbers, right):
    for row in run.jobs.sort("number").rows(named=True):
        if row["number"] in numbers:
            given = it.store.read("jobs", job_id=row["job_id"])["configuration"]
            value = row["number"] if '"a2"' in given[0] else row["number"] % 7 - 1
            it.feedback(row["job_id"], label=value if right(row["number"]) else -9)


def again(it, run):
    """A watch made now, from the log alone."""
    return RunWatch(it.graph, it.sampler, it.store, it.name, run.run_id, run.facts,
                    steering=it.steering.snapshot, blank=run._before)  # fmt: skip


def test_labels_reach_an_open_watch_as_if_they_had_been_there():
    it, run, watch = labelled()
    _, mark = watch.begin()
    label(it, run, range(0, 40, 2), lambda n: n % 4 == 0)
    label(it, run, range(6), lambda n: True)  # some are corrected
    ours, theirs = plain(watch.snapshot()), plain(again(it, run).snapshot())
    told = {n: n % 4 == 0 for n in range(0, 40, 2)} | dict.fromkeys(range(6), True)
    wanted = [[n, float(told[n])] for n in sorted(told, reverse=True)]
    assert [[row[1], row[8]] for row in ours["jobs"] if row[8] is not None] == wanted
    mean, seen = [], []
    for n in range(40):
        seen += [told[n]] if n in told else []
        mean.append(np.mean(seen))
    np.testing.assert_allclose(ours["gains"]["worth"], mean, rtol=1e-6)
    for part in ("gains", "jobs", "columns"):
        assert ours[part] == theirs[part]
    fresh, mark = watch.changes(mark)
    assert [[row[1], row[8]] for row in fresh["jobs"] if row[8] is not None] == wanted
    np.testing.assert_allclose(fresh["gains"]["worth"], mean, rtol=1e-6)
    assert watch.changes(mark)[0] == {}


def test_while_jobs_run_a_label_is_told_in_its_turn():
    it, run, watch = labelled()
    watch._facts = lambda: {"state": "running"}
    _, mark = watch.begin()
    label(it, run, [3], lambda n: True)
    rows, points = [], []
    for _ in range(6):
        fresh, mark = watch.changes(mark)
        rows += fresh.get("jobs", [])
        points += list(fresh.get("gains", {}).get("worth", ()))
    assert [(row[1], row[8]) for row in rows] == [(3, 1.0)]
    assert points == [1.0]


def test_the_baselines_know_what_labels_say(monkeypatch):
    it, run, watch = labelled()
    assert (watch.snapshot()["gains"]["fixed"] or {"worth": None})["worth"] is None
    label(it, run, range(40), lambda n: True)
    told, fresh = watch.snapshot()["gains"], again(it, run).snapshot()["gains"]
    assert told["single"]["worth"][0] <= 1.0
    for name in ("single", "fixed"):
        assert told[name]["worth"] == pytest.approx(fresh[name]["worth"], abs=1e-9)


def test_a_label_is_counted_once_and_others_jobs_not_at_all(monkeypatch):
    it, run, watch = labelled()
    label(it, run, [3], lambda n: True)
    job_id = run.jobs.filter(run.jobs["number"] == 3)["job_id"][0]
    before = plain(watch.snapshot())
    watch.label(job_id)
    assert plain(watch.snapshot()) == before
    other = it.run([{"x": 3}], seed=2, progress=False)
    label(it, other, [0], lambda n: False)
    assert plain(watch.snapshot())["gains"] == before["gains"]
    monkeypatch.setattr(labels, "MOST", 1)
    label(it, run, [4, 5], lambda n: True)
    label(it, run, [4], lambda n: False)  # what was told of it before is no longer remembered
    assert watch.snapshot()["gains"]["worth"][-1] == pytest.approx(2 / 3)


def test_a_log_that_cannot_be_read_does_no_harm():
    it, run, watch = labelled()
    job_id = run.jobs["job_id"][0]
    it.store.close()
    watch.label(job_id)
