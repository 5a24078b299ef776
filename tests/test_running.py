"""Runs in the background: waited for, paused, stepped, stopped, failed, left at exit."""

import itertools
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from cells import cell
from gates import LONGEST, Gate, Told
from test_lossless import in_step

from flexiflow import BadInput, SQLStore

ONE = "f(x)\none = model(x)\nassert one == x"


def counting(taken):
    for k in itertools.count():
        taken.append(k)
        yield {"x": k}


def test_it_returns_at_once_and_its_tables_grow_while_it_goes_on():
    gate, told = Gate(), Told()
    it = cell(ONE, {"model": gate})
    jobs = [{"x": k} for k in range(3)]
    run = it.run(jobs, wait=False, on_failure="raise", on_outcome=told)
    assert it.last_run is run
    assert gate.next() == 0
    assert (run.state, run.total, run.error, run.wait(timeout=0)) == ("running", 0, None, False)
    assert "no jobs" in repr(run)
    gate.open()
    assert (told.next(), gate.next()) == (0, 1)
    assert run.results["output"].to_list() == [0]
    assert (len(run.attempts), len(run.verdicts), run.total) == (1, 1, 1)
    assert run.explain(run.jobs["job_id"][0])
    gate.open(2)
    assert run.wait(LONGEST)
    assert (run.state, run.total, run.passed) == ("done", 3, 3)
    assert in_step(it)[1]
    assert len(it.store.read("snapshots")) == 1


WAYS = [{}, {"workers": 4}, {"executor": ThreadPoolExecutor(2)}, {"on_failure": "raise"}]


@pytest.mark.parametrize("options", WAYS)
def test_a_stop_loses_no_job_that_has_begun_and_leaves_the_others(options):
    taken, enough = [], threading.Event()
    it = cell(ONE, {"model": lambda x: x})

    def on_outcome(outcome):
        if outcome.job.number == 50:
            enough.set()

    run = it.run(counting(taken), wait=False, on_outcome=on_outcome, **options)
    assert enough.wait(LONGEST)
    run.stop()
    assert run.wait(LONGEST)
    assert run.state == "done"
    log, same = in_step(it)
    assert same
    assert run.total == len(log) == len(run.jobs) > 50
    assert sorted(log["number"]) == list(range(len(log)))
    assert len(taken) - len(log) <= 2 * options.get("workers", 0)
    run.stop()
    run.resume()
    assert run.state == "done"


def test_the_job_at_hand_of_a_stopped_run_is_acknowledged():
    gate = Gate()
    it = cell(ONE, {"model": gate})
    run = it.run(counting([]), wait=False)
    gate.next()
    run.stop()
    assert (run.state, run.total) == ("stopping", 0)
    gate.open()
    assert run.wait(LONGEST)
    assert it.log()["number"].to_list() == [0]


@pytest.mark.parametrize("options", WAYS)
def test_a_paused_run_gives_out_all_that_ended_reads_no_job_and_steps(options):
    gate, told, taken = Gate(), Told(), []
    it = cell(ONE, {"model": gate})
    gate.open(1000)
    run = it.run(counting(taken), wait=False, on_outcome=told, **options)
    run.pause()
    run.step(3)
    while run.state == "running":
        told.next()
    assert run.state == "paused"
    for _ in range(4):
        before = run.total
        run.step()
        while run.total == before:
            told.next()
    run.stop()
    assert run.wait(LONGEST)
    log, same = in_step(it)
    assert same
    assert len(log) == run.total >= 7
    assert len(taken) - len(log) <= 2 * options.get("workers", 0)


def test_a_run_in_the_foreground_is_steered_from_its_outcomes_and_from_other_threads():
    it = cell(ONE, {"model": lambda x: x})
    others = []

    def on_outcome(outcome):
        run = it.last_run
        if outcome.job.number == 2:
            run.pause()
            others.append(threading.Thread(target=run.step, args=(2,)))
            others[-1].start()
        if outcome.job.number == 4:
            others[0].join()
            run.stop()

    run = it.run(counting([]), on_outcome=on_outcome, on_failure="raise")
    assert (run.state, run.total) == ("done", 5)


def test_a_run_cannot_wait_for_itself():
    it = cell(ONE, {"model": lambda x: x})
    with pytest.raises(BadInput, match="cannot wait for itself"):
        it.run([{"x": 1}], on_outcome=lambda o: it.last_run.wait())


class Awaited(threading.Event):
    """The end of a run that does something as soon as somebody waits for it."""

    def __init__(self, first):
        super().__init__()
        self._first = first

    def wait(self, timeout=None):
        first, self._first = self._first, lambda: None
        first()
        return super().wait(timeout)


def failing(**options):
    gate = Gate()

    def model(x):
        gate(x)
        return x

    def check(value):
        if value == 2:
            raise NameError("a mistake")
        return True

    it = cell("f(x)\none = model(x)\nassert check(one)", {"model": model, "check": check})
    return it, gate, it.run(counting([]), wait=False, **options)


@pytest.mark.parametrize("workers", [1, 3])
def test_what_a_run_raises_is_raised_where_it_is_waited_for_and_told_nowhere_else(workers):
    it, gate, run = failing(workers=workers)
    run._pace.ended = Awaited(lambda: gate.open(1000))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(NameError, match="a mistake") as raised:
            run.wait(LONGEST)
    assert not caught
    assert raised.value is run.error
    assert run.state == "failed"
    log, same = in_step(it)
    assert same
    assert set(log["number"]) >= {0, 1}
    with pytest.raises(NameError):
        run.wait()


def test_what_a_run_raises_is_told_once_where_nobody_waits():
    _, gate, run = failing()
    (thread,) = (t for t in threading.enumerate() if t.name == run._name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gate.open(1000)
        thread.join(LONGEST)
    (told,) = caught
    assert "has ended with NameError: a mistake" in str(told.message)
    assert (run.state, type(run.error)) == ("failed", NameError)
    assert run.facts()["error"] == "NameError: a mistake"


def test_an_interrupt_while_waiting_stops_the_run_after_the_job_at_hand():
    gate = Gate()
    it = cell(ONE, {"model": gate})
    run = it.run(counting([]), wait=False)

    stopping, stop = threading.Event(), run._pace.stop

    def open_once_it_is_stopping():
        assert stopping.wait(LONGEST)
        gate.open()

    def interrupt():
        gate.next()
        threading.Thread(target=open_once_it_is_stopping).start()
        raise KeyboardInterrupt

    def stop_and_tell():
        stop()
        stopping.set()

    run._pace.stop = stop_and_tell
    run._pace.ended = Awaited(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert (run.state, run.total, run.error) == ("done", 1, None)
    assert it.log()["number"].to_list() == [0]


LEFT = """
import sys, threading
sys.path.insert(0, {tests!r})
from cells import cell
from flexiflow import SQLStore
started = threading.Event()
def model(x):
    if x == 200:
        started.set()
        threading.Event().wait({hangs})
    return x
it = cell("f(x)\\none = model(x)", {{"model": model}}, store=SQLStore({file!r}))
it.run(({{"x": k}} for k in range(10**9)), wait=False, workers={workers},
       on_outcome=lambda o: print(o.job.number, flush=True))
assert started.wait(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "hangs"), [(1, 0), (3, 0), (3, None)])
def test_the_end_of_the_interpreter_waits_for_no_run_and_loses_nothing(tmp_path, workers, hangs):
    file = str(tmp_path / "f.sqlite")
    here = os.path.dirname(__file__)
    code = LEFT.format(tests=here, file=file, workers=workers, hangs=hangs)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    told = {int(line) for line in done.stdout.split()}
    with SQLStore(file) as store:
        assert set(store.read("jobs")["number"]) >= told
    assert told >= set(range(150))
