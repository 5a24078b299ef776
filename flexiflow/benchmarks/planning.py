"""Planning: how long plans take, and an adapter under load beside doing without it.

Random chains are planned first (seconds of each variant log-normal, batches of 1 to 64): one
plan, and the whole front, with seconds as expected and so that the SLA holds with probability
.95 (*sure*). Then our own *search* for the whole front, of so many *plans*, is put beside HiGHS,
the *solver*, which gives one plan, some 25 *points*, or (of the smallest) the whole front: on
chains, on graphs of diamonds (*branched*), and where two chains lie between the first node and
the last (*forked*); *apart* is by how much they ever differ in accuracy.

With profiles and a trace, each chain of the profiles is then served over each window of the
trace, in a simulation from event to event: by an adapter that plans again every ten seconds, by
a plan that stays, by one whose replicas alone follow the load, and by one whose variants alone
do. ``gained`` is the accuracy beyond that of the cheapest plan that stays, ``dearer`` the cost
beyond that of scaling only, both relative. *All-knowing* is who knows the load that comes,
changes plans for nothing, and may spend 5 % more than scaling only. Predictors of the load are
measured by their symmetric error.

The goal is an accuracy 21 % above that of the cheapest plan that stays, at under 5 % more cost
than scaling only, with under 1 % of the jobs over the SLA. The weight (accuracy given up for a
core) decides which: with a small one the adapter keeps the most accurate variants, just as who
scales only; with a larger one it saves cores where they are dear. Where the all-knowing gains
less than that, no adapter can reach it: ``at most`` is what it gains.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from flexiflow.benchmarks import planning_instances, planning_solvers
from flexiflow.benchmarks.planning_baselines import deciders
from flexiflow.benchmarks.planning_knowing import Knowing
from flexiflow.benchmarks.planning_profiles import Floats, problems, sla_of, windows
from flexiflow.errors import BadInput
from flexiflow.options import whole
from flexiflow.planning import Demand, Problem, follow
from flexiflow.planning.adapting import Predictor, last_two, linear, smoothed

PREDICTORS: Mapping[str, Predictor] = MappingProxyType(
    {"max of two": last_two, "AR(12)": linear(12), "EWMA": smoothed()}
)
INTERVAL = 10  # seconds
FIRST = 40  # interval from which on predictors are measured
GOAL = MappingProxyType({"gained": 0.21, "dearer": 0.05, "misses": 0.01})
_MOST = 1.05  # times the largest load of an interval that plans that stay are made for


def compared(
    problem: Problem,
    counts: Floats,
    predictor: Predictor,
    weight: float,
    seed: int = 0,
    knowing: bool = True,
) -> Iterator[dict[str, Any]]:
    """An adapter and the others over a window.

    Parameters
    ----------
    problem
        What is served.
    counts
        Jobs in each second, `(seconds,)`.
    predictor
        Of the load of the next interval.
    weight
        Accuracy given up for a core.
    seed
        Of the simulation.
    knowing
        Whether the all-knowing comes last.

    Yields
    ------
    A row each: ``policy``, ``accuracy`` (mean over jobs), ``cost`` (mean cores), ``misses``
    (share of the jobs), ``changes``, ``gained``, ``dearer``.
    """
    loads = counts[: len(counts) // INTERVAL * INTERVAL].reshape(-1, INTERVAL).mean(axis=1)
    demand = Demand(sla_of(problem), float(loads[0]))
    rows = {}
    for name, make in deciders(problem, demand, _MOST * loads.max(), predictor, weight).items():
        rows[name] = _over(follow(make(), counts, INTERVAL, seed))
    if knowing:
        bound = (1.0 + GOAL["dearer"]) * rows["scale-only"]["cost"]
        most = Knowing(problem, demand, loads, bound)
        rows["all-knowing"] = _over(follow(most, counts, INTERVAL, seed))
    for name, row in rows.items():
        gained = row["accuracy"] / rows["fixed-cheapest"]["accuracy"] - 1.0
        dearer = row["cost"] / rows["scale-only"]["cost"] - 1.0
        yield {"policy": name, **row, "gained": gained, "dearer": dearer}


def _over(course: pl.DataFrame) -> dict[str, Any]:
    """A course as a whole: accuracy and misses over its jobs, mean cost, changes."""
    jobs = course["jobs"] / course["jobs"].sum()
    return {
        "accuracy": float((course["accuracy"] * jobs).sum()),
        "cost": float(course["cost"].mean()),  # type: ignore[arg-type]  # of floats
        "misses": float((course["misses"] * jobs).sum()),
        "changes": int(course["changed"].sum()),
    }


def judged(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Whether the adapter reaches the goal, and what the all-knowing gains.

    Examples
    --------
    >>> row = {"gained": 0.15, "dearer": 0.0, "misses": 0.0}
    >>> judged([{"policy": "adapter", **row}, {"policy": "all-knowing", **row}])["goal"]
    'out of reach of these profiles'
    """
    by = {row["policy"]: row for row in rows}
    mine, most = by["adapter"], by["all-knowing"]["gained"]
    good = mine["gained"] >= GOAL["gained"] and all(mine[k] < GOAL[k] for k in ("dearer", "misses"))
    beyond = most < GOAL["gained"]
    told = "reached" if good else "out of reach of these profiles" if beyond else "missed"
    shown = {k: mine[k] for k in ("gained", "dearer", "misses")}
    return {"goal": told, **shown, "at most": most}


def symmetric_error(loads: Floats, predictor: Predictor, first: int = FIRST) -> float:
    """The mean symmetric relative error of the next load, SMAPE, from interval ``first`` on.

    Examples
    --------
    >>> round(symmetric_error(np.array([1.0, 3.0, 1.0]), lambda past: past[-1], first=1), 2)
    1.0
    """
    said = np.array([predictor(loads[:k]) for k in range(first, len(loads))])
    came = loads[first:]
    return float(np.mean(2.0 * np.abs(said - came) / np.maximum(np.abs(said) + np.abs(came), 1e-9)))


def measure(
    profiles: Path, trace: Path, column: str | None, weights: Sequence[float], seed: int
) -> Iterator[dict[str, Any]]:
    """The rows over all windows: predictors, policies for each chain and weight, the goal.

    Raises
    ------
    BadInput
        If a file cannot be read, or lacks a column.
    """
    parts, chains = windows(trace, column), problems(profiles)
    for window, counts in parts.items():
        whole_intervals = counts[: len(counts) // INTERVAL * INTERVAL]
        loads = whole_intervals.reshape(-1, INTERVAL).mean(axis=1)
        if len(loads) <= FIRST:
            raise BadInput(
                f"The window {window!r} is too short: give more than {FIRST * INTERVAL} s."
            )
        errors = {f"SMAPE {n}": symmetric_error(loads, p) for n, p in PREDICTORS.items()}
        yield {"window": window, "intervals": len(loads), "rate": float(loads.mean()), **errors}
    verdicts = []
    for (chain, problem), (window, counts) in product(chains.items(), parts.items()):
        for weight, (number, name) in product(weights, enumerate(PREDICTORS)):
            rows = list(compared(problem, counts, PREDICTORS[name], weight, seed, not number))
            told = {"chain": chain, "window": window, "weight": weight, "predictor": name}
            yield from ({**told, **r} for r in rows if not number or r["policy"] == "adapter")
            if not number:
                verdicts.append({**told, **judged(rows)})
    yield from verdicts


def shown(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of one kind as text."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=4,
                   tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):  # fmt: skip
        return str(pl.DataFrame(list(rows)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("--instances", type=int, default=5, help="random chains (default 5)")
    parser.add_argument("--solved", type=int, default=1, help="random chains and branched graphs "
                        "that HiGHS plans as well (default 1)")  # fmt: skip
    parser.add_argument("--profiles", type=Path, metavar="FILE", help="Parquet table of variants, "
                        "as flexiflow/benchmarks/planning_profiles.py says")  # fmt: skip
    parser.add_argument("--trace", type=Path, metavar="FILE",
                        help="Parquet table of jobs a second: t, counts, pattern")  # fmt: skip
    parser.add_argument("--column", help="of the trace that counts jobs (default: the last)")
    parser.add_argument("--weight", type=float, nargs="+", default=[0.001, 0.0005],
                        help="accuracy given up for a core (default 0.001 and 0.0005)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default 0)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Measure as the command line asks, and print what was found."""
    if (given.profiles is None) != (given.trace is None):
        raise BadInput("Profiles and a trace go together: give --profiles FILE --trace FILE.")
    kinds = [
        planning_instances.timed(whole("instances", given.instances, 1), given.seed),
        planning_solvers.compared(whole("solved", given.solved, 1), given.seed),
    ]
    if given.profiles is not None:
        kinds.append(measure(given.profiles, given.trace, given.column, given.weight, given.seed))
    for rows in kinds:
        if given.json:
            for row in rows:
                print(json.dumps(row), flush=True)
            continue
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            alike.setdefault(tuple(row), []).append(row)
        for those in alike.values():
            print(shown(those))
