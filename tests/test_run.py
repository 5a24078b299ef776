"""A run as panels and pages see it: facts, jobs under way, orders, watch, dashboard, figure."""

import copy
import sys
import threading
import types

import pytest
from cells import cell
from gates import LONGEST, Gate, Told

from flexiflow import BadInput, Fixed, Hybrid, MemoryStore, Thompson

TEXT = """
    f(x)
    one = (a | b)(x)
    two = (c | d)(one)
    assert two != 'no' and len(str(two)) >= threshold(1, 'least')
    minimize(runtime)
"""


def flow(**models):
    names = dict.fromkeys("abcd", str)
    return cell(TEXT, {**names, **models}, sampler=Fixed())


def test_jobs_under_way_tell_where_they_are_and_where_they_went_back_from():
    gate = Gate()
    it = flow(c=lambda one: "no", d=lambda one: "no", b=lambda x: gate(x) and "B")
    run = it.run([{"x": "one"}, {"x": "two"}], wait=False)
    assert gate.next() == "one"
    (job,) = run.under_way()
    seconds = job.pop("seconds")
    assert 0 <= seconds < LONGEST
    assert job == {"job": f"{run.run_id}-000000", "choice": [1, 0], "node": 0, "back": 1}
    gate.open(2)
    run.wait(LONGEST)
    assert run.under_way() == []


def test_facts_are_plain_data():
    it = flow()
    run = it.run([{"x": "a"}, {"x": "bb"}], clock=lambda *_: 0.5)
    assert run.facts() == {
        "state": "done", "total": 2, "done": 2, "passed": 2, "seconds": 2.0,
        "error": None, "speed": None,
    }  # fmt: skip
    assert it.run({"x": k} for k in range(3)).facts()["total"] is None


@pytest.mark.filterwarnings("ignore:Run .* has ended with OSError")  # before it is waited for
@pytest.mark.parametrize("workers", [1, 2])
def test_jobs_that_ended_before_their_source_failed_are_counted(workers):
    def source():
        yield from ({"x": str(k)} for k in range(5))
        raise OSError("unplugged")

    it = flow()
    run = it.run(source(), wait=False, workers=workers, progress=False)
    watch = run.watch
    with pytest.raises(OSError, match="unplugged"):
        run.wait(LONGEST)
    assert run.facts()["done"] == run.total == len(run.jobs) == 5
    assert len(watch.snapshot()["gains"]["jobs"]) == 5
    streamed = it.stream(source(), workers=workers)
    assert [next(streamed).passed for _ in range(5)] == [True] * 5
    with pytest.raises(OSError, match="unplugged"):
        next(streamed)


def test_a_page_steers_by_plain_messages():
    told = Told()
    it = flow()
    run = it.run(({"x": "x"} for _ in iter(int, 1)), wait=False, on_outcome=told)
    run.steer("pause", {})
    run.steer("pin", {"node": "one", "candidate": "b"})
    run.steer("ban", {"node": "two", "candidate": "c", "on": True})
    run.steer("weight", {"term": "runtime", "value": 0.5})
    run.steer("threshold", {"name": "least", "value": 3})
    run.steer("speed", {"value": 1000.0})
    assert it.steering.snapshot() == {
        "pins": {"one": "b"}, "bans": {"two": ["c"]}, "weights": {"runtime": 0.5},
    }  # fmt: skip
    assert (it.thresholds["least"], run.speed, run.state) == (3.0, 1000.0, "paused")
    run.steer("speed", {"value": None})
    run.steer("resume", {})
    while run._pace.free and told.outcome().attempts[0].candidate != "b":
        pass  # a job that had begun before
    run.steer("step", {"jobs": 1})
    run.steer("stop", {})
    assert run.wait(LONGEST)
    latest = run.attempts.filter(run.attempts["job_id"] == run.jobs["job_id"][-1])
    assert latest["candidate"].to_list() == ["b", "d"]
    assert run.jobs["status"][-1] == "exhausted"


@pytest.mark.parametrize(
    ("kind", "rest", "message"),
    [
        ("puase", {}, "cannot be asked to 'puase'. Did you mean 'pause'?"),
        ("fly", {}, "cannot be asked to 'fly'. There are: pause, resume"),
        ("pin", {"node": "one"}, "pin needs node, candidate. It came without candidate."),
        ("pin", {"node": "one", "candidate": "z"}, "no candidate 'z'"),
        ("step", {"jobs": 0}, "jobs must be a whole number, 1 or more"),
        ("step", {"jobs": 1.5}, "jobs must be a whole number"),
        ("speed", {"value": 0}, "speed must be a number of jobs a second, or None. Got 0."),
        ("speed", {"value": "fast"}, "speed must be a number"),
        ("threshold", {"name": "last", "value": 1}, "did you mean 'least'?"),
    ],
)
def test_what_a_page_cannot_ask_is_refused_in_words(kind, rest, message):
    run = flow().run([])
    with pytest.raises(BadInput) as caught:
        run.steer(kind, rest)
    assert message in str(caught.value)


def test_a_reset_is_of_the_sampler_that_the_run_uses():
    it = cell("f(x)\none = a(x)\nassert one", {"a": str}, sampler=Thompson())
    it("x")
    given = Thompson()
    given.state = it.sampler.state
    run = it.run([{"x": "a"}] * 5, sampler=given)
    assert given.evidence == 12
    run.steer("reset", {})
    assert (given.evidence, it.sampler.evidence) == (2, 2)
    own = it.run([{"x": "a"}])
    own.steer("reset", {})
    assert it.sampler.evidence == 0


class FakeWatch:
    def __init__(self, graph, sampler, store, workflow, run_id, **more):
        self.parts = (graph, sampler, store, workflow, run_id)
        self.more, self.seen = more, []

    def add(self, outcome):
        self.seen.append(outcome.job.number)


class FakeDashboard:
    def __init__(self, watch, steer, graph):
        self.watch, self.steer, self.graph = watch, steer, graph


@pytest.fixture
def fakes(monkeypatch):
    """Panels, page and display, replaced; what was displayed."""
    shown = []

    def put(name, **names):
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**names))

    put("flexiflow.panels.watch", RunWatch=FakeWatch)
    put("flexiflow.widgets.dashboard", Dashboard=FakeDashboard)
    put("flexiflow.figures", figure=lambda name, watch, **options: (name, watch, options))
    put("IPython.display", display=shown.append)
    return shown


def test_a_watch_is_made_once_and_fed_from_then_on(fakes):
    gate, told, store = Gate(), Told(), MemoryStore()
    it = cell("f(x)\none = a(x)", {"a": gate}, store=store)
    run = it.run([{"x": k} for k in range(3)], wait=False, on_outcome=told, on_failure="raise")
    gate.open()
    assert told.next() == 0
    watch = run.watch
    assert run.watch is watch
    assert watch.parts == (it.graph, it.sampler, store, "f", run.run_id)
    gate.open(2)
    run.wait(LONGEST)
    assert watch.seen == [1, 2]
    assert watch.more["facts"]()["done"] == 3
    assert watch.more["under_way"]() == []
    assert watch.more["steering"]() == {"pins": {}, "bans": {}, "weights": {}}
    assert watch.more["blank"].evidence == 0
    with watch.more["lock"]:
        assert it.sampler.evidence == 3
    assert run.figure("order", width=3) == ("order", watch, {"width": 3})


@pytest.mark.parametrize("wait", [None, True])
def test_a_live_run_shows_its_dashboard_before_it_begins(fakes, wait):
    it = flow()
    run = it.run([{"x": "a"}] * 4, live=True, wait=wait)
    (dashboard,) = fakes
    if wait is None:
        run.wait(LONGEST)
    assert run.state == "done"
    assert dashboard.watch is run.watch
    assert dashboard.watch.seen == [0, 1, 2, 3]
    assert dashboard.graph is it.graph
    dashboard.steer("pin", {"node": "one", "candidate": "b"})
    assert it.steering.pins == {"one": "b"}


def test_a_second_run_needs_no_copy_of_models_that_cannot_be_copied():
    class Locked:
        def __init__(self):
            self.lock = threading.Lock()

        def __call__(self, x):
            return x

    it = cell("f(x)\ny = a(x)\nassert y", {"a": Locked()}, sampler=Hybrid())
    assert [len(it.run([{"x": 1}], seed=k).jobs) for k in range(2)] == [1, 1]
    assert copy.deepcopy(it.graph) is it.graph
