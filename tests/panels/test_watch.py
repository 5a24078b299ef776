"""A watch over a run: whole, as changes, in bounded memory, from several threads."""

import copy
import json
import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from watched import clock, course, watched
from worlds import chain

from flexiflow import BadInput, MemoryStore, Random
from flexiflow.panels import RunWatch
from flexiflow.widgets.packing import pack

KEYS = {
    "run", "graph", "beliefs", "posterior", "columns", "gains", "jobs", "now", "steering",
    "notices",
}  # fmt: skip


def plain(data):
    """A message with its arrays as lists, as JSON has them; NaN as text, equal to itself."""
    return json.loads(json.dumps(data, default=lambda a: a.tolist()).replace("NaN", '"NaN"'))


def size(data):
    """Bytes of a message as Jupyter sends it: JSON, and the buffer of the arrays."""
    content, buffers = pack({"kind": "tick", "seq": 1000, **data})
    return len(json.dumps({"method": "custom", "content": content})) + sum(map(len, buffers))


def test_a_snapshot_has_everything_in_the_forms_agreed():
    _, run, watch, _ = watched(40)
    told = watch.snapshot()
    assert set(told) == KEYS
    assert told["run"]["id"] == run.run_id
    assert len(told["beliefs"]) == len(told["posterior"]) == 2
    for v, k in enumerate((2, 3)):
        beliefs, posterior = told["beliefs"][v], told["posterior"][v]
        assert beliefs["pass"].shape == beliefs["seconds"].shape == (k, 3)
        assert beliefs["order"].dtype == np.uint8
        assert beliefs["context"].shape == posterior["a"].shape == posterior["b"].shape == (k,)
        assert posterior["trail"].shape[1] == k
    assert told["columns"]["choice"].shape == (40, 2)
    assert len(told["jobs"]) == 40
    assert told["gains"]["fixed"]["seconds"][0] > 0


def test_what_the_log_has_and_what_the_run_gave_are_the_same():
    late, early = watched(50)[2], watched(50, early=True)[2]
    ours, theirs = plain(late.snapshot()), plain(early.snapshot())
    for told in (ours, theirs):  # ids are drawn anew for each run
        told["run"].pop("id")
        for row in told["jobs"]:
            row[0] = row[0][-6:]
    assert ours == theirs


def test_jobs_that_are_in_the_log_already_count_once():
    _, _, watch, seen = watched(30)
    watch.snapshot()
    for outcome in seen:
        watch.add(outcome)
    assert watch.snapshot()["gains"]["jobs"][-1] == 30
    job = seen[-1].job._replace(number=30, job_id="new")
    watch.add(replace(seen[-1], job=job))
    assert watch.snapshot()["gains"]["jobs"][-1] == 31


def test_changes_add_up_to_the_snapshot():
    it, _, watch, _ = watched(20)
    snapshot, mark = watch.begin()
    assert watch.changes(mark)[0] == {}
    more = it.run([{"x": 100 + k} for k in range(30)], seed=2, clock=clock).run_id
    again = RunWatch(it.graph, it.sampler, it.store, it.name, more, dict)
    columns, points, rows = list(snapshot["columns"]["job"]), [], 0
    for k, outcome in enumerate(again_outcomes(it, more)):
        watch.add(replace(outcome, job=outcome.job._replace(number=20 + k)))
        fresh, mark = watch.changes(mark)
        assert len({"columns", "gains", "jobs"} & set(fresh)) >= 1
        columns += list(fresh.get("columns", {"job": ()})["job"])
        points += list(fresh.get("gains", {}).get("jobs", ()))
        rows += len(fresh.get("jobs", ()))
    for _ in range(3):  # one history at a time
        fresh, mark = watch.changes(mark)
        columns += list(fresh.get("columns", {"job": ()})["job"])
        points += list(fresh.get("gains", {}).get("jobs", ()))
    assert columns == list(range(50))
    assert points == list(range(21, 51))
    assert rows >= 15
    assert watch.changes(mark)[0] == {}
    assert again.snapshot()["gains"]["jobs"][-1] == 30


def again_outcomes(it, run):
    from flexiflow.panels.past import logged

    return [outcome for _, outcome in logged(it.store, it.name, run)]


def test_only_nodes_that_moved_are_told_of():
    graph = chain(2, 2)
    watch = RunWatch(graph, Random(), MemoryStore(), graph.name, "r", dict)
    _, mark = watch.begin()
    told = watch.beliefs()
    moved = told.passes.copy()
    moved[0] += 0.02
    watch._shown.take(replace(told, passes=told.passes + 0.001))  # nobody could see that
    assert watch.changes(mark)[0] == {}
    watch._shown.take(replace(told, passes=moved))
    fresh, mark = watch.changes(mark)
    assert set(fresh["beliefs"]) == set(fresh["posterior"]) == {"0"}
    assert set(fresh["beliefs"]["0"]) == {"pass"}  # the rest of it is as it was
    assert set(fresh["posterior"]["0"]) == {"a", "b"}
    assert watch.changes(mark)[0] == {}
    assert watch.snapshot()["posterior"][0]["trail"].tolist() == [[0.5, 0.5]]


def test_steering_thresholds_and_facts_are_told_when_they_change():
    graph, facts = chain(2), {"state": "running"}
    steering, thresholds, now = {"pins": {}}, {"least": 1.0}, [{"job": 0, "choice": [1]}]
    watch = RunWatch(
        graph, Random(), MemoryStore(), graph.name, "r", lambda: facts, lambda: now,
        lambda: copy.deepcopy(steering), None, None, thresholds,
    )  # fmt: skip
    _, mark = watch.begin()
    steering["pins"]["n0"] = "n0c1"
    thresholds["least"] = 2.0
    now = []
    fresh, mark = watch.changes(mark)
    assert fresh["steering"] == {"pins": {"n0": "n0c1"}}
    assert fresh["graph"] == {"thresholds": {"least": 2.0}}
    assert fresh["now"] == []
    facts = {"state": "paused"}
    fresh, mark = watch.changes(mark)
    assert fresh == {"run": {"state": "paused"}}


def test_at_a_rest_all_rows_are_told():
    graph, facts = chain(2), {"state": "running"}
    watch = RunWatch(graph, Random(), MemoryStore(), graph.name, "r", lambda: dict(facts))
    _, mark = watch.begin()
    for k in range(20):
        watch.add(course(graph, [((0,), (1.0,))], True, k))
    parts = []
    for _ in range(5):  # one history at a time
        fresh, mark = watch.changes(mark)
        parts.append(set(fresh) & {"columns", "jobs", "gains"})
        if "jobs" in fresh:
            assert [row[1] for row in fresh["jobs"]] == [19, 18]
    assert parts == [{"columns", "jobs"}, {"gains"}, set(), set(), set()]
    facts["state"] = "paused"
    fresh, _ = watch.changes(mark)
    assert [row[1] for row in fresh["jobs"]] == list(range(19, -1, -1))


def test_a_steady_tick_is_small():
    graph = chain(4, 4, 4)
    facts = {"state": "running", "total": None, "done": 0, "passed": 0, "seconds": 0.0,
             "error": None, "speed": None}  # fmt: skip
    now = [{"job": "4628084e4c-000123", "choice": [1, 2, 3], "node": 1, "back": None}]
    watch = RunWatch(
        graph, Random(), MemoryStore(), graph.name, "4628084e4c", lambda: dict(facts), lambda: now
    )
    rng, ticks = np.random.default_rng(0), []
    mark = None
    for k in range(6000):
        choice = rng.integers(0, 4, 3).tolist()
        watch.add(course(graph, [(choice, (0.1, 0.2, 0.3))], bool(rng.random() < 0.9), k, [1 / 64]))
        if k % 20 == 19:  # 10 Hz at 5 ms a job
            facts["done"], facts["seconds"] = k + 1, 0.005 * k
            fresh, mark = watch.changes(mark)
            ticks.append(size(fresh))
    assert np.median(ticks[1:]) <= 850
    assert np.quantile(ticks[1:], 0.95) <= 1000


def test_memory_stays_bounded():
    graph = chain(2, 2)
    watch = RunWatch(graph, Random(), MemoryStore(), graph.name, "r", dict)
    jobs = [course(graph, [((k % 2, k % 2), (1.0, 1.0))], True, 0, [0.5]) for k in range(50)]

    def feed(first, last):
        for k in range(first, last):
            one = jobs[k % 50]
            watch.add(replace(one, job=one.job._replace(number=k), values={"big": bytes(1000)}))

    feed(0, 4000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    feed(4000, 12_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 400_000  # 8000 jobs of over a kilobyte each have come and gone


def test_going_back_gives_the_beliefs_of_that_time():
    it, run, watch, seen = watched(60)
    blank = type(it.sampler)()
    told = watch.at(25)
    blank.update(seen[:25])
    from flexiflow.panels.beliefs import read
    from flexiflow.panels.tally import Tally

    tally = Tally(watch.places)
    for outcome in seen[:25]:
        tally.add(outcome)
    contexts = [o.job.context for o in seen[17:25]]
    wanted = read(blank, watch.places, tally.counts, contexts)
    assert told["job"] == 25
    for v in range(2):
        assert plain(told["beliefs"][v]) == plain(wanted.node(v))
        assert plain(told["posterior"][v])["a"] == plain(wanted.posterior(v))["a"]
    assert plain(watch.at(60)) == plain(watch.at(999))
    assert plain(watch.at(25)) == plain(told)  # from a checkpoint now
    assert plain(watch.at(0)["beliefs"][0]["pass"]) != plain(told["beliefs"][0]["pass"])
    with pytest.raises(BadInput, match=r"whole number, 0 or more\. Got -1"):
        watch.at(-1)
    with pytest.raises(BadInput, match="cannot go back"):
        RunWatch(it.graph, it.sampler, it.store, it.name, run.run_id, dict).at(3)


def test_an_unknown_job_is_refused():
    watch = watched(3)[2]
    with pytest.raises(BadInput, match="has no job 'nowhere'"):
        watch.why("nowhere")


def test_feeding_and_asking_from_several_threads():
    graph = chain(3, 3)
    watch = RunWatch(graph, Random(), MemoryStore(), graph.name, "r", dict, lock=threading.RLock())
    wrong, over = [], threading.Event()

    def ask():
        mark, jobs = None, []
        try:
            while not over.is_set():
                fresh, mark = watch.changes(mark)
                jobs += list(fresh.get("columns", {"job": ()})["job"])
            jobs += list(watch.changes(mark)[0].get("columns", {"job": ()})["job"])
            assert jobs == list(range(1500))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for k in range(1500):
        watch.add(course(graph, [((k % 3, k % 3), (1.0, 1.0))], k % 4 > 0, k, [0.1]))
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_never_raises_into_a_run_when_the_log_cannot_be_read():
    graph, store = chain(2), MemoryStore()
    store.close()
    watch = RunWatch(graph, Random(), store, graph.name, "r", dict)
    watch.add(course(graph, [((0,), (1.0,))], True, 0))
    assert watch.snapshot()["gains"]["jobs"].tolist() == [1]


def test_a_workflow_may_be_empty_of_jobs():
    told = watched(0)[2].snapshot()
    assert told["gains"]["single"] is None
    assert len(told["columns"]["job"]) == 0
    assert told["jobs"] == []
    assert np.isfinite(told["beliefs"][1]["pass"]).all()
