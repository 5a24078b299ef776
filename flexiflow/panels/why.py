"""The account of one job as plain data: what was offered, drawn, tried, judged and blamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flexiflow.graph import Graph
from flexiflow.records import Attempt, Outcome, Verdict

LONGEST = 300  # letters of a text that models or users made

Blame = Mapping[tuple[str, str], float]


def account(graph: Graph, outcome: Outcome, blame: Blame | None = None) -> dict[str, Any]:
    """Tell the story of one job.

    Parameters
    ----------
    graph
        Of its workflow, for the names behind fingerprints.
    outcome
        The job with its records; its values are not needed.
    blame
        (node, candidate) -> P(good enough for this job), where a sampler can tell.

    Returns
    -------
    Plain data; texts are as they came, shortened, and must be escaped by who shows them.
    ``lines`` (texts), ``order`` (node, its tried candidates in the order offered, with the
    sampled pass probability, seconds and propensity of each, and which was the ``runner_up``:
    the best offered of those that were not tried first), ``attempts``, ``verdicts``, ``blame``
    ([node, candidate, chance], the least likely to be good first), ``reused`` (memo cells:
    [node, candidate]), ``path`` (node, candidate), ``status``, ``seconds``.
    """
    job = outcome.job
    attempts = [_attempt(a) for a in outcome.attempts]
    verdicts = [_verdict(v, graph) for v in outcome.verdicts]
    blamed = [[node, name, round(p, 4)] for (node, name), p in (blame or {}).items()]
    return {
        "job": job.job_id,
        "status": job.status,
        "seconds": job.seconds,
        "lines": _lines(outcome, blamed),
        "order": _orders(outcome),
        "attempts": attempts,
        "verdicts": verdicts,
        "blame": blamed,
        "reused": [[a.node, a.candidate] for a in outcome.attempts if a.memo],
        "path": [[node, name] for node, name in job.configuration.items()],
    }


def _attempt(a: Attempt) -> dict[str, Any]:
    return {
        "node": a.node,
        "candidate": a.candidate,
        "roll": a.roll,
        "decision": a.decision,
        "kind": a.kind,
        "reason": _short(a.reason),
        "seconds": a.seconds,
        "rank": a.rank,
        "pass": a.sampled_pass,
        "expected": a.sampled_seconds,
        "propensity": a.propensity,
        "path_propensity": a.path_propensity,
        "memo": a.memo,
        "back_from": a.rolled_back_from,
    }


def _verdict(v: Verdict, graph: Graph) -> dict[str, Any]:
    names = {(n.name, c.fingerprint): c.name for n in graph.nodes for c in n.candidates}
    who = {node: names.get((node, f), f[:8]) for node, f in v.configuration.items()}
    return {
        "assertion": v.assertion,
        "configuration": who,
        "result": v.result,
        "reason": _short(v.reason),
        "step": v.step,
        "memo": v.memo,
    }


def _orders(outcome: Outcome) -> list[dict[str, Any]]:
    """Per node what was tried there, by the place at which it was offered."""
    nodes: dict[str, dict[str, Attempt]] = {}
    for a in outcome.attempts:
        nodes.setdefault(a.node, {}).setdefault(a.candidate, a)
    found = []
    for node, tried in nodes.items():
        offered = sorted(tried.values(), key=lambda a: (a.rank is None, a.rank, a.step))
        first = min(tried.values(), key=lambda a: a.step).candidate
        others = [a.candidate for a in offered if a.candidate != first]
        rows = [
            [a.candidate, a.rank, a.sampled_pass, a.sampled_seconds, a.propensity] for a in offered
        ]
        runner_up = others[0] if others else None
        found.append({"node": node, "offered": rows, "first": first, "runner_up": runner_up})
    return found


def _lines(outcome: Outcome, blamed: list[list[Any]]) -> list[str]:
    job = outcome.job
    head = (
        f"{job.status} after {_many(job.attempts, 'attempt', 'attempts')}, "
        f"{_many(job.switches, 'switch', 'switches')}, "
        f"{_many(job.rollbacks, 'rollback', 'rollbacks')}, {seconds_text(job.seconds)}"
    )
    lines = [head]
    for a in outcome.attempts:
        if a.rolled_back_from:
            lines.append(f"back from {a.rolled_back_from} to {a.node}")
        lines.append(_line(a))
    if job.error and not job.passed:
        lines.append(f"ended: {_short(job.error)}")
    if blamed:
        told = ", ".join(f"{node}={name} {good:.0%}" for node, name, good in blamed)
        lines.append(f"good enough for this job: {told}")
    if job.configuration:
        kind = "accepted" if job.passed else "best so far"
        lines.append(f"{kind}: " + " > ".join(f"{n}={c}" for n, c in job.configuration.items()))
    return lines


def _line(a: Attempt) -> str:
    name = a.candidate + (f" (re-roll {a.roll})" if a.roll else "")
    text = f"{a.node}: {name} -> {a.kind}" + (f" ({_short(a.reason)})" if a.reason else "")
    text += ", from the memo" if a.memo else f", {seconds_text(a.seconds)}"
    facts = []
    if a.rank is not None:
        facts.append(f"place {a.rank + 1} in the order")
    if a.sampled_pass is not None:
        facts.append(f"drawn P(pass) {a.sampled_pass:.2f}")
    if a.sampled_seconds is not None:
        facts.append(f"expected {seconds_text(a.sampled_seconds)}")
    if a.propensity is not None:
        facts.append(f"propensity {a.propensity:.2f}")
    return text + (f" [{'; '.join(facts)}]" if facts else "")


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def seconds_text(value: float) -> str:
    """A duration in words.

    Examples
    --------
    >>> seconds_text(0.0123), seconds_text(12.3)
    ('12.3 ms', '12.30 s')
    """
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"
