"""From the end of a job to its records: output, objective terms, and what to keep."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from flexiflow.checks import REJECTED, View, blame_user, reward_of, terms_of, waiting
from flexiflow.course import Course
from flexiflow.encode import to_json
from flexiflow.graph import Graph
from flexiflow.present import Present, Ticket
from flexiflow.records import Job, Outcome, Status
from flexiflow.versions import own


def close(course: Course, ticket: Ticket, started: float) -> Outcome:
    """Run a job to its end and make its records."""
    status, error = course.run()
    job = course.job
    graph, view, ledger = job.graph, job.view, job.ledger
    view.runtime, view.cost = ledger.seconds, ledger.cost
    output, values = own(_output(job, status)), view.values()
    terms, wrong = terms_of(graph, view, values)
    text, kind = to_json(output) if job.configuration is not None else (None, None)
    record = Job(
        job_id=ticket.job_id,
        workflow=graph.name,
        definition=graph.digest,
        run=ticket.run,
        number=ticket.number,
        started=started,
        finished=time.time(),
        status=status,
        passed=status == "passed",
        context=dict(job.state.context),
        terms=terms,
        reward=reward_of(graph, terms),
        seconds=ledger.seconds,
        cost=ledger.cost,
        attempts=ledger.runs,
        switches=ledger.switches,
        rollbacks=ledger.rollbacks,
        configuration=graph.describe(job.configuration) if job.configuration else {},
        output=text,
        output_kind=kind,
        kept=_kept(graph, view, values, ledger.rejected),
        error=error if wrong is None else (f"{error}; {wrong}" if error else wrong),
        teaches=status != "invalid",
    )
    return Outcome(
        record,
        ledger.attempts(ticket.job_id, job.world.explain(ledger.decisions)),
        ledger.verdicts(ticket.job_id),
        output,
        values,
        ledger.rejected,
    )


def _output(job: Present, status: Status) -> Any:
    """What the job returns: of the accepted configuration, or of the best one."""
    graph, view = job.graph, job.view
    expression = graph.output
    if expression is None:
        last = len(graph.nodes) - 1
        return view.made[last].value if last in view.made else None
    if not view.has(expression):
        return None
    try:
        return view.evaluate(expression)
    except Exception as error:
        if status == "passed":
            raise blame_user(error, "return", expression.text, expression.line) from None
        return None


def _kept(
    graph: Graph, view: View, values: dict[str, Any], rejected: Mapping[int, Mapping[str, Any]]
) -> str | None:
    """What waiting terms will read, of the output and of what was rejected, where it is JSON."""
    kept = _plain(waiting(graph, view, values))
    if rejected:
        kept[REJECTED] = {str(step): _plain(known) for step, known in rejected.items()}
    return json.dumps(kept) if kept else None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    written = {name: to_json(value) for name, value in values.items()}
    return {name: json.loads(text) for name, (text, kind) in written.items() if kind == "json"}
