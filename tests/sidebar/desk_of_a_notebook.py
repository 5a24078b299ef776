"""A notebook without a kernel: variables, cells that run, and pages that listen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flexiflow import MemoryStore, Workflow
from flexiflow.language import read
from flexiflow.sidebar.cells import Cells
from flexiflow.sidebar.telling import Telling

TEXT = """\
{name}(x)
text = (quick | thorough)(x)
assert text is not None, "nothing was read"
"""


def quick(x: int) -> int | None:
    return x if x % 3 else None


def thorough(x: int) -> int:
    return x


def made(name: str = "reading", **options: Any) -> Workflow:
    """A workflow of two candidates, one of which is always right."""
    graph = read(TEXT.format(name=name), {"quick": quick, "thorough": thorough})
    return Workflow(graph, store=MemoryStore(), **options)


class Desk:
    """A notebook with its variables; what was sent to its pages."""

    def __init__(self, beat: float = 0.02) -> None:
        self.space: dict[str, Any] = {"In": ["not jobs"]}
        self.sent: list[dict[str, Any]] = []
        self.cells = Cells(self.space)
        self._news = threading.Condition()
        self.telling = Telling(self._hear, self.cells, hidden={"In": None}, beat=beat)

    def _hear(self, content: dict[str, Any]) -> None:
        with self._news:
            self.sent.append(content)
            self._news.notify_all()

    def cell(self, work: Callable[[], Any], cell_id: str | None = None, number: int = 1) -> None:
        """Run a cell as IPython would."""
        info = SimpleNamespace(cell_id=cell_id)
        self.cells.begins(info)
        self.telling.nudge()
        work()
        self.cells.ends(SimpleNamespace(info=info, execution_count=number))
        self.telling.nudge()

    def define(self, name: str = "reading", **where: Any) -> Workflow:
        """Run a cell that defines a workflow."""
        self.cell(lambda: self.space.update({name: made(name)}), **where)
        workflow: Workflow = self.space[name]
        return workflow

    def asks(self, kind: str, **rest: Any) -> None:
        """Say something as a page would."""
        self.telling.receive({"kind": kind, **rest})

    def until(self, met: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Wait until something holds of what was sent; what it gave."""
        with self._news:
            assert self._news.wait_for(met, seconds), self.sent[-2:]
            return met()

    def known(self) -> dict[str, Any]:
        """What a page knows that has heard everything."""
        flows: dict[str, Any] = {}
        for it in [m for m in self.sent if m["kind"] == "state"]:
            flows.update(it["workflows"])
            flows = {name: flows[name] for name in it["order"]}
        return flows

    def answers(self, kind: str) -> list[dict[str, Any]]:
        """What was sent of a kind."""
        return [m for m in self.sent if m["kind"] == kind]
