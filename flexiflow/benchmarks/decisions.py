"""What deciding and learning cost, one job at a time.

A decision is the whole order of the candidates, or the next one to try, and an update takes in
what became of it. Many jobs at once are in :mod:`flexiflow.benchmarks.batches`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow import Hybrid, Sampler, Thompson
from flexiflow.benchmarks.batches import Row, row_of
from flexiflow.graph import Graph
from flexiflow.language import read
from flexiflow.posteriors.orderings import ordering
from flexiflow.records import Attempt, Job, Outcome, Verdict
from flexiflow.samplers import JobState
from flexiflow.samplers.context import Context
from flexiflow.samplers.contextual import Contextual
from flexiflow.samplers.tuning import Tuning

WARM = 500
"""Jobs that a sampler has learned from before it is timed, if so many are asked for."""
SHAPES = ((8, 10), (64, 10), (256, 10), (64, 5), (64, 20), (64, 100))
"""(features, candidates) of the contextual sampler's problems."""

COUNTED = (5, 20, 100)
"""Candidates of the other problems that are taken one at a time."""

_COUNTS = "order + update by counts, {} candidates"
_CONTEXT = "order + update by context, {} features, {} candidates"
_HYBRID = "Hybrid, {} features, {} candidates"
_PARTS = ("a decision", "an update")
_TRIES = 5  # candidates that a job tries at most
_TEXT = """decisions(x)
value = any_of(models)(x)
assert good(value)
"""


def measure(jobs: int, rounds: int) -> list[Row]:
    """Microseconds of decisions and updates.

    Parameters
    ----------
    jobs
        How many a measurement; fewer where one takes long.
    rounds
        Measurements a row.

    Returns
    -------
    Rows with `what`, `jobs`, `min_us_a_job` and `median_us_a_job` (over the rounds); those of
    samplers also with `attempts_a_job` and `typical_us`, the median of single calls, while
    the mean has the refreshing of draws in it.
    """
    rows = [counting(n, jobs, rounds) for n in COUNTED]
    rows += [contextual(*shape, jobs, rounds) for shape in SHAPES]
    for n in COUNTED:
        rows += at_a_time(Thompson(), f"Thompson, {n} candidates", 0, n, jobs, rounds)
    for features, n in SHAPES:
        what = _HYBRID.format(features, n)
        rows += at_a_time(Hybrid(), what, features, n, jobs, rounds)
    return rows


def steps(rows: list[Row]) -> dict[tuple[int, int], float]:
    """Median microseconds of a decision with its update, by (features, candidates).

    Without features it is the order by counts, with features the contextual sampler.
    """
    median_of = {row["what"]: row["median_us_a_job"] for row in rows}
    found = {(0, n): median_of[_COUNTS.format(n)] for n in COUNTED}
    for shape in SHAPES:
        parts = (median_of[f"{_HYBRID.format(*shape)}: {part}"] for part in _PARTS)
        found[shape] = sum(parts)
    return found


def counting(candidates: int, jobs: int, rounds: int) -> Row:
    """Order all candidates by one draw per price, count the first one's verdict and seconds."""
    rng = np.random.default_rng(candidates)
    chance, typical = rng.uniform(0.05, 0.95, candidates), rng.uniform(0.5, 5.0, candidates)
    betas, price = np.ones((2, candidates)), np.ones(candidates)
    sums, runs = [1.0] * candidates, [1.0] * candidates

    def once() -> None:
        passes = (rng.random((jobs, candidates)) < chance).tolist()
        seconds = (typical * rng.uniform(0.5, 1.5, (jobs, candidates))).tolist()
        began = time.perf_counter()
        for job in range(jobs):
            first = int(ordering(betas, price, rng)[0])
            betas[0 if passes[job][first] else 1, first] += 1.0
            sums[first] += seconds[job][first]
            runs[first] += 1.0
            price[first] = sums[first] / runs[first]
        taken.append(time.perf_counter() - began)

    taken: list[float] = []
    for _ in range(rounds):
        once()
    return row_of(_COUNTS.format(candidates), jobs, taken)


def contextual(features: int, candidates: int, jobs: int, rounds: int) -> Row:
    """Order all candidates by the contextual expert's draw, and learn the first one's verdict.

    From the job's context as it comes, a mapping of names to numbers, with the expert's random
    Fourier features; new draws are taken as the sampler takes them.
    """
    tuning, rng = Tuning(), np.random.default_rng(features + candidates)
    met, expert, none = Context(tuning.fourier), Contextual(True, tuning), [0] * candidates
    nodes, every = np.zeros(candidates, np.intp), np.arange(candidates)
    weights = rng.normal(size=(candidates, features)) / features**0.5
    no_failure, many, taken = np.zeros((1, candidates)), max(min(WARM, jobs) // 5, 1), []
    for each in (min(WARM, jobs), *[many] * rounds):
        numbers = rng.normal(size=(each, features))
        passes = (numbers @ weights.T + 0.5 * rng.normal(size=(each, candidates)) > 0).tolist()
        contexts = [{f"f{k}": x for k, x in enumerate(row)} for row in numbers.tolist()]
        began = time.perf_counter()
        for job, context in enumerate(contexts):
            x = met.learn(context)
            expert.fit(none, every.tolist(), len(x))
            expert.refresh(tuning.draws, job)
            phi, draw = expert.case(no_failure, x, met.bend(x)), job % tuning.draws
            logits = expert.logits(phi, nodes, slice(draw, draw + 1), every[:, None])[0]
            first = int((-logits).argsort()[0])
            expert.learn(phi, none, (first,), passes[job][first])
        taken.append(time.perf_counter() - began)
    return row_of(_CONTEXT.format(features, candidates), many, taken[1:])


def at_a_time(
    sampler: Sampler, what: str, features: int, candidates: int, jobs: int, rounds: int
) -> list[Row]:
    """Drive a sampler through jobs on one node; a row for `propose` and one for `update`."""
    course = _course(sampler, features, candidates)
    many = max(min(WARM, jobs) // 5, 1)
    for _ in range(min(WARM, jobs)):
        next(course)
    decided: list[list[float]] = []
    updated: list[list[float]] = []
    for _ in range(rounds):
        each = [next(course) for _ in range(many)]
        decided.append([seconds for decisions, _ in each for seconds in decisions])
        updated.append([seconds for _, seconds in each])
    tries = sum(map(len, decided)) / (rounds * many)
    return [
        row_of(f"{what}: {part}", many, [sum(t) / len(t) * many for t in taken])
        | {"attempts_a_job": tries, "typical_us": median(chain(*taken)) * 1e6}
        for part, taken in zip(_PARTS, (decided, updated), strict=True)
    ]


def _course(
    sampler: Sampler, features: int, candidates: int
) -> Iterator[tuple[list[float], float]]:
    """Jobs without end: the seconds of each decision, and of learning from the job."""
    graph = read(_TEXT, {"models": {f"c{k}": _model(k) for k in range(candidates)}, "good": bool})
    rng, number = np.random.default_rng(features + candidates), 0
    weights = rng.normal(size=(candidates, features)) / max(features, 1) ** 0.5
    while True:
        x, noise = rng.normal(size=features), rng.normal(size=candidates)
        context = {f"f{k}": float(value) for k, value in enumerate(x)}
        state = JobState(graph, int(rng.integers(2**62)), context)
        taken, tried = _tried(sampler, state, weights @ x + 0.5 * noise > 0)
        seconds = rng.uniform(0.5, 1.5, len(tried)).tolist()
        outcome = _outcome(graph, f"job{number}", context, tried, seconds)
        began = time.perf_counter()
        sampler.update([outcome])
        yield taken, time.perf_counter() - began
        number += 1


def _model(number: int) -> Callable[[Any], Any]:
    return lambda x: (x, number)


def _tried(
    sampler: Sampler, state: JobState, passes: NDArray[np.bool_]
) -> tuple[list[float], list[tuple[int, bool]]]:
    """Ask for candidates until one passes; the seconds of each answer, and the verdicts."""
    taken: list[float] = []
    tried: list[tuple[int, bool]] = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        (decision,) = sampler.propose([state])
        ended = time.perf_counter()
        if decision is None:
            break
        taken.append(ended - began)
        (k,) = state.present = decision.configuration
        tried.append((k, bool(passes[k])))
        if passes[k]:
            break
        state.known = [{*(state.known[0] if state.known else ()), (k,)}]
        state.exclude((0,), (k,))
        state.failures.append((0, (k,)))
    return taken, tried


def _outcome(
    graph: Graph,
    name: str,
    context: dict[str, float],
    tried: list[tuple[int, bool]],
    seconds: list[float],
) -> Outcome:
    (node,), (assertion,) = graph.nodes, graph.assertions
    attempts, verdicts = [], []
    for step, (k, passed) in enumerate(tried):
        who = node.candidates[k]
        attempts.append(Attempt(
            name, step, node.name, who.name, who.fingerprint, 0, (), step, 0, step, None, None,
            None, None, None, "pass" if passed else "soft failure", None, None, seconds[step],
            0.0, False, None,
        ))  # fmt: skip
        verdicts.append(Verdict(
            name, step, assertion.text, assertion.fingerprint, {node.name: who.fingerprint},
            passed, None, 0.0, False,
        ))  # fmt: skip
    passed = tried[-1][1]
    job = Job(
        name, graph.name, graph.digest, "run", 0, 0.0, 0.0, "passed" if passed else "exhausted",
        passed, context, {}, None, sum(seconds), 0.0, len(tried), len(tried) - 1, 0, {}, None,
        None, None, None, True,
    )  # fmt: skip
    return Outcome(job, tuple(attempts), tuple(verdicts))
