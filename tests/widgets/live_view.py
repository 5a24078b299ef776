"""A live run in front of a page: how much of it is seen, and how late."""

from __future__ import annotations

import json
import queue
import time
from typing import Any

import numpy as np
from bare_page import START, emit, open_page, page_code
from fake_run import FakeWatch

from flexiflow.widgets.publisher import Publisher

WATCHED = """
window.seen = [];
window.watched = new MutationObserver(() => {
  const { seq } = document.querySelector('.ff-dash').dataset;
  seen.push([Number(seq), performance.timeOrigin + performance.now()]);
});
"""
WATCH = "watched.observe(document.querySelector('.ff-dash'), { attributeFilter: ['data-seq'] })"
WAITED = """() => new Promise((go) => {
  const look = () => document.querySelector('.ff-dash')?.dataset.seq !== undefined
    ? go(performance.now() - opened) : requestAnimationFrame(look);
  look();
})"""


def live_view(browser: Any, seconds: float, behind: int, rate: int = 20) -> dict[str, float]:
    """Show a run with so many jobs behind it for some seconds, and count what the page saw."""
    watch, line = FakeWatch(total=None), queue.SimpleQueue[Any]()
    watch.advance(behind)
    page = open_page(browser, start=False)
    page.add_script_tag(content=WATCHED)
    publisher = Publisher(
        watch, lambda kind, rest: None, lambda c, b: line.put((c, b, time.time()))
    )
    page.evaluate(START, list(page_code()))
    publisher.receive({"kind": "hello", "buffers": True})
    content, buffers, _ = line.get(timeout=30)
    emit(page, content, buffers)
    painted = page.evaluate(WAITED)
    page.evaluate(WATCH)
    sent, sizes, heaps = {}, [], {}
    started = beat = time.monotonic()
    while time.monotonic() - started < seconds:
        if time.monotonic() >= beat:
            watch.advance()
            beat += 1 / rate
        try:
            content, buffers, at = line.get(timeout=0.005)
        except queue.Empty:
            continue
        sent[content["seq"]] = at * 1000
        sizes.append(len(json.dumps(content)) + sum(map(len, buffers)))
        emit(page, content, buffers)
        for moment in (10, 30, 60, 120):
            if time.monotonic() - started > moment and moment not in heaps:
                heaps[moment] = _heap(page)
    publisher.close()
    seen = page.evaluate("seen")
    heaps[round(seconds)] = _heap(page)
    lags = [at - sent[seq] for seq, at in seen if seq in sent]
    errors = page.evaluate("errors")
    page.close()
    assert errors == []
    return {
        "first paint ms": round(painted, 1),
        "ticks sent": len(sent),
        "ticks seen": len({seq for seq, _ in seen if seq in sent}),
        "lag median ms": round(float(np.median(lags)), 1),
        "lag p95 ms": round(float(np.quantile(lags, 0.95)), 1),
        "bytes a tick": round(float(np.mean(sizes))),
        **{f"heap MB after {k} s": round(v, 2) for k, v in heaps.items()},
    }


def _heap(page: Any) -> float:
    page.evaluate("gc()")
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6
