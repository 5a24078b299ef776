"""Whether memory stays flat while a page is open for long: in the kernel, and in the browser."""

from __future__ import annotations

import base64
import gc
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bare_page import open_page
from cells import cell
from desk import IN_A_BROWSER

from flexiflow.panels import RunWatch
from flexiflow.records import Outcome
from flexiflow.widgets.packing import pack

pytestmark = IN_A_BROWSER
TICKS, JOBS = 1200, 20  # two minutes of ticks, ten a second, at 5 ms a job
WARM = 400  # ticks until all histories are full: 8000 jobs
HEAP, TRACED = 0.6e6, 0.4e6  # bytes that may come and go
PART = 200  # ticks handed over at once
HAND_OVER = """async (part) => {
  for (const [content, buffers] of part) {
    emit(JSON.parse(content), buffers);
    await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
  }
}"""
TEXT = """
    live(x)
    context(x % 3)
    a = (a0 | a1 | a2 | a3)(x)
    b = (b0 | b1 | b2 | b3)(a)
    assert good(b), 'no good'
    minimize(runtime)
"""


def kernel() -> Iterator[tuple[Any, list[bytes]]]:
    """The messages of a run of real outcomes, over and over, as a page would get them."""
    models: dict[str, Any] = {f"a{k}": lambda x, k=k: x * 8 + k for k in range(4)}
    models |= {f"b{k}": lambda a, k=k: (a + k) % 5 for k in range(4)}
    it = cell(TEXT, {**models, "good": lambda b: b > 0})
    seen = list[Outcome]()
    it.run([{"x": k} for k in range(500)], seed=0, progress=False, on_outcome=seen.append)
    facts: dict[str, Any] = {"state": "running", "total": None, "done": 0, "passed": 0,
                             "seconds": 0.0, "error": None, "speed": None}  # fmt: skip
    watch = RunWatch(it.graph, it.sampler, it.store, it.name, "again", lambda: dict(facts))
    snapshot, mark = watch.begin()
    yield pack({"kind": "snapshot", "seq": 0, **snapshot})
    for tick in range(TICKS):
        for number in range(JOBS * tick, JOBS * (tick + 1)):
            one = seen[number % len(seen)]
            watch.add(replace(one, job=one.job._replace(number=number, job_id=f"job-{number}")))
            facts["done"] += 1
            facts["passed"] += one.passed
            facts["seconds"] += 0.005
        watch._pace._next = 0.0  # ticks come faster here than time goes by
        fresh, mark = watch.changes(mark)
        yield pack({"kind": "tick", "seq": tick + 1, **fresh})


def hand_over(page: Any, part: list[list[Any]]) -> float:
    """Let a page have some messages, each drawn before the next; its heap then, in bytes."""
    page.evaluate(HAND_OVER, part)
    page.evaluate("gc()")
    return float(page.evaluate("performance.memory.usedJSHeapSize"))


def test_two_minutes_of_a_live_view_leave_nothing_behind(browser: Any) -> None:
    # The browser keeps the text of what a test hands it, so a page that listens is compared
    # with one that is handed the same and does not.
    page, deaf = open_page(browser), open_page(browser, start=False)
    heaps, traced, part = list[float](), list[int](), list[list[Any]]()
    for tick, (content, buffers) in enumerate(kernel()):
        part.append([json.dumps(content), [base64.b64encode(b).decode() for b in buffers]])
        if tick == WARM // 2:
            tracemalloc.start()
        if tick % PART == 0:
            apart = hand_over(page, part) - hand_over(deaf, part)
            part.clear()
            if tick >= WARM:
                gc.collect()
                heaps.append(apart)
                traced.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    print(f"heap {[round(h / 1e6, 2) for h in heaps]} MB, traced {traced} bytes")
    assert page.locator(".ff-dash").get_attribute("data-seq") == str(TICKS)
    assert page.evaluate("errors") == []
    assert page.evaluate("sent.filter((m) => m.kind === 'hello').length") == 1  # nothing was lost
    assert page.evaluate("document.querySelectorAll('.ff-dash *').length") < 1500
    page.close()
    deaf.close()
    assert len(heaps) == (TICKS - WARM) // PART + 1
    assert heaps[-1] - heaps[0] < HEAP
    assert traced[-1] - traced[0] < TRACED
