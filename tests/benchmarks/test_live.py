"""The measurements of the live view: what they say is of what happened; no figure is asserted."""

import json

import pytest

from flexiflow.benchmarks import live


def test_a_message_is_counted_as_jupyter_sends_it():
    content, buffers = {"kind": "tick", "text": "é"}, [b"12345", b"6"]
    sent = '{"method": "custom", "content": {"kind": "tick", "text": "é"}}'
    assert json.loads(sent)["content"] == content
    assert live.bytes_of(content, buffers) == len(sent) + 1 + 6  # é has two bytes


def test_the_workflow_learns_from_contexts_and_switches():
    flow = live.workflow(lambda seconds: None, 0.0, 0.0)
    run = flow.run([{"x": k} for k in range(60)], seed=0, progress=False)
    assert [len(n.candidates) for n in flow.graph.nodes] == [live.CANDIDATES] * live.NODES
    assert len(flow.graph.context) == 3
    assert run.passed == 60
    assert run.jobs["switches"].sum() > 0


@pytest.mark.slow
def test_every_quantity_is_measured():
    rows = live.measure(60, 1)
    told = {row["live_view"]: row for row in rows}
    assert len(told) == 8
    message = told["message while jobs of 5 to 20 ms run"]
    assert message["count"] > 2
    assert 100 < message["median"] <= message["p95"]
    assert 0 < told["messages"]["median"] <= 12
    assert told["kernel's time for a message"]["median"] > 0
    assert 0 < told["kernel's time for all of it"]["median"] < 100
    assert told["snapshot after 3000 jobs"]["median"] > 5000
    assert {row["unit"] for row in rows} == {"bytes", "a second", "ms", "percent", "kB"}


@pytest.mark.parametrize("wait", [live.spin])
def test_computing_takes_the_time_it_is_said_to(wait):
    began = live.time.perf_counter()
    wait(0.002)
    assert live.time.perf_counter() - began >= 0.002
