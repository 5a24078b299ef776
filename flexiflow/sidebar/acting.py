"""What a side panel may ask for: a short list of actions, by name, on a notebook's variables."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.run import Run
from flexiflow.sidebar.cells import Cells
from flexiflow.sidebar.tutorials import copy_tutorials

LONGEST = 8000  # letters of an account
STEERING = ("pause", "resume", "step", "stop")
ACTIONS = ("run", *STEERING, "explain", "copy")

Data = dict[str, Any]


class Actions:
    """Carries out what pages ask; one thread at a time.

    Parameters
    ----------
    cells
        The notebook's variables.

    Attributes
    ----------
    chosen
        For each workflow that was run from a page, the variable that held its jobs.
    """

    def __init__(self, cells: Cells) -> None:
        self.chosen: dict[str, str] = {}
        self._cells = cells

    def do(self, content: Data) -> Data | None:
        """Carry out one message; what is to be answered, if anything.

        Parameters
        ----------
        content
            ``kind``: "action"; ``action``: run, pause, resume, step, stop, explain or copy (of
            the tutorials); ``workflow``: a variable, not for copy; for run ``jobs``: a variable,
            or none for that of the last run from a page.

        Raises
        ------
        BadInput
            If it cannot be done; the text is for the user.
        """
        asked = content.get("action")
        if content["kind"] != "action" or asked not in ACTIONS:
            raise BadInput(_unknown("The side panel cannot ask for", asked, ACTIONS))
        if asked == "copy":
            return {"kind": "copied", **copy_tutorials(Path.cwd())._asdict()}
        variable = content.get("workflow")
        workflow = self._cells.space.get(variable) if isinstance(variable, str) else None
        if not isinstance(workflow, Workflow):
            known = list(self._cells.workflows())
            raise BadInput(_unknown("The notebook has no workflow", variable, known))
        if asked == "run":
            self._run(str(variable), workflow, content.get("jobs"))
            return None
        if asked == "explain":
            text = repr(workflow.explain())
            return {"kind": "account", "workflow": variable, "text": text[:LONGEST]}
        _run_of(workflow).steer(asked, {"jobs": 1})
        return None

    def _run(self, variable: str, workflow: Workflow, jobs: Any) -> None:
        """Run a workflow over the jobs in a variable, in the background."""
        name = self.chosen.get(variable) if jobs is None else jobs
        if not isinstance(name, str):
            raise BadInput("Choose a variable that holds the jobs: a frame or a list.")
        if name.startswith("_") or name not in self._cells.space:
            raise BadInput(f"The notebook has no variable {name!r}. Run the cell that makes it.")
        last = workflow.last_run
        if last is not None and last.state not in ("done", "failed"):
            raise BadInput(f"{variable} has a run under way. Stop it first, or let it end.")
        run = workflow.run(self._cells.space[name], wait=False, progress=False)
        self._cells.space[f"{workflow.name}_run"] = run
        self.chosen[variable] = name


def _run_of(workflow: Workflow) -> Run:
    if workflow.last_run is None:
        raise BadInput(f"{workflow.name} has had no run here yet. Begin one with Run.")
    return workflow.last_run


def _unknown(what: str, name: object, known: Any) -> str:
    near = difflib.get_close_matches(str(name), list(known), n=1)
    there = f"There are: {', '.join(known)}." if known else "There are none."
    return f"{what} {str(name)[:80]!r}. {f'Did you mean {near[0]!r}?' if near else there}"
