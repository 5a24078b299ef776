"""A desk: a page of the dashboard, the run it shows, and what is said between them."""

from __future__ import annotations

from typing import Any

import pytest
from bare_page import CHROMIUM, emit, open_page
from fake_run import FakeWatch

from flexiflow.widgets.packing import pack

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # playwright's own pipes
]

PIXELS = """(where) => {
  const c = document.querySelector(where), seen = new Map();
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 250) {
    const k = (d[i] << 16) | (d[i + 1] << 8) | d[i + 2];
    seen.set(k, (seen.get(k) || 0) + 1);
  }
  return [...seen].sort((a, b) => b[1] - a[1]).map((p) => p[0]);
}"""


class Desk:
    """A page, the run it shows, and the messages between them."""

    def __init__(self, page: Any, watch: FakeWatch) -> None:
        self.page, self.watch, self.mark, self.seq = page, watch, None, 0

    def snapshot(self, buffers: bool = True) -> None:
        everything, self.mark = self.watch.begin()
        emit(self.page, *pack({"kind": "snapshot", "seq": self.seq, **everything}, buffers))
        self.drawn()

    def tick(self, jobs: int = 0) -> None:
        if jobs:
            self.watch.advance(jobs)
        fresh, self.mark = self.watch.changes(self.mark)
        self.seq += 1
        emit(self.page, *pack({"kind": "tick", "seq": self.seq, **fresh}))
        self.drawn()

    def say(self, **message: Any) -> None:
        emit(self.page, *pack(message))
        self.drawn()

    def drawn(self) -> None:
        self.page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")

    def asked(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.page.evaluate("sent") if m["kind"] == kind]

    def text(self, where: str) -> str:
        return str(self.page.locator(where).first.inner_text())

    def wait(self, true: str) -> None:
        self.page.wait_for_function(true, timeout=10_000)


def desk_at(browser: Any, jobs: int = 120, **options: Any) -> Desk:
    watch = FakeWatch()
    watch.advance(jobs)
    made = Desk(open_page(browser, **options), watch)
    made.snapshot()
    return made


def pixels(desk: Desk, where: str) -> list[int]:
    """The colours of a canvas, the most frequent first."""
    found: list[int] = desk.page.evaluate(PIXELS, where)
    return found
