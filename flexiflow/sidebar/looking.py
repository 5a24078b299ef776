"""The notebook's workflows as plain, short data for the side panel.

For each: its nodes with their candidates in their present order, what is believed of them, the
run begun last, and what is to be told to the user. The numbers are those of the dashboard's
panels. They have three digits, so that what does not matter is not sent.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from flexiflow.flow import Workflow
from flexiflow.graph import Graph
from flexiflow.panels.beliefs import Beliefs, read
from flexiflow.panels.places import Places
from flexiflow.panels.tally import Tally
from flexiflow.run import Run
from flexiflow.runner import lock_of
from flexiflow.sidebar.cells import Cells, variables
from flexiflow.widgets.wording import printable, shorten

OVER = frozenset({"done", "failed"})
MOST_WORKFLOWS, MOST_NODES, MOST_CANDIDATES, MOST_VARIABLES, MOST_NOTICES = 20, 30, 12, 20, 5
ROOM, LINE = 60, 240  # letters of a name, and of a sentence

Data = dict[str, Any]

_log = logging.getLogger(__name__)


class Looking:
    """Looks at a notebook's workflows; one thread at a time.

    Parameters
    ----------
    cells
        The notebook's variables and cells.
    hidden
        Variables that are not the user's.

    Attributes
    ----------
    under_way
        Whether, at the latest look, a run was not over.
    """

    def __init__(self, cells: Cells, hidden: Mapping[str, Any]) -> None:
        self.under_way = False
        self._cells, self._hidden = cells, hidden
        self._idle: WeakKeyDictionary[Workflow, tuple[str | None, Beliefs]] = WeakKeyDictionary()

    def workflows(self, chosen: Mapping[str, str]) -> dict[str, Data]:
        """Everything there is to see now, by variable.

        Parameters
        ----------
        chosen
            For each workflow that was run from a page, the variable that held its jobs.

        Returns
        -------
        For each workflow ``name``, ``cell`` (``id``, ``number``), ``nodes``, ``run``, ``best``,
        ``notices``, ``jobs`` (variables that may be run over) and ``chosen``.
        """
        found = list(self._cells.workflows().items())[-MOST_WORKFLOWS:]
        self.under_way = any(
            w.last_run is not None and w.last_run.state not in OVER for _, w in found
        )
        offered = variables(self._cells.space, self._hidden)
        told = {}
        for variable, workflow in found:
            told[variable] = {
                "name": short(workflow.name),
                "cell": self._cells.cell_of(workflow)._asdict(),
                **self._seen_if_it_can_be(workflow),
                "jobs": jobs_among(offered, workflow.graph),
                "chosen": chosen.get(variable),
            }
        return told

    def _seen_if_it_can_be(self, workflow: Workflow) -> Data:
        """What there is to see of a workflow; one that cannot be shown hides no other."""
        try:
            return self._seen(workflow)
        except Exception as error:
            _log.info("The side panel cannot show %s", workflow.name, exc_info=True)
            said = shorten(printable(f"Cannot be shown: {error}"), LINE).shown
            return {"nodes": [], "run": None, "best": None, "notices": [said]}

    def _seen(self, workflow: Workflow) -> Data:
        run = workflow.last_run
        if run is None:
            beliefs = self._believed(workflow)
            steered = workflow.steering.snapshot()
            by_node = beliefs.steered(steered["pins"], steered["bans"])
            seen = [by_node.node(v) for v in range(len(workflow.graph.nodes))]
            return {
                "nodes": _nodes(workflow.graph, seen, steered),
                "run": None,
                "best": None,
                "notices": [],
            }
        told = run.watch.snapshot()
        return {
            "nodes": _nodes(run.watch.graph, told["beliefs"], told["steering"]),
            "run": _run(run, told),
            "best": _best(told["gains"]["single"]),
            "notices": [shorten(printable(it), LINE).shown for it in told["notices"]][
                :MOST_NOTICES
            ],
        }

    def _believed(self, workflow: Workflow) -> Beliefs:
        """What is believed of a workflow that had no run here; read anew after each job."""
        at = None if workflow.last is None else workflow.last.job_id
        known = self._idle.get(workflow)
        if known is None or known[0] != at:
            places = Places(workflow.graph)
            sampler = workflow.sampler
            beliefs = read(sampler, places, Tally(places).counts, lock=lock_of(sampler))
            self._idle[workflow] = known = at, beliefs
        return known[1]


def _nodes(graph: Graph, beliefs: Sequence[Data], steered: Data) -> list[Data]:
    """The nodes with their candidates in order; of many, the first."""
    told = []
    for node, known in list(zip(graph.nodes, beliefs, strict=True))[:MOST_NODES]:
        order = [int(k) for k in known["order"]]
        told.append(
            {
                "name": short(node.name),
                "candidates": [
                    {
                        "name": short(node.candidates[k].name),
                        "pass": brief(known["pass"][k]),
                        "seconds": brief(known["seconds"][k]),
                        "tag": _tag(node.name, node.candidates[k].name, steered),
                    }
                    for k in order[:MOST_CANDIDATES]
                ],
                "more": max(len(order) - MOST_CANDIDATES, 0),
            }
        )
    return told


def _tag(node: str, candidate: str, steered: Data) -> str:
    if steered.get("pins", {}).get(node) == candidate:
        return "pinned"
    return "banned" if candidate in steered.get("bans", {}).get(node, ()) else ""


def _run(run: Run, told: Data) -> Data:
    """Where a run stands, and the job under way."""
    facts = told["run"]
    done = facts["done"]
    now = told["now"][0] if told["now"] and facts["state"] not in OVER else None
    return {
        "id": run.run_id,
        "state": facts["state"],
        "done": done,
        "total": facts["total"],
        "passed": digits(facts["passed"] / done) if done else None,
        "seconds": digits(facts["seconds"] / done) if done else None,
        "error": facts["error"] and shorten(printable(facts["error"]), LINE).shown,
        "job": None if now is None else _job(run.watch.graph, now),
    }


def _job(graph: Graph, now: Data) -> Data:
    """The job under way: the candidates it has been given, and the node at hand."""
    chosen = [
        n.candidates[k].name for n, k in zip(graph.nodes, now["choice"], strict=False) if k >= 0
    ]
    at = now["node"]
    return {
        "id": short(now["job"]),
        "path": shorten(printable(" > ".join(chosen)), LINE).shown,
        "node": None if at is None else short(graph.nodes[at].name),
    }


def _best(single: Data | None) -> Data | None:
    if single is None:
        return None
    return {
        "configuration": shorten(printable(single["configuration"]), LINE).shown,
        "passed": brief(single["passed"]),
        "seconds": brief(single["seconds"]),
    }


def short(name: str) -> str:
    """A name as it is shown: printable, on one line, not too long."""
    return shorten(printable(str(name)), ROOM, tail=12).shown


def digits(number: float) -> float | None:
    """A number with three digits; None for what is none.

    Examples
    --------
    >>> digits(0.123456), digits(float("nan"))
    (0.123, None)
    """
    number = float(number)
    return float(f"{number:.3g}") if math.isfinite(number) else None


def brief(three: Iterable[float]) -> list[float] | None:
    """Mean and interval with three digits each, or None where they are not known."""
    found = [digits(x) for x in np.asarray(three, dtype=float)]
    return None if None in found else [x for x in found if x is not None]


def jobs_among(offered: Mapping[str, Any], graph: Graph) -> list[str]:
    """The variables that hold jobs of a workflow, by their first row: frames and lists."""
    needed = [i.name for i in graph.inputs if i.required]
    found: list[str] = []
    for name, value in offered.items():
        if len(found) == MOST_VARIABLES:
            break
        if _has_jobs(value, needed):
            found.append(name)
    return found


def _has_jobs(value: Any, needed: Sequence[str]) -> bool:
    kind = type(value)
    if kind.__name__ == "DataFrame" and kind.__module__.split(".")[0] in ("polars", "pandas"):
        return len(value) > 0 and set(needed) <= {str(c) for c in value.columns}
    if kind not in (list, tuple) or not value:
        return False
    first = value[0]
    if type(first) is dict:
        return set(needed) <= set(first)
    return len(needed) == 1 and not callable(first)
