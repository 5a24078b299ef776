"""The side panel in a page of JupyterLab, as its reader sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_path
from live import Live
from real_lab import Lab

SIDE = "flexiflow-side"
BUILT = any(Path(p, "flexiflow", "package.json").is_file() for p in jupyter_path("labextensions"))
WITH_EXTENSION = pytest.mark.skipif(
    not BUILT, reason="the extension is not installed: pip install . with npm, or build it"
)
MODELS = """\
import flexiflow
from flexiflow import MemoryStore

def quick(x):
    return x if x % 3 else None

def thorough(x):
    return x

jobs = [{"x": k} for k in range(30)]
"""
DEFINE = """\
@flexiflow.workflow(store=MemoryStore())
def <NAME>(x):
    text = (quick | thorough)(x)
    assert text is not None, "nothing was read"
"""


def defining(name: str) -> str:
    """The text of a cell that defines a workflow."""
    return DEFINE.replace("<NAME>", name)


class Ours(list[str]):
    """What went wrong in a page, without what is known to be JupyterLab's own."""

    KNOWN = ("removeChild", "debugger state", "debug_request")

    def append(self, error: str) -> None:
        """Take note of one, if it may be ours."""
        if not any(words in error for words in self.KNOWN):
            super().append(error)


class Side:
    """The side panel of a page."""

    def __init__(self, of: Live | Lab) -> None:
        self.lab = of if isinstance(of, Lab) else of.lab
        self.page = self.lab.page
        self.root = self.page.locator(f"#{SIDE}")

    def show(self) -> Side:
        """Open the panel."""
        self.command("flexiflow:show")
        self.root.wait_for()
        return self

    def command(self, name: str, **arguments: Any) -> None:
        """Execute a command, as the palette would."""
        self.page.evaluate(
            "async ([name, args]) => { await jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def flow(self, name: str) -> Any:
        """The part of a workflow."""
        return self.root.locator(f"[data-flow={json.dumps(name)}]")

    def run(self, *cells: int) -> Side:
        """Run cells of the notebook, one after the other."""
        for cell in cells:
            self.lab.run(cell)
            self.lab.has_run(cell)
        return self

    def press(self, name: str, act: str) -> None:
        """Click a button of a workflow."""
        self.flow(name).locator(f"[data-act={act}]").click()

    def becomes(self, name: str, state: str) -> None:
        """Wait until the run of a workflow is said to be in a state."""
        self.flow(name).locator(".ff-side-chip").get_by_text(state, exact=True).wait_for()

    def says(self, text: str) -> None:
        """Wait until the panel says something."""
        self.root.get_by_text(text).first.wait_for()

    def lets_lab_be(self) -> Side:
        """Forgive what Lab's own code writes where themes or kernels follow one another fast."""
        self.lab.errors = Ours(self.lab.errors)
        return self

    def order(self, name: str) -> list[str]:
        """The candidates at the first node, in the order shown."""
        shown = self.flow(name).locator(".ff-side-node").first.locator(".ff-side-name")
        return [str(it) for it in shown.all_inner_texts()]
