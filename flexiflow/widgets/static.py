"""What a notebook keeps of a run: a still page with pictures and tables, and a few lines of text.

It needs neither kernel nor script and is made from the same snapshot as the live view. Every
text is escaped; colours are attributes, so that a viewer that drops style sheets shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flexiflow.graph import Graph
from flexiflow.widgets import picture
from flexiflow.widgets.still import decisions, densities, gains, share
from flexiflow.widgets.wording import printable, shorten

ROWS = 12  # latest jobs

clean = picture.clean


def text(snapshot: Mapping[str, Any]) -> str:
    """Write a run in a few lines.

    Examples
    --------
    >>> print(text({"run": {"workflow": "cards", "state": "done", "done": 4, "passed": 3}}))
    cards: done, 4 jobs, 75 % passed
    """
    run = snapshot.get("run", {})
    done = run.get("done") or 0
    facts = [str(run.get("state") or "waiting"), _of(done, run.get("total"))]
    if done:
        facts.append(f"{share(run.get('passed', 0) / done)} passed")
        if run.get("seconds") is not None:
            facts.append(f"{run['seconds'] / done:.3g} s a job")
    lines = [f"{run.get('workflow', 'run')}: {', '.join(facts)}"]
    if run.get("error"):
        lines.append(f"stopped by an error: {run['error']}")
    lines += [str(notice) for notice in snapshot.get("notices", ())]
    return printable("\n".join(lines))


def html(snapshot: Mapping[str, Any], graph: Graph | None = None) -> str:
    """Draw a run as a still page.

    Parameters
    ----------
    snapshot
        As a :class:`~flexiflow.widgets.publisher.Watch` gives it.
    graph
        The workflow, for its picture with the present order; without it a table stands alone.

    Returns
    -------
    str
        One ``<div>`` with inline SVG and tables, without script.
    """
    nodes = snapshot.get("graph", {}).get("nodes", [])
    beliefs = _by_node(snapshot.get("beliefs"), nodes)
    said = text(snapshot).splitlines()
    parts = [f"<p><strong>{clean(said[0])}</strong></p>"]
    parts += [f"<p>{clean(line)}</p>" for line in said[1:]]
    if graph is not None:
        parts.append(picture.svg(graph, order=_order(nodes, beliefs), title=graph.name))
    parts.append(_table("What is believed of each candidate", *_candidates(nodes, beliefs)))
    posterior = _by_node(snapshot.get("posterior"), nodes)
    drawings = [
        ("Pass probability", densities(nodes, posterior)),
        ("Decisions", decisions(nodes, snapshot.get("columns") or {})),
        ("What it brought", gains(snapshot.get("gains") or {})),
    ]
    parts += [f"<p>{title}</p>\n{drawn}" for title, drawn in drawings if drawn]
    parts.append(_table("Latest jobs", *_jobs(snapshot.get("jobs") or [])))
    return '<div class="ff-kept">\n' + "\n".join(p for p in parts if p) + "\n</div>"


def _of(done: int, total: int | None) -> str:
    jobs = "job" if done == 1 and not total else "jobs"
    return f"{done} of {total} jobs" if total and total != done else f"{done} {jobs}"


def _by_node(told: Any, nodes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Per node, whether it was told as a list or by index."""
    if isinstance(told, Mapping):
        return [told.get(str(i), {}) for i in range(len(nodes))]
    return [*(told or []), *({} for _ in nodes)][: len(nodes)]


def _order(
    nodes: Sequence[Mapping[str, Any]], beliefs: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    return {
        node["name"]: [node["candidates"][int(c)] for c in b["order"]]
        for node, b in zip(nodes, beliefs, strict=True)
        if b.get("order") is not None
    }


def _candidates(
    nodes: Sequence[Mapping[str, Any]], beliefs: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[list[str]]]:
    rows = []
    for node, b in zip(nodes, beliefs, strict=True):
        order = [int(c) for c in b.get("order", ())]
        for c, name in enumerate(node["candidates"]):
            passes = b["pass"][c] if "pass" in b else (None, None, None)
            seconds = b["seconds"][c][0] if "seconds" in b else None
            interval = f"{share(passes[1])} – {share(passes[2])}"
            place = str(order.index(c) + 1) if c in order else "–"
            rows.append([node["name"], place, name, share(passes[0]), interval, _seconds(seconds)])
    return ["node", "order", "candidate", "passes", "80 % interval", "seconds"], rows


def _jobs(jobs: Iterable[Sequence[Any]]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for job, _, status, path, seconds, attempts, switches, back, worth, reason in list(jobs)[:ROWS]:
        said = status if status == "passed" or not reason else f"{status}: {reason}"
        value = "–" if worth is None else f"{worth:.3g}"
        numbers = [_seconds(seconds), str(attempts), str(switches), str(back), value]
        rows.append([str(job), said, path, *numbers])
    return ["job", "status", "path", "seconds", "attempts", "switches", "rollbacks", "worth"], rows


def _seconds(value: Any) -> str:
    return "–" if value is None or value != value else f"{float(value):.3g}"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col" align="left">{clean(h)}</th>' for h in heads)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>\n" for row in rows)
    return (
        f'<table><caption align="top">{clean(title)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"
    )


def _cell(value: str) -> str:
    return f'<td align="left"><bdi>{clean(shorten(value, 90).shown)}</bdi></td>'
