"""Which workflows a notebook has under which names, and the cells that defined them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from flexiflow.flow import Workflow


class Cell(NamedTuple):
    """A cell of a notebook.

    Attributes
    ----------
    id
        The notebook's id of the cell, where its page sends that.
    number
        Its execution count, once it has run.
    """

    id: str | None
    number: int | None


class Cells:
    """Looks at a notebook's variables before and after its cells run.

    A workflow belongs to the cell in which it was first seen, however it was made: by the
    magic, by the decorator, or imported.

    Parameters
    ----------
    space
        The notebook's variables.

    Attributes
    ----------
    busy
        Whether a cell runs.
    """

    def __init__(self, space: dict[str, Any]) -> None:
        self.space, self.busy = space, False
        self._at: Cell | None = None
        self._of: WeakKeyDictionary[Workflow, Cell] = WeakKeyDictionary()

    def begins(self, info: Any) -> None:
        """Take note of the cell that begins; called by IPython."""
        self._settle(Cell(None, None))  # made by no cell that was seen
        self.busy, self._at = True, Cell(getattr(info, "cell_id", None), None)

    def ends(self, result: Any) -> None:
        """Take note of what the cell that ends has defined; called by IPython."""
        info = getattr(result, "info", None)
        now = Cell(getattr(info, "cell_id", None), getattr(result, "execution_count", None))
        self._settle(now)
        self.busy, self._at = False, None

    def workflows(self) -> dict[str, Workflow]:
        """The notebook's workflows by variable; one that has two names, by its own or the first."""
        from flexiflow.flow import Workflow

        found: dict[int, tuple[str, Workflow]] = {}
        for name, it in list(self.space.items()):
            # Not isinstance: an object may do anything when it is asked for its class.
            if issubclass(type(it), Workflow) and not name.startswith("_"):
                before = found.get(id(it))
                if before is None or name == it.name:
                    found[id(it)] = name, it
        return dict(found.values())

    def cell_of(self, workflow: Workflow) -> Cell:
        """The cell that made a workflow; that at hand if it was not there before."""
        return self._of.get(workflow) or self._at or Cell(None, None)

    def _settle(self, cell: Cell) -> None:
        for workflow in self.workflows().values():
            self._of.setdefault(workflow, cell)


def variables(space: Mapping[str, Any], hidden: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook's own variables, those of the shell left out; the latest first."""
    own = [(n, it) for n, it in list(space.items()) if not n.startswith("_") and n not in hidden]
    return dict(reversed(own))
