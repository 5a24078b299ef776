"""Outcomes made by hand, try by try, and a workflow that was run with someone looking on."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import Any

from cells import cell

from flexiflow.graph import Graph
from flexiflow.panels import RunWatch
from flexiflow.records import Attempt, Job, Outcome

_numbers = itertools.count()


def course(
    graph: Graph,
    tries: Sequence[tuple[Sequence[int], Sequence[float]]],
    passed: bool,
    number: int | None = None,
    chances: Sequence[float | None] | None = None,
    reward: float | None = None,
    kinds: str = "soft failure",
) -> Outcome:
    """A job that went through some configurations, each as far as it has seconds.

    ``tries`` are (choice per node, seconds of each node that was run); what the one before had
    in common with it is not run again. ``chances`` are the propensities of the whole
    configurations.
    """
    number = next(_numbers) if number is None else number
    job_id, attempts, before = f"job{number}", [], None
    for decision, (choice, seconds) in enumerate(tries):
        last = decision == len(tries) - 1
        start = 0
        if before is not None:
            start = next(v for v, k in enumerate(choice) if before[v] != k)
        before = [*choice[: start + len(seconds)], *[-1] * (len(choice) - start - len(seconds))]
        for at, spent in enumerate(seconds):
            v, ends = start + at, at == len(seconds) - 1
            name = graph.candidate(v, choice[v])
            failed = ends and not (passed and last)
            chance = None if chances is None else chances[decision]
            attempts.append(
                Attempt(
                    job_id, len(attempts), graph.nodes[v].name, name.name, name.fingerprint, 0,
                    (), None if failed and kinds != "soft failure" else len(attempts), 0,
                    decision, decision, chance, chance, 0.5, 1.0, kinds if failed else "pass",
                    "no good" if failed else None, None, spent, 0.0, False, None,
                )
            )  # fmt: skip
    who = {n.name: graph.candidate(v, tries[-1][0][v]).name for v, n in enumerate(graph.nodes)}
    total = sum(a.seconds for a in attempts)
    job = Job(
        job_id, graph.name, graph.digest, "run", number, 0.0, 0.0,
        "passed" if passed else "exhausted", passed, {}, {}, reward, total, 0.0, len(attempts),
        len(tries) - 1, 0, who, None, None, None, None if passed else "no good", True,
    )  # fmt: skip
    return Outcome(job, tuple(attempts), ())


TEXT = """
    w(x)
    context(x % 3)
    a = (a1 | a2)(x)
    b = (b1 | b2 | b3)(a)
    assert good(b), 'no good'
    minimize(runtime)
"""


def models() -> dict[str, Any]:
    """Two nodes whose candidates differ in what they can: b2 is good for all after a1."""
    return {
        "a1": lambda x: x,
        "a2": lambda x: x + 1000,
        "b1": lambda a: a % 2,
        "b2": lambda a: a < 1000,
        "b3": lambda a: 0,
        "good": lambda b: b,
    }


def clock(number: int, node: str, candidate: str) -> float:
    """Seconds that follow from the candidate."""
    return {"a1": 0.1, "a2": 0.2, "b1": 0.05, "b2": 0.4, "b3": 0.01}[candidate]


def watched(jobs: int = 60, early: bool = False, **options: Any) -> tuple[Any, Any, RunWatch, list]:
    """A workflow, its run, a watch over it, and the outcomes; ``early``: it was fed by the run."""
    it = cell(TEXT, models(), **options)
    blank, seen = copy.deepcopy(it.sampler), list[Outcome]()
    run = it.run(
        [{"x": k} for k in range(jobs)], seed=1, clock=clock, progress=False,
        on_outcome=seen.append,
    )  # fmt: skip
    state = {"state": "running", "done": jobs}
    watch = RunWatch(
        it.graph, it.sampler, it.store, it.name, run.run_id, lambda: dict(state), blank=blank
    )
    if early:
        for outcome in seen:
            watch.add(outcome)
    return it, run, watch, seen
