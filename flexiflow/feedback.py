"""Labels and scores that come after a job has ended."""

from __future__ import annotations

import json
import math
import numbers
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from flexiflow.candidates.base import Raw
from flexiflow.checks import REJECTED, View, awaited, reward_of, terms_of
from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.records import Feedback, Outcome, Terms
from flexiflow.stores.base import Store
from flexiflow.versions import Version


class Values(NamedTuple):
    """The values of one job that labels will need."""

    output: Mapping[str, Any]
    rejected: Mapping[int, Mapping[str, Any]]  #: those that failed a check, by step


_NONE = Values({}, {})


class Recent:
    """The values of the latest jobs that wait for labels: bounded, in this process only."""

    MOST = 1_000  # jobs

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._values: OrderedDict[str, Values] = OrderedDict()

    def keep(self, outcome: Outcome) -> None:
        """Keep those of an outcome's values that a waiting term will read."""
        names = awaited(self._graph, outcome.values)
        if names:
            mine = {n: outcome.values[n] for n in names}
            self._values[outcome.job_id] = Values(mine, outcome.rejected)
            if len(self._values) > self.MOST:
                self._values.popitem(last=False)

    def values_of(self, job_id: str) -> Values:
        """The values of a job, if they are still here."""
        return self._values.get(job_id, _NONE)


def late_feedback(
    graph: Graph,
    store: Store,
    job_id: str,
    labels: Mapping[str, Any],
    score: float | None,
    values: Values = _NONE,
) -> Feedback:
    """Compute the terms that waited for labels; the record to be appended.

    Parameters
    ----------
    values
        The values of the job's names if this process still has them; else those that were
        kept as JSON with the job are used.

    Raises
    ------
    BadInput
        If the job or a label is unknown, or a value that a term reads was not kept.
    """
    jobs = store.read("jobs", workflow=graph.name, job_id=job_id)
    if jobs.is_empty():
        raise BadInput(f"The log of {graph.name!r} has no job {job_id!r} to give feedback on.")
    labels = {name: label for name, label in labels.items() if label is not None}
    late = [i.name for i in graph.inputs if i.late]
    if "score" in late and score is not None:
        labels, score = {**labels, "score": score}, None
    unknown = [name for name in labels if name not in late]
    if unknown:
        raise BadInput(
            f"{graph.name} waits for no label {unknown[0]!r}. Inputs that default to None can "
            f"come late: {', '.join(late) or 'there are none'}."
        )
    if not labels and score is None:
        raise BadInput(f"Give a label ({', '.join(late) or 'none is waited for'}) or score=...")
    job = jobs.row(-1, named=True)
    terms, told = json.loads(job["terms"]), dict[str, Any]()
    rejected: dict[str, Terms] = {}
    for earlier in store.read("feedback", workflow=graph.name, job_id=job_id).rows(named=True):
        terms.update(json.loads(earlier["terms"]))
        told.update(json.loads(earlier["labels"]))
        rejected.update(json.loads(earlier["rejected"] or "{}"))
    told.update(labels)
    if labels:
        kept = json.loads(job["kept"] or "{}")
        failed = {**kept.pop(REJECTED, {})}
        given = {name: label for name, label in told.items() if name in late}
        nothing = dict.fromkeys(late)
        fresh = _terms(graph, {**nothing, **kept, **values.output, **given}, job)
        terms.update({name: term for name, term in fresh.items() if term is not None})
        for step, seen in values.rejected.items():
            failed[str(step)] = {**failed.get(str(step), {}), **seen}
        if failed:
            _tell_rejected(rejected, graph, failed, {**nothing, **given}, _noted(store, job))
    if score is not None:
        told["score"] = _score(score)
    reward = told["score"] if "score" in told and "score" not in late else reward_of(graph, terms)
    return Feedback(job_id, time.time(), told, terms, reward, rejected or None)


def _terms(
    graph: Graph, known: Mapping[str, Any], job: Mapping[str, Any]
) -> dict[str, float | None]:
    """The terms that read labels which are known now; the others are known since the job."""
    told = {i.name for i in graph.inputs if i.late and known.get(i.name) is not None}
    wanted = tuple(o for o in graph.objectives if o.expression.names & told)
    for objective in wanted:
        missing = sorted(objective.expression.names - known.keys())
        if missing:
            raise BadInput(
                f"The term `{objective.text}` also reads {missing[0]!r}, whose value was not "
                f"kept with job {job['job_id']}: only values that are JSON are. Compute the "
                "score yourself and give feedback(job_id, score=...)."
            )
    view = _view(graph, known)
    view.runtime, view.cost = job["seconds"], job["cost"]
    terms, wrong = terms_of(replace(graph, objectives=wanted), view, known)
    if wrong is not None:
        raise BadInput(f"The label could not be used: {wrong}. Nothing was recorded.")
    return terms


def _tell_rejected(
    rejected: dict[str, Terms],
    graph: Graph,
    failed: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, Any],
    noted: Mapping[str, Terms],
) -> None:
    """Add the terms of the values that failed a check, by step, as far as they can be computed.

    ``noted`` are those that waited for nothing: what they read was not kept.
    """
    for step, seen in failed.items():
        known = {**seen, **given}
        terms, _ = terms_of(graph, _view(graph, known), known)
        before = {**noted.get(step, {}), **rejected.get(step, {})}
        rejected[step] = {
            o.text: before.get(o.text) if terms[o.text] is None else terms[o.text]
            for o in graph.objectives
            if o.word is None
        }


def _noted(store: Store, job: Mapping[str, Any]) -> dict[str, Terms]:
    """The terms of values that failed a check, by step, as they were known at that time."""
    rows = store.read("verdicts", workflow=job["workflow"], job_id=job["job_id"])
    told = rows.filter(rows["terms"].is_not_null())
    return {str(row["step"]): json.loads(row["terms"]) for row in told.iter_rows(named=True)}


def _view(graph: Graph, known: Mapping[str, Any]) -> View:
    view = View(graph, known, graph.thresholds)
    for number, node in enumerate(graph.nodes):
        parts = [known[t] for t in node.targets if t in known]
        if len(parts) == len(node.targets):
            value = parts[0] if len(parts) == 1 else tuple(parts)
            sure, more = (known.get(f"{node.targets[0]} {w}") for w in ("confidence", "extras"))
            view.made[number] = Version(number, Raw("pass", value, sure, more))
    return view


def _score(score: Any) -> float:
    number = isinstance(score, numbers.Real) and not isinstance(score, bool)
    if not number or not math.isfinite(score):
        raise BadInput(f"score must be a finite number. Got {score!r}.")
    return float(score)
