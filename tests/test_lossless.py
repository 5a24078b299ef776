"""Whatever goes wrong, jobs that have ended are acknowledged, once, and teach what they wrote."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cells import cell

from flexiflow import BadInput, Fixed, JobFailed, MemoryStore, Refused
from flexiflow.candidates import candidate
from flexiflow.errors import StoreFull


def in_step(it):
    """The log, and whether the sampler has learned exactly from it."""
    log = it.log()
    learned = it.sampler.evidence
    written = sum(len(it.store.read(t, workflow=it.name)) for t in ("attempts", "verdicts"))
    return log, learned == written


def test_an_error_in_one_of_several_workers_loses_no_job_that_has_ended():
    others = threading.Event()

    def check(value):
        if value == 2:
            others.wait(5)
            raise NameError("a mistake")
        if value == 5:
            others.set()
        return True

    it = cell("f(x)\none = a(x)\nassert check(one)", {"a": lambda x: x, "check": check})
    with pytest.raises(NameError, match="a mistake"):
        it.run([{"x": k} for k in range(12)], workers=4)
    log, same = in_step(it)
    assert same
    assert set(log["number"]) >= {0, 1, 3, 4, 5}
    assert 2 not in set(log["number"])


def test_effects_that_were_done_are_recorded_when_a_neighbour_fails():
    sent, ready = [], threading.Event()

    def send(x):
        sent.append(x)
        if x == 3:
            ready.set()
        return x

    def stop(x):
        if x == 0:
            ready.wait(5)
        return x != 0

    models = {"send": candidate(send, effects=True), "stop": stop, "a": lambda x: x}
    it = cell("f(x)\none = a(x)\nassert stop(one)\ndone = send(one)", models)
    jobs = [{"x": k, "id": k} for k in range(8)]
    with pytest.raises(JobFailed):
        it.run(jobs, ids="id", workers=4, on_failure="raise")
    assert set(sent) == {int(i) for i in it.log().filter(it.log()["passed"])["job_id"]}
    it.run(jobs, ids="id", workers=4, resume=True)
    assert sorted(sent) == [1, 2, 3, 4, 5, 6, 7]


def test_raise_stops_at_the_first_failure_even_if_jobs_are_quick():
    sent = []
    models = {"send": candidate(lambda x: sent.append(x) or x, effects=True)}
    it = cell("f(x)\none = send(x)\nassert one != 3", models)
    with pytest.raises(JobFailed):
        it.run([{"x": k} for k in range(100)], on_failure="raise")
    assert sent == [0, 1, 2, 3]


def test_a_kept_traceback_does_not_keep_ended_jobs_from_the_log():
    models = {"slow": lambda x: x, "stop": lambda x: x != 2}
    it = cell("f(x)\none = slow(x)\nassert stop(one)", models)
    with pytest.raises(ZeroDivisionError) as kept:  # as a notebook keeps the last one
        it.run([{"x": k} for k in range(9)], workers=3, on_outcome=lambda o: 1 / o.passed)
    assert kept.tb is not None
    log, same = in_step(it)
    assert same
    assert len(log) >= 3
    assert not [t for t in threading.enumerate() if t.name.startswith("flexiflow-job")]
    assert len(it.store.read("snapshots")) == 1


class Filling(MemoryStore):
    """A store that is full after some appends of jobs."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def append(self, records):
        if any(hasattr(r, "attempts") for r in records):
            self.room -= 1
            if self.room < 0:
                raise StoreFull("no space is left")
        super().append(records)


def test_a_store_that_fills_up_leaves_no_lesson_that_is_not_in_the_log():
    it = cell("f(x)\none = (a | b)(x)\nassert one", {"a": str, "b": repr}, store=Filling(3))
    with pytest.raises(StoreFull):
        list(it.stream([{"x": k} for k in range(10)]))
    it.store.room = 10**9
    it.run([])
    log, same = in_step(it)
    assert len(log) == 3
    assert same
    it(1)
    it.run([])
    assert in_step(it)[1]


def test_ids_of_another_workflow_in_the_store_are_refused_before_anything_runs():
    store, calls = MemoryStore(), []
    jobs = [{"x": 1, "id": 7}]
    cell("first(x)\none = a(x)", {"a": str}, store=store).run(jobs, ids="id")
    other = cell("second(x)\none = a(x)", {"a": lambda x: calls.append(x) or x}, store=store)
    with pytest.raises(BadInput, match="of the workflow 'first'"):
        other.run(jobs, ids="id")
    assert calls == []
    assert len(store.read("jobs")) == 1


def test_branches_called_off_teach_nothing_and_those_under_way_are_recorded():
    started, release = threading.Event(), threading.Event()

    def refuse(x):
        started.wait(5)
        release.set()
        raise Refused("no")

    def slow(x):
        started.set()
        release.wait(5)
        return x

    models = {"refuse": refuse, "slow": slow, "late": lambda x: x, "join": lambda *v: v}
    text = "f(x)\none = refuse(x)\ntwo = slow(x)\nthree = late(x)\nall3 = join(one, two, three)"
    it = cell(text, models, sampler=Fixed())
    with ThreadPoolExecutor(2) as pool:
        outcome = next(it.stream([{"x": 1}], executor=pool))
    assert outcome.status == "refused"
    kinds = {t.candidate: (t.kind, t.version is not None) for t in outcome.attempts}
    assert kinds["refuse"] == ("refused", False)
    assert kinds["slow"] == ("pass", True)
    assert kinds.get("late", ("pass", True)) == ("pass", True)


def test_a_budget_counts_attempts_that_are_under_way():
    models = {"a": lambda x: x, "join": lambda *v: v}
    text = "f(x)\none = a(x)\ntwo = a(x)\nthree = a(x)\nall3 = join(one, two, three)"
    it = cell(text, models, max_attempts=1)
    with ThreadPoolExecutor(3) as pool:
        outcome = next(it.stream([{"x": 1}], executor=pool))
    assert (outcome.status, outcome.job.attempts) == ("budget", 1)


@pytest.mark.parametrize("said", [float("nan"), -1.0, float("inf"), "soon", None])
def test_a_clock_that_says_nonsense_is_refused(said):
    it = cell("f(x)\none = a(x)", {"a": str})
    with pytest.raises(BadInput, match="clock"):
        it.run([{"x": 1}], clock=lambda *_: said)
    assert it("again") == "again"


INTERRUPTED = """
import os, signal, sys, time
sys.path.insert(0, {tests!r})
from cells import cell
from flexiflow import SQLStore
def wait(x):
    time.sleep(0.5)
    if x == 0:  # Ctrl-C while the first job is waited for
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
    return x
it = cell("f(x)\\none = wait(x)", {{"wait": wait}}, store=SQLStore({file!r}))
try:
    it.run([{{"x": k}} for k in range(4)], workers=2)
except KeyboardInterrupt:
    print("interrupted", sorted(it.log()["number"]), it.sampler.evidence)
"""


def test_an_interrupt_loses_no_job_that_ends(tmp_path):
    code = INTERRUPTED.format(tests=os.path.dirname(__file__), file=str(tmp_path / "f.sqlite"))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("interrupted [0, 1")
    numbers, evidence = done.stdout.removeprefix("interrupted [").split("] ")
    assert len(numbers.split(",")) == int(evidence)
