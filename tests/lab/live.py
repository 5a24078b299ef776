"""A live run in a notebook, as its reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from real_lab import CHROMIUM, Lab

IN_A_LAB = [
    pytest.mark.lab,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # playwright's own pipes
]

DEFINE = """\
import time

import flexiflow
from flexiflow import MemoryStore, minimize, runtime

def quick(x):
    time.sleep(0.015)
    return x if x % 3 else None

def usual(x):
    time.sleep(0.02)
    return x if x % 5 else None

def thorough(x):
    time.sleep(0.03)
    return x

@flexiflow.workflow(store=MemoryStore())
def reading(x):
    text = (quick | usual | thorough)(x)
    assert text is not None, "nothing was read"
    minimize(runtime)
"""
BEGIN = "run = reading.run([{'x': k} for k in range(5000)], seed=1, live=True)"
CHIP = "document.querySelectorAll('.ff-dash .ff-chip')"
DONE = """(n) => {
  const dash = document.querySelectorAll('.ff-dash')[n];
  const said = dash?.querySelector('.ff-fact b')?.textContent || '';
  return said ? Number(said.split(' of ')[0].replace(/\\D/g, '')) : -1;
}"""
COLOURS = """(where) => {
  const c = document.querySelector(where), seen = new Map();
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 250) {
    const k = (d[i] << 16) | (d[i + 1] << 8) | d[i + 2];
    seen.set(k, (seen.get(k) || 0) + 1);
  }
  return [...seen.keys()];
}"""


class Live:
    """The dashboard in the page of a notebook."""

    def __init__(self, lab: Lab, view: int = 0) -> None:
        self.lab, self.page, self.view = lab, lab.page, view
        self.root = self.page.locator(".ff-dash").nth(view)

    def begin(self) -> Live:
        """Define the workflow, start a run and wait for its view."""
        self.lab.run(0)
        self.lab.has_run(0)
        self.lab.run(1)
        self.grows()
        return self

    def done(self) -> int:
        """How many jobs the page says are done, as soon as it says so."""
        self.reaches(0)
        return int(self.page.evaluate(DONE, self.view))

    def grows(self, by: int = 3) -> None:
        """Wait until the page tells of so many more jobs."""
        self.reaches(self.done() + by)

    def reaches(self, jobs: int) -> None:
        """Wait until the page tells of so many jobs."""
        self.page.wait_for_function(f"([n, jobs]) => ({DONE})(n) >= jobs", arg=[self.view, jobs])

    def becomes(self, state: str) -> None:
        """Wait until the page names a state."""
        self.page.wait_for_function(
            f"([n, state]) => {CHIP}[n]?.textContent === state", arg=[self.view, state]
        )

    def press(self, act: str) -> None:
        """Click a button."""
        self.root.locator(f"[data-act={act}]").first.click()

    def pause(self) -> int:
        """Pause the run; how many jobs are then done."""
        self.press("toggle")
        self.becomes("Paused")
        return self.done()

    def candidate(self, c: int) -> Any:
        """The row of a candidate at the first node."""
        return self.root.locator(f".ff-cand[data-n='0'][data-c='{c}']")

    def order(self) -> list[str]:
        """The candidates' places in the order at the first node."""
        return [str(t) for t in self.root.locator(".ff-card .ff-order").all_inner_texts()]

    def pin(self, c: int) -> None:
        """Pin a candidate by keyboard alone, and wait until the page says that it is."""
        self.candidate(c).focus()
        self.page.keyboard.press("Enter")
        self.page.wait_for_function("document.activeElement.textContent === 'Pin'")
        self.page.keyboard.press("Enter")
        self.root.locator(f".ff-cand[data-n='0'][data-c='{c}'][data-tag=pinned]").wait_for()

    def painted(self, wanted: set[int], where: str = ".ff-strip canvas") -> set[int]:
        """Wait until a canvas shows some colours; all that it shows."""
        self.page.wait_for_function(
            f"([where, all]) => {{ const seen = ({COLOURS})(where); "
            "return all.every((colour) => seen.includes(colour)); }",
            arg=[f".ff-dash {where}", sorted(wanted)],
        )
        return self.colours(where)

    def colours(self, where: str) -> set[int]:
        """The colours painted on a canvas."""
        return set(self.page.evaluate(COLOURS, f".ff-dash {where}"))


Opens = Callable[..., Live]
