"""Runs and workflows side by side, beside what doing without them would have brought."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from flexiflow.errors import BadInput
from flexiflow.panels.baselines import Baselines
from flexiflow.panels.past import logged
from flexiflow.panels.places import Places
from flexiflow.panels.sums import WIDTH, estimated, gather
from flexiflow.recall import outcomes_of
from flexiflow.records import Outcome
from flexiflow.remembering import Remembering
from flexiflow.run import Run

_MEASURES = ("passed", "objective", "seconds")
_SCHEMA = pl.Schema(
    {
        "of": pl.String(),
        "policy": pl.String(),
        "jobs": pl.Int64(),
        "passed": pl.Float64(),
        "objective": pl.Float64(),
        "seconds": pl.Float64(),
        "attempts": pl.Float64(),
        "interval": pl.Struct(dict.fromkeys(_MEASURES, pl.List(pl.Float64()))),
    }
)


def compare(*these: Remembering | Run, **named: Remembering | Run) -> pl.DataFrame:
    r"""Lay workflows or runs beside one another and beside two ways of doing without learning.

    For each there are three rows: what it did; what the best single configuration, run
    without switching, would have brought on the same jobs; and what the best fixed order of
    configurations would. The latter two are estimated from its log
    (:mod:`flexiflow.panels.single` and :mod:`flexiflow.panels.fixed` say how and what is
    assumed); they are missing while jobs are too few to tell.

    Parameters
    ----------
    *these
        Workflows (all their jobs are taken) or runs.
    **named
        More of them, under names of your own.

    Returns
    -------
    polars.DataFrame
        ``of``, ``policy`` (what is compared), ``jobs``; ``passed`` (share of the jobs),
        ``objective`` (mean where it is known, else null), ``seconds`` and ``attempts``, both a
        job; ``interval``, a struct of the 80 % intervals of passed, objective and seconds,
        each [low, high]. Those of what was done hold as far as jobs are alike; null below five
        jobs.

    Raises
    ------
    BadInput
        If there is nothing to compare, or something is neither a workflow nor a run.

    Examples
    --------
    >>> import flexiflow
    >>> from flexiflow.language import read
    >>> text = "shout(x)\nloud = (str.upper | str.title)(x)\nassert loud.isupper()"
    >>> shout = flexiflow.Workflow(read(text, {}), store=flexiflow.MemoryStore())
    >>> run = shout.run(["hello", "you"] * 20, seed=1, progress=False)
    >>> flexiflow.compare(mine=run)["of", "policy", "jobs"].rows()[0]
    ('mine', 'as it ran', 40)
    """
    asked = [(_name(it), it) for it in these] + list(named.items())
    if not asked:
        raise BadInput("There is nothing to compare. Give workflows or runs.")
    return pl.DataFrame([row for name, it in asked for row in _rows(name, it)], schema=_SCHEMA)


def _name(it: Remembering | Run) -> str:
    if isinstance(it, Run):
        return f"{it.workflow} {it.run_id}"
    return str(getattr(it, "name", ""))


def _rows(name: str, it: Any) -> list[dict[str, Any]]:
    if not isinstance(it, (Remembering, Run)):
        raise BadInput(f"Only workflows and runs can be compared. Got {type(it).__name__}.")
    jobs = _jobs(it)
    graph = it.steering.graph
    if not graph.objectives:
        jobs = jobs.with_columns(pl.lit(None, pl.Float64()).alias("reward"))
    baselines = Baselines(Places(graph))
    rewards = dict(zip(jobs["job_id"], jobs["reward"], strict=True))
    for outcome in _outcomes(it):
        reward = rewards.get(outcome.job_id)
        baselines.add(Outcome(outcome.job._replace(reward=reward), outcome.attempts, ()))
    rows, told = [_done(name, jobs)], baselines.data()
    for kind, what, told_as in (
        ("single", "best single configuration", "configuration"),
        ("fixed", "best fixed order", "order"),
    ):
        if (found := told[kind]) is not None:
            rows.append(_estimated(name, f"{what}: {found[told_as]}", baselines.jobs, found))
    return rows


def _jobs(it: Remembering | Run) -> pl.DataFrame:
    """The jobs that are compared, with the latest labels; those that say nothing left out."""
    jobs = it.jobs if isinstance(it, Run) else it.log()
    return jobs.filter(pl.col("status") != "invalid")


def _outcomes(it: Remembering | Run) -> Iterable[Outcome]:
    if isinstance(it, Run):
        return (outcome for _, outcome in logged(it._store, it.workflow, it.run_id))
    return (outcome for _, block in outcomes_of(it.store, it.name) for outcome in block)


def _done(name: str, jobs: pl.DataFrame) -> dict[str, Any]:
    """What was done, as the log has it."""
    passed, seconds = jobs["passed"].to_list(), jobs["seconds"].to_list()
    worth = [w for w in jobs["reward"].to_list() if w is not None and math.isfinite(w)]
    row: dict[str, Any] = {
        "of": name,
        "policy": "as it ran",
        "jobs": len(jobs),
        "passed": _mean(passed),
        "objective": _mean(worth),
        "seconds": _mean(seconds),
        "attempts": _mean(jobs["attempts"].to_list()),
        "interval": dict.fromkeys(_MEASURES),
    }
    told = estimated(_sums([(p, s, None) for p, s in zip(passed, seconds, strict=True)]))
    if told is not None:
        row["interval"] |= {"passed": [*told.passed[1:]], "seconds": [*told.seconds[1:]]}
    told = estimated(_sums([(True, 0.0, w) for w in worth]))
    if told is not None and told.worth is not None:
        row["interval"]["objective"] = [*told.worth[1:]]
    return row


def _estimated(
    name: str, policy: str, jobs: int, told: Mapping[str, list[float] | None]
) -> dict[str, Any]:
    """What one would have had without it."""
    row: dict[str, Any] = {"of": name, "policy": policy, "jobs": jobs, "interval": {}}
    for measure, key in zip(_MEASURES, ("passed", "worth", "seconds"), strict=True):
        value = told[key]
        row[measure] = None if value is None else value[0]
        row["interval"][measure] = None if value is None else value[1:]
    return row


def _sums(rows: list[tuple[bool, float, float | None]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    sums = [0.0] * WIDTH
    for passed, seconds, worth in rows:
        gather(sums, 1.0, passed, seconds, worth)
    return np.array(sums)


def _mean(values: list[Any]) -> float | None:
    return math.fsum(values) / len(values) if values else None
