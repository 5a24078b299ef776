"""Several runs of one workflow at once, and what is said in the middle of one."""

import itertools

import pytest
from cells import cell
from gates import LONGEST, Gate, Told
from test_lossless import in_step

from flexiflow import MemoryStore

ONE = "f(x)\none = model(x)\nassert one == x"


def counting():
    return ({"x": k} for k in itertools.count())


def test_two_runs_of_one_workflow_at_once_lose_nothing_and_learn_each_job_once():
    it = cell("f(x)\none = (a | b)(x)\nassert one == 'b'", {"a": str, "b": lambda x: "b"})
    runs = [it.run([{"x": k} for k in range(150)], wait=False, workers=w) for w in (1, 3)]
    assert it("now") == "b"
    assert all(run.wait(LONGEST) for run in runs)
    log, same = in_step(it)
    assert same
    assert len(log) == 301
    assert [run.total for run in runs] == [150, 150]
    rebuilt = cell("f(x)\none = (a | b)(x)\nassert one == 'b'", {"a": str, "b": lambda x: "b"},
                   store=it.store)  # fmt: skip
    rebuilt.run([])
    assert rebuilt.sampler.evidence == it.sampler.evidence


def test_beliefs_are_saved_when_the_last_of_several_runs_has_ended():
    gate, store = Gate(), MemoryStore()
    it = cell(ONE, {"model": lambda x: x and gate(x)}, store=store)
    long = it.run(itertools.repeat({"x": 1}), wait=False)
    gate.next()
    it.run([{"x": 0}])
    assert len(store.read("snapshots")) == 0  # lessons may have been learned and not written
    long.stop()
    gate.open(1000)
    long.wait(LONGEST)
    assert len(store.read("snapshots")) == 1


@pytest.mark.filterwarnings("ignore:The candidate model of one was edited")
@pytest.mark.parametrize("restart", [False, True])
def test_a_reset_in_the_middle_forgets_all_jobs_before_and_no_job_after(restart):
    gate, store = Gate(), MemoryStore()
    it = cell(ONE, {"model": gate}, store=store)
    run = it.run([{"x": k} for k in range(5)], wait=False, on_failure="raise")
    gate.next()
    gate.open(2)
    assert [gate.next(), gate.next()] == [1, 2]
    it.reset()
    assert it.sampler.evidence == 0
    gate.open(3)
    run.wait(LONGEST)
    if restart:
        it = cell(ONE, {"model": gate}, store=store)
        it.run([])
    assert it.sampler.evidence == 3 * 2  # an attempt and a verdict each
    assert len(it.log()) == 5


def test_a_threshold_and_a_pin_in_the_middle_hold_from_the_next_job_on():
    told = Told()
    it = cell("f(x)\none = (a | b)(x)\nassert len(one) >= threshold(1, 'least')",
              {"a": lambda x: "a", "b": lambda x: "bb"})  # fmt: skip
    run = it.run(counting(), wait=False, on_failure="return", on_outcome=told)
    run.pause()
    told.quiet()
    assert run.state == "paused"
    run.threshold("least", 3)
    run.steering.pin("one", "b")
    before = run.total
    run.step(2)
    while run.total < before + 2:
        told.next()
    run.stop()
    run.wait(LONGEST)
    later = run.jobs.filter(run.jobs["number"] >= before)
    assert later["status"].to_list() == ["exhausted"] * (run.total - before)
    assert set(run.attempts.filter(run.attempts["job_id"].is_in(later["job_id"].implode()))
               ["candidate"]) == {"b"}  # fmt: skip
