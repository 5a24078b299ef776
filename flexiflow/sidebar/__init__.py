"""What JupyterLab's side panel is told of a notebook's workflows, and what it may ask for.

One comm of a fixed name waits in the kernel; it says nothing until a page asks. The page is sent
plain data: names, numbers, notices. What it may ask for is a short list of actions, by name, on
workflows and variables of the notebook; it can have no code run. All of it is optional: without
JupyterLab's extension nobody asks, and nothing is done.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from flexiflow.sidebar.cells import Cells
from flexiflow.sidebar.telling import Telling
from flexiflow.widgets.hearing import answer_where_asked

COMM = "flexiflow-sidebar"
"""Name and id of the comm: a page finds it by its name and speaks to it by its id."""


def attach(shell: Any = None) -> Telling | None:
    """Let pages ask about the workflows of a kernel's notebook.

    Parameters
    ----------
    shell
        The kernel's IPython shell; by default the one that runs.

    Returns
    -------
    What speaks to the pages; None outside a kernel, and where it was attached before.
    """
    shell = _running_shell() if shell is None else shell
    if getattr(shell, "kernel", None) is None:
        return None
    from comm import create_comm, get_comm_manager

    known = get_comm_manager()
    if COMM in getattr(known, "comms", {COMM: None}):
        return None
    line = create_comm(target_name=COMM, comm_id=COMM, primary=False)
    answer_where_asked(line)
    cells = Cells(shell.user_ns)
    telling = Telling(line.send, cells, hidden=getattr(shell, "user_ns_hidden", {}))
    line.on_msg(lambda message: telling.receive(message.get("content", {}).get("data")))
    shell.events.register("pre_run_cell", cells.begins)
    shell.events.register("post_run_cell", cells.ends)
    shell.events.register("pre_run_cell", lambda info: telling.nudge())
    shell.events.register("post_run_cell", lambda result: telling.nudge())
    known.register_comm(line)
    return telling


def attach_if_in_kernel() -> None:
    """Attach where this is a kernel; nothing that goes wrong here may break an import."""
    if "ipykernel" in sys.modules:
        with contextlib.suppress(Exception):
            attach()


def _running_shell() -> Any:
    """The IPython shell of this process, if there is one; IPython is not loaded for it."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
