"""Simulated workflows: what reuse, learning and the cost still to be paid bring.

Costs are relative to those of running configurations one after the other, without reuse, those
that pass most jobs first (world by world, on the same jobs): the order of a user who knows how
often each passes. See ``simulate`` and ``worlds`` for the worlds, ``baselines`` for the rows that
learn nothing.

``best order`` is that of a user who knows far more, namely which configurations pass where others
fail; ``best order of each type`` that of one who also knows each job's hidden type.

``budget`` columns are of the same jobs with a limit on the seconds of each: a share of what
it takes to run all configurations once, with reuse. Their costs are relative to those of the
same order without reuse under the same limit.

In the world that breaks, ``excess`` is what a policy pays from the break to the end beyond the
best order for reuse of the world as it is now, in mean jobs of that order. ``recovery`` is the
number of jobs after the break until the excess of the next ``WINDOW`` jobs is on average at
most ``MARGIN`` a job; the curve is averaged over the seeds first.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from flexiflow.benchmarks import baselines
from flexiflow.benchmarks.policies import Maker, chosen
from flexiflow.benchmarks.processes import spread
from flexiflow.benchmarks.simulate import Floats, Ints, Simulation, World, draw
from flexiflow.benchmarks.simulated_workflow import Jobs, run
from flexiflow.benchmarks.worlds import TABLES, Table
from flexiflow.errors import BadInput
from flexiflow.options import whole

DEFAULT = "thompson,hybrid"
WINDOW = 50  # jobs
MARGIN = 0.1  # of the mean cost of a job

ORACLE = "oracle"
SINGLE = "single best, no switching"
UNIT = "by pass rate, no reuse"
FOR_REUSE = "best order for reuse"

SCHEMA: dict[str, Any] = {
    "world": pl.String, "policy": pl.String, "seeds": pl.Int64, "cost": pl.Float64,
    "cost_se": pl.Float64, "second_half": pl.Float64, "passed": pl.Float64,
    "right": pl.Float64, "budget_cost": pl.Float64, "budget_cost_se": pl.Float64,
    "budget_passed": pl.Float64, "budget_passed_se": pl.Float64,
    "recovery": pl.Int64, "excess": pl.Float64, "excess_se": pl.Float64,
}  # fmt: skip


class Paid(NamedTuple):
    """How the jobs of one seed ended, and how with a budget."""

    jobs: Jobs
    within: Jobs | None = None


def measure(
    samplers: Mapping[str, Maker],
    tables: Sequence[Table] = TABLES,
    *,
    seed: int = 0,
    workers: int = 1,
) -> pl.DataFrame:
    """Measure what samplers pay in simulated worlds, beside those who do not learn.

    Parameters
    ----------
    samplers
        Name -> what makes a new sampler; with several workers it must go through pickle.
    tables
        The worlds.
    seed
        The first seed; worlds and all draws follow from it.
    workers
        Processes; the figures do not depend on it.

    Returns
    -------
    polars.DataFrame
        One row a world and policy. ``cost`` and that of the jobs' ``second_half``, means over
        seeds, with the standard error of the former; the shares of jobs that ``passed`` and
        that were ``right`` in truth; see the module's text for the other columns, which are
        null where they do not apply.
    """
    whole("seed", seed, 0)
    whole("workers", workers, 1)
    rows = []
    with spread(workers) as each:
        waiting = [
            (table, each(partial(_paid, table, samplers), range(seed, seed + table.seeds)))
            for table in tables
        ]
        for table, done in waiting:
            seeds = list(done)
            rows += [_row(table, policy, seeds) for policy in seeds[0]]
    return pl.DataFrame(rows, schema=SCHEMA)


def _paid(table: Table, samplers: Mapping[str, Maker], seed: int) -> dict[str, Paid]:
    """What each policy paid in the world of one seed, by name."""
    simulation = draw(table.world, seed)
    limit = None
    if table.budget is not None:
        limit = table.budget * baselines.exhaustive(simulation)
    found = {
        ORACLE: Paid(baselines.oracle(simulation)),
        SINGLE: Paid(baselines.single_best(simulation)),
    }
    for name, (orders, reuse) in _orders(simulation).items():
        pay = partial(baselines.in_order, simulation, orders, reuse)
        found[name] = Paid(pay(), None if limit is None else pay(limit))
    for name, maker in {**dict(table.learners), **samplers}.items():
        within = None if limit is None else run(simulation, maker(), seed, limit)
        found[name] = Paid(run(simulation, maker(), seed), within)
    return found


def _orders(simulation: Simulation) -> dict[str, tuple[Ints, bool]]:
    """The orders of users who know the world by heart: name -> orders and whether to reuse."""
    breaks = simulation.world.breaks
    plain, frugal = (
        [baselines.best_order(simulation, fresh, reuse) for fresh in simulation.fresh]
        for reuse in (False, True)
    )
    rated = [baselines.by_passes(fresh) for fresh in simulation.fresh]
    found = {UNIT: (rated, False), "by pass rate, with reuse": (rated, True)}
    found |= {"best order, no reuse": (plain, False), "best order, with reuse": (plain, True)}
    found[FOR_REUSE] = frugal, True
    if breaks is not None:
        found["order from before the break"] = frugal[:1], True
    if breaks is None:
        by_type = baselines.orders_by_type(simulation, reuse=True)
        found["best order of each type"] = [by_type], True
    jobs = np.arange(simulation.world.jobs)[:, None]
    now = jobs < (len(jobs) if breaks is None else breaks[1])
    return {k: (np.where(now, o[0], o[-1]), reuse) for k, (o, reuse) in found.items()}


def _row(table: Table, policy: str, seeds: Sequence[Mapping[str, Paid]]) -> dict[str, Any]:
    mine, unit = ([paid[name] for paid in seeds] for name in (policy, UNIT))
    jobs, units = [p.jobs for p in mine], [p.jobs for p in unit]
    cost = _relative(jobs, units)
    row: dict[str, Any] = dict.fromkeys(SCHEMA)
    row |= {
        "world": table.world.name,
        "policy": policy,
        "seeds": len(seeds),
        "cost": float(cost.mean()),
        "cost_se": _error(cost),
        "second_half": float(_relative(jobs, units, table.world.jobs // 2).mean()),
        "passed": float(np.mean([j.passed.mean() for j in jobs])),
        "right": float(np.mean([j.right.mean() for j in jobs])),
    }
    within = [p.within for p in mine if p.within is not None]
    if within:
        limited = [p.within for p in unit if p.within is not None]
        paid, passed = _relative(within, limited), np.array([j.passed.mean() for j in within])
        row |= {"budget_cost": float(paid.mean()), "budget_cost_se": _error(paid)}
        row |= {"budget_passed": float(passed.mean()), "budget_passed_se": _error(passed)}
    if table.world.breaks is not None and policy not in (ORACLE, SINGLE):
        at = table.world.breaks[1]
        now = [paid[FOR_REUSE].jobs.seconds[at:] for paid in seeds]
        excess = np.array([(j.seconds[at:] - n) / n.mean() for j, n in zip(jobs, now, strict=True)])
        row["recovery"] = recovery(excess.mean(axis=0))
        row["excess"] = float(excess.sum(axis=1).mean())
        row["excess_se"] = _error(excess.sum(axis=1))
    return row


def recovery(excess: Floats) -> int | None:
    """Jobs until the mean excess of the next ``WINDOW`` is at most ``MARGIN``; None: never.

    Parameters
    ----------
    excess
        Of each job after the break, as a share of the mean cost without it, `(jobs,)`.

    Examples
    --------
    >>> recovery(np.array([1.0] * 40 + [0.0] * 60))
    35
    """
    if len(excess) < WINDOW:
        return None
    means = np.convolve(excess, np.full(WINDOW, 1.0 / WINDOW), mode="valid")
    back = np.flatnonzero(means <= MARGIN)
    return int(back[0]) if len(back) else None


def _relative(jobs: Sequence[Jobs], units: Sequence[Jobs], start: int = 0) -> Floats:
    """Cost in units of another policy's, seed by seed, `(seeds,)`."""
    pairs = zip(jobs, units, strict=True)
    return np.array([j.seconds[start:].sum() / u.seconds[start:].sum() for j, u in pairs])


def _error(values: Floats) -> float | None:
    """Standard error of the mean; None of a single value."""
    return float(values.std(ddof=1) / sqrt(len(values))) if len(values) > 1 else None


def shown(table: pl.DataFrame, titles: Mapping[str, str] | None = None) -> str:
    """The rows as text, one block a world, without columns that do not apply to it.

    ``titles`` say more of the worlds, by their names.
    """
    said = {name: f": {title}" for name, title in (titles or {}).items()}
    blocks = []
    for (world,), rows in table.group_by("world", maintain_order=True):
        used = [name for name in rows.columns[3:] if rows[name].null_count() < len(rows)]
        lines = [f"{world} ({rows['seeds'][0]} seeds){said.get(str(world), '')}"]
        lines.append(f"{'':28}" + "".join(f"{name:>18}" for name in used))
        for row in rows.iter_rows(named=True):
            lines.append(f"{row['policy']:28}" + "".join(f"{_cell(row[n]):>18}" for n in used))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    names = ", ".join(table.world.name for table in TABLES)
    parser.add_argument("--samplers", default=DEFAULT, help=f"names (default: {DEFAULT})")
    parser.add_argument("--worlds", help=f"some of {names}, separated by commas (default: all)")
    parser.add_argument("--seeds", type=int, help="how many of each world (default: its own)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--jobs", type=int, help="jobs a world (default: its own)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Measure as the command line asks, and print the tables."""
    samplers, tables = chosen(given.samplers), _tables(given.worlds)
    if given.seeds is not None:
        tables = [replace(t, seeds=whole("seeds", given.seeds, 1)) for t in tables]
    if given.jobs is not None:
        jobs = whole("jobs", given.jobs, 2)
        tables = [replace(t, world=_resized(t.world, jobs)) for t in tables]
    table = measure(samplers, tables, seed=given.seed, workers=given.workers)
    if given.json:
        for row in table.iter_rows(named=True):
            print(json.dumps(row))
    else:
        print(shown(table, {t.world.name: t.title for t in tables}))


def _resized(world: World, jobs: int) -> World:
    """The world with so many jobs; a break stays in its place among them."""
    if world.breaks is None:
        return replace(world, jobs=jobs)
    node, at = world.breaks
    return replace(world, jobs=jobs, breaks=(node, max(at * jobs // world.jobs, 1)))


def _tables(names: str | None) -> list[Table]:
    known = {table.world.name: table for table in TABLES}
    wanted = list(known) if names is None else [n.strip() for n in names.split(",")]
    for name in wanted:
        if name not in known:
            raise BadInput(f"There is no simulated world {name!r}. There are {', '.join(known)}.")
    return [known[name] for name in wanted]
