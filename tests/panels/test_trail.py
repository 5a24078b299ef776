"""When beliefs are read again, and what is kept of earlier ones."""

from dataclasses import replace

import numpy as np
from worlds import chain

from flexiflow import Random
from flexiflow.panels import trail
from flexiflow.panels.beliefs import read
from flexiflow.panels.places import Places
from flexiflow.panels.trail import STEPS, Pace, Shown


def test_the_pace_rests_after_work_and_waits_for_something_new(monkeypatch):
    now, waited = [100.0], [0.0]
    monkeypatch.setattr(trail.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(trail.time, "thread_time", lambda: now[0] - waited[0])
    pace = Pace(least=0.1, rest=25.0)
    assert pace.due(1)
    now[0] += 0.002
    pace.done()
    assert not pace.due(1)
    assert not pace.due(2)  # too early
    now[0] = 100.0999
    assert not pace.due(2)
    now[0] = 100.101
    assert pace.due(2)
    now[0] += 0.02  # it was slow this time
    pace.done()
    now[0] += 0.4
    assert not pace.due(3)
    now[0] += 0.11
    assert pace.due(3)
    now[0] += 5.0  # it waited for another thread, and was quick then
    waited[0] += 4.999
    pace.done()
    now[0] += 0.026
    assert pace.due(4)


def test_the_trail_keeps_the_latest_means_that_moved():
    graph = chain(2)
    told = read(Random(), Places(graph), np.zeros((2, 5)))
    shown = Shown(1)
    shown.take(told)
    assert shown.versions == [1]
    for k in range(40):
        passes = told.passes.copy()
        passes[:, 0] = 0.1 + 0.02 * k
        shown.take(replace(told, passes=passes))
    assert shown.versions == [41]
    _, posterior = shown.node(0)
    earlier = posterior["trail"]
    assert earlier.shape == (STEPS, 2)
    np.testing.assert_allclose(earlier[:, 0], 0.1 + 0.02 * np.arange(39 - STEPS, 39), atol=1e-6)
