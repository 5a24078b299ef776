"""``%%flexiflow``: a cell's header, its options, and the workflow it makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.flow import Workflow
from flexiflow.graph import Graph
from flexiflow.language import read
from flexiflow.magics.faults import Fault, cell_of
from flexiflow.magics.naming import Names
from flexiflow.magics.options import CELL, OF_JOBS, OF_RUNS, Option, read_options
from flexiflow.magics.words import Word, joined, split
from flexiflow.run import Run
from flexiflow.samplers import Hybrid
from flexiflow.stores import Store

Given = dict[str, tuple[Option, Word]]


def define(shell: Any, line: str, cell: str) -> Workflow | Run:
    """Define the workflow of a cell, and run it if that is asked for; what is to be shown."""
    header, found = headed(line)
    names = Names(shell)
    for name in (o.name for o in OF_RUNS):
        if name in found and "over" not in found:
            raise Fault(f"--{name} is for a run. Say what to run: --over JOBS.", found[name][1])
    lasting = {o.name for o in OF_JOBS} | {"store", "device"}
    own = names.options({n: it for n, it in found.items() if n in lasting})
    graph = _read(shell, f"{header}\n{cell}")
    old = names.space.get(graph.name)
    known = old if isinstance(old, Workflow) else None
    learner = _learner(own, known)
    made = Workflow(graph, like=known, namespace=names.space, **learner, **own)
    for notice in made.notices():
        print(notice)
    names.space[graph.name] = made
    if "over" not in found:
        return made
    rest = names.options({n: it for n, it in found.items() if n not in lasting})
    return begin(names, made, rest.pop("over"), rest, picture=not rest.get("live"))


def begin(
    names: Names, workflow: Workflow, jobs: Any, given: Mapping[str, Any], picture: bool = False
) -> Run:
    """Run a workflow and leave the run in the notebook, also when it fails."""
    from IPython.display import display

    if picture:
        display(workflow)
    before = workflow.last_run
    try:
        return workflow.run(jobs, **given)
    finally:
        if workflow.last_run is not before:
            names.space[f"{workflow.name}_run"] = workflow.last_run


def headed(line: str) -> tuple[str, Given]:
    """The header and the options of a cell's first line, which stand behind or before it.

    Raises
    ------
    Fault
        If an option is wrong, or the header is torn apart by options.
    """
    found, left = read_options(split(line), CELL)
    if not found:
        return line, found
    if not left:
        raise Fault("The header is missing. Write it first: NAME(INPUTS) --option ...")
    header = joined(line, left)
    for option, word in found.values():
        if header.start < word.start < header.end:
            raise Fault(
                f"--{option.name} stands within the header, or its value has blanks: put such a "
                "value into brackets, and all options behind the header.",
                word,
            )
    return header.text, found


def _read(shell: Any, text: str) -> Graph:
    """Read the text; its lines are those of the cell in every traceback."""
    number = cell_of(shell)[0]
    shown = shell.execution_count if number is None else number
    filename = shell.compile.cache(text, shown, raw_code=text)
    try:
        return read(text, shell.user_ns, filename=filename)
    except WorkflowSyntaxError as it:
        raise WorkflowSyntaxError(
            it.message, it.hint, it.line, it.column, it.source, f"Cell In[{shown}]"
        ) from None


def _learner(own: dict[str, Any], old: Workflow | None) -> dict[str, Any]:
    """Store and sampler of the new workflow, taken off its options; none: go on with the old."""
    store, device = own.pop("store", None), own.pop("device", None)
    if old is None:
        return {"store": store, "sampler": None if device is None else Hybrid(device=device)}
    if store is not None and _is(old.store, store):
        store = None
    hybrid = old.sampler if isinstance(old.sampler, Hybrid) else None
    if hybrid is not None and device == hybrid.device:
        device = None
    if store is None and device is None:
        return {}
    tuning = None if hybrid is None else hybrid.tuning
    where: Any = device or ("auto" if hybrid is None else hybrid.device)
    return {"store": old.store if store is None else store, "sampler": Hybrid(tuning, where)}


def _is(store: Store, place: Store | str) -> bool:
    """Whether a store is the one that is meant."""
    if not isinstance(place, str):
        return store is place
    location = str(getattr(store, "location", ""))
    return location in (place, str(Path(place).expanduser().resolve()))
