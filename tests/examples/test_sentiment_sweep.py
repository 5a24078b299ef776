"""One threshold for all, moved by hand: a cascade of two tiny models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flexiflow import BadInput, MemoryStore, Workflow
from flexiflow.examples.lessons import lesson, record
from flexiflow.examples.sentiment.heads import Head
from flexiflow.examples.sentiment.lexicons import judged
from flexiflow.examples.sentiment.sweep import picture, slider, sweep
from flexiflow.language import read


def count(text: str) -> Any:
    """A vector of a text: how often it says good and bad, and one."""
    return np.array([text.count("good"), text.count("bad"), 1.0])


KNOWN = [
    {"text": text, "label": label}
    for text, label in (
        ("good", "positive"), ("good good", "positive"), ("so good", "positive"),
        ("bad", "negative"), ("bad bad", "negative"), ("so bad", "negative"),
    )
]  # fmt: skip


def tiny() -> tuple[Workflow, list[dict[str, Any]]]:
    """The same form with two models: a cheap one that knows half, a dear one that knows all."""
    head, late = Head(count, KNOWN), judged

    def cheap(text: str) -> Any:
        return late(1.0 if "good" in text else 0.0)

    text = """tiny(text, label=None)
feeling = (cheap | dear)(text)
assert confidence(feeling) >= threshold(0.75, "sure")
maximize(feeling == label)
minimize(runtime)
"""
    flow = Workflow(read(text, {"cheap": cheap, "dear": head}), store=MemoryStore())
    jobs = [{"text": r["text"], "label": r["label"]} for r in KNOWN]
    return flow, jobs


def ticks(*steps: float) -> Callable[[], float]:
    """A clock by which the runs take so long, one after the other and again."""
    state = {"now": 0.0, "reads": 0}

    def clock() -> float:
        if state["reads"] % 2:
            state["now"] += steps[(int(state["reads"]) // 2) % len(steps)]
        state["reads"] += 1
        return state["now"]

    return clock


def test_a_cascade_at_each_threshold() -> None:
    flow, jobs = tiny()
    recorded = record(flow, jobs, clock=ticks(0.001, 0.010))
    rows = sweep(recorded, ["cheap", "dear"], (0.5, 0.75, 1.01)).rows(named=True)
    assert [row["accuracy"] for row in rows] == pytest.approx([0.5, 1.0, 0.5])
    assert [row["ms_a_job"] for row in rows] == pytest.approx([1.0, 6.0, 11.0])
    assert [row["tries"] for row in rows] == pytest.approx([1.0, 1.5, 2.0])
    assert [row["pass_rate"] for row in rows] == pytest.approx([1.0, 1.0, 0.0])
    with pytest.raises(BadInput, match="cheap, dear"):
        sweep(recorded, ["cheap", "other"])


def test_the_slider_moves_the_threshold_of_the_workflow() -> None:
    flow, jobs = tiny()
    recorded = record(flow, jobs, clock=ticks(0.001, 0.010))
    box = slider(sweep(recorded, ["cheap", "dear"]), flow.thresholds, "sure")
    assert flow.thresholds.fixed == set()
    assert box.children[0].value == 0.75
    assert "100.0% right, 6.00 ms a job" in box.children[1].value
    box.children[0].value = 0.5
    assert flow.thresholds["sure"] == 0.5
    assert flow.thresholds.fixed == {"sure"}
    assert "50.0% right, 1.00 ms a job" in box.children[1].value


def test_the_picture_shows_all_of_it() -> None:
    flow, jobs = tiny()
    told = lesson(record(flow, jobs, clock=ticks(0.001, 0.010)), sla=0.005, seeds=(0,))
    drawn = picture(told, sweep(told.record, ["cheap", "dear"]))
    assert [trace.name for trace in drawn.data] == ["alone", "one threshold for all", "FlexiFlow"]
    assert list(drawn.data[0].x) == pytest.approx([1.0, 10.0])
    assert list(drawn.data[0].y) == pytest.approx([0.5, 1.0])
