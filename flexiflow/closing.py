"""From the end of a job to its records: output, objective terms, and what to keep."""

from __future__ import annotations

import json
import time
from typing import Any

from flexiflow.checks import View, awaited, blame_user, reward_of, terms_of
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
        kept=_kept(graph, view, values),
        error=error if wrong is None else (f"{error}; {wrong}" if error else wrong),
        teaches=status != "invalid",
    )
    return Outcome(
        record,
        ledger.attempts(ticket.job_id, job.world.explain(ledger.decisions)),
        ledger.verdicts(ticket.job_id),
        output,
        values,
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


def _kept(graph: Graph, view: View, values: dict[str, Any]) -> str | None:
    """What waiting terms will read, confidence and extras too, as far as it is JSON."""
    kept = {}
    for name in sorted(awaited(graph, values)):
        made = view.made.get(graph.maker[name]) if name in graph.maker else None
        more = {"": values[name]}
        if made is not None:
            more |= {" confidence": made.confidence, " extras": made.extras or None}
        for what, value in more.items():
            text, kind = to_json(value)
            if kind == "json" and (value is not None or not what):
                kept[name + what] = json.loads(text)
    return json.dumps(kept) if kept else None
