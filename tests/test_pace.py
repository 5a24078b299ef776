"""The pace of a run, by a clock of the test's own; and jobs in turn and side by side."""

import itertools
import math
import threading

import pytest
from gates import LONGEST, Gate

from flexiflow import pace as module
from flexiflow.pace import Pace
from flexiflow.turns import in_turn, side_by_side


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_pause_step_resume_and_stop_say_what_may_start():
    pace = Pace()
    assert (pace.free, pace.state, pace.delay(), pace.take()) == (True, "running", 0.0, True)
    pace.pause()
    assert (pace.free, pace.state, pace.delay(), pace.take()) == (False, "paused", math.inf, False)
    pace.step(2)
    assert (pace.state, pace.take(), pace.take(), pace.take()) == ("running", True, True, False)
    assert pace.state == "paused"
    pace.resume()
    assert (pace.free, pace.state) == (True, "running")
    pace.step()
    assert [pace.take() for _ in range(3)] == [True, False, False]
    pace.step(3)
    pace.pause()
    assert not pace.take()
    pace.stop()
    assert (pace.state, pace.delay(), pace.take(), pace.stopped) == ("stopping", 0.0, False, True)
    pace.resume()
    assert (pace.state, pace.take()) == ("stopping", False)
    pace.end()
    assert pace.state == "done"
    broken = Pace()
    broken.end(ValueError("why"))
    assert broken.state == "failed"


def test_a_speed_spaces_the_starts(clock):
    pace = Pace()
    pace.speed = 5
    starts = []
    for _ in range(1000):
        if pace.take():
            starts.append(round(clock.now - 100, 6))
        clock.now += 0.01
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    assert starts[0] == 0
    assert min(gaps) >= 0.19
    assert len(starts) == pytest.approx(10 * 5, abs=1)
    clock.now += 60  # a job that took a minute gives no right to a burst
    assert [pace.take(), pace.take()] == [True, False]
    assert pace.delay() == pytest.approx(0.2)
    pace.speed = 0.5
    assert pace.take()
    assert pace.delay() == pytest.approx(2.0)
    pace.speed = None
    assert (pace.free, pace.delay()) == (True, 0.0)


def over(ways, jobs, do, pace, workers=3):
    rescued = []
    if ways is in_turn:
        return in_turn(jobs, do, pace), rescued
    return side_by_side(jobs, do, pace, workers, rescued), rescued


@pytest.mark.parametrize("ways", [in_turn, side_by_side])
def test_steps_start_exactly_so_many_jobs_in_order(ways):
    pace, taken = Pace(), []
    jobs = (taken.append(k) or k for k in itertools.count())
    pace.pause()
    turns, _ = over(ways, jobs, lambda x: x * x, pace)
    assert next(turns) is None
    assert taken == []
    pace.step(5)
    done = itertools.islice((x for x in turns if x is not None), 5)
    assert list(done) == [0, 1, 4, 9, 16]
    assert taken == [0, 1, 2, 3, 4]
    pace.stop()
    assert [x for x in turns if x is not None] == []
    assert taken == [0, 1, 2, 3, 4]


def test_jobs_that_lie_ready_do_not_begin_in_a_pause_and_come_again_in_order():
    pace, gate, taken, first = Pace(), Gate(), [], []
    jobs = (taken.append(k) or k for k in range(20))
    turns, _ = over(side_by_side, jobs, gate, pace, workers=2)
    given = (x for x in turns if x is not None)
    reader = threading.Thread(target=lambda: first.extend(itertools.islice(given, 2)))
    reader.start()
    assert sorted([gate.next(), gate.next()]) == [0, 1]
    pace.pause()
    gate.open(2)
    reader.join(LONGEST)
    assert first == [0, 1]
    assert gate.begun.empty()
    assert len(taken) <= 4
    gate.open(1000)
    pace.step(3)
    assert list(itertools.islice(given, 3)) == [2, 3, 4]
    assert sorted(gate.begun.queue) == [2, 3, 4]
    pace.resume()
    assert list(given) == list(range(5, 20))
    assert sorted(gate.begun.queue) == list(range(2, 20))
    assert taken == list(range(20))


def test_a_pause_that_is_over_at_once_holds_nothing_up():
    pace = Pace()

    def do(x):
        pace.pause()
        pace.resume()
        return x

    turns, _ = over(side_by_side, iter(range(500)), do, pace, workers=4)
    assert [x for x in turns if x is not None] == list(range(500))


def test_side_by_side_keeps_all_its_threads_at_work():
    together = threading.Barrier(4, timeout=LONGEST)
    turns, _ = over(side_by_side, iter(range(40)), lambda x: together.wait() and x, Pace(), 4)
    assert len(list(turns)) == 40


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_an_error_ends_it_and_all_that_ended_is_handed_over_once(workers):
    def do(x):
        if x == 7:
            raise ValueError("seven")
        return x

    turns, rescued = over(side_by_side, iter(range(30)), do, Pace(), workers)
    given = list(itertools.islice(turns, 7))
    with pytest.raises(ValueError, match="seven"):
        next(turns)
    assert given == list(range(7))
    assert all(x > 7 for x in rescued)
    assert len(set(rescued)) == len(rescued)
    assert not [t for t in threading.enumerate() if t.name.startswith("flexiflow-job")]


def test_closing_waits_for_what_is_under_way_and_starts_nothing_more():
    pace, gate, taken = Pace(), Gate(), []
    jobs = (taken.append(k) or k for k in itertools.count())
    turns, rescued = over(side_by_side, jobs, gate, pace, workers=2)
    gate.open()
    assert next(turns) == 0
    while len(seen := list(gate.begun.queue)) < 3:
        gate.begun.put(gate.next())
    gate.open(1000)
    turns.close()
    assert rescued == sorted(seen)[1:]
    assert len(taken) <= 5
