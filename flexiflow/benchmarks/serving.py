"""A plan beside its simulation and beside the plan served: seconds a job, SLA misses.

The workflow of :mod:`~flexiflow.benchmarks.known_seconds` is measured as it is served, planned,
simulated, and served under random arrivals: awaited in this process, and asked over HTTP on
loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flexiflow import SQLStore, Workflow
from flexiflow.benchmarks.known_seconds import graph, order, problem, profiled, simulated
from flexiflow.benchmarks.load import awaited, oversleeping, posted
from flexiflow.benchmarks.overhead import shown
from flexiflow.graph import Graph
from flexiflow.options import whole
from flexiflow.planning import Demand, Plan, poisson
from flexiflow.planning import plan as plan_of
from flexiflow.planning.choices import total_latency
from flexiflow.planning.waiting import tail_wait
from flexiflow.serving import serve

Floats = NDArray[np.float64]

_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_WARM_UP = 0.1  # of the seconds, whose jobs do not count


def measure(
    rate: float, sla: float, seconds: float, seed: int = 0, runs: int = 30
) -> tuple[Plan, pl.DataFrame]:
    """Plan, simulate and serve.

    Parameters
    ----------
    rate
        Jobs a second that are planned for, and arrive.
    sla
        Seconds that a job may take.
    seconds
        How long jobs arrive, each way; the first tenth does not count.
    seed
        Of the arrivals and of the sleeping candidates.
    runs
        Measurements of each candidate and batch size.

    Returns
    -------
    The plan, and a row a way: `what`, `jobs`, `p50_ms`, `p95_ms`, `p99_ms`, `missed_percent`
    (jobs over the SLA), and for each node the share of its replicas' time that they were busy;
    at last by how much a thread overslept meanwhile, which is what the machine itself adds.

    Raises
    ------
    Infeasible
        If no plan meets the SLA at that rate here.
    """
    made = graph(seed)
    profile = profiled(made, runs)
    plan = plan_of(problem(made, profile), Demand(sla, rate))
    due = poisson(rate, seconds, seed)
    warm = due[0] + _WARM_UP * seconds
    rows = [{"what": "planned", **{f"{n}_ms": 1e3 * planned(plan, q) for n, q in _SHARES.items()}}]
    load = simulated(plan, profile).run(due, seed, _WARM_UP * seconds)
    busy = dict(zip(load.names, load.utilisation.tolist(), strict=True))
    rows.append(_row("simulated", load.latency, sla, busy))
    with oversleeping() as naps:
        for what, http in (("served, awaited", False), ("served, HTTP", True)):
            found, busy = served(made, plan, due, http)
            rows.append(_row(what, found[due >= warm], sla, busy))
    rows.append({"what": "a thread overslept", **_quantiles(np.array(naps))})
    return plan, pl.DataFrame(rows, infer_schema_length=None)


def _row(what: str, seconds: Floats, sla: float, busy: dict[str, float]) -> dict[str, Any]:
    return {
        "what": what,
        "jobs": len(seconds),
        **_quantiles(seconds),
        "missed_percent": 100.0 * float((seconds > sla).mean()),
        **{f"{node}_busy_percent": 100.0 * share for node, share in busy.items()},
    }


def _quantiles(seconds: Floats) -> dict[str, float]:
    at = np.quantile(seconds, list(_SHARES.values()), method="higher")  # some may be infinite
    return {f"{n}_ms": 1e3 * float(q) for n, q in zip(_SHARES, at, strict=True)}


def planned(plan: Plan, share: float) -> float:
    """Seconds that a share of the jobs stay within, as planned: all nodes at that share."""
    each = []
    for placed, step, wait in zip(plan.placed, plan.problem.steps, plan.timeouts, strict=True):
        believed = placed.offer.seconds.pessimistic(plan.pessimism, plan.demand.tail)
        batch, rate = placed.offer.batch, plan.demand.rate * step.visits
        queue = tail_wait(
            placed.replicas, rate / batch, believed.mean, share, 1.0 / batch, believed.variation
        )
        each.append(believed.quantile(share) + wait + float(queue))
    return float(total_latency(plan.problem.paths, np.array(each)))


def served(made: Graph, plan: Plan, due: Floats, http: bool) -> tuple[Floats, dict[str, float]]:
    """Serve a plan under arrivals: seconds of each job, utilisation of each node."""
    with tempfile.TemporaryDirectory(prefix="flexiflow-") as folder:
        store = SQLStore(Path(folder) / "log.sqlite")
        flow = Workflow(made, store=store, sampler=order(made, plan))
        with serve(flow, plan, most=1_000, port=0 if http else None) as server:
            found = posted(server, due) if http else asyncio.run(awaited(server, due))
            nodes = server.stats().nodes
        store.close()
    return found, {name: float(row["utilisation"]) for name, row in nodes.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("--rate", type=float, default=30.0, help="jobs a second (default 30)")
    parser.add_argument("--sla", type=float, default=0.5, help="seconds a job (default 0.5)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of arrivals (default 30)")
    parser.add_argument("--seed", type=int, default=0, help="of arrivals (default 0)")
    parser.add_argument("--runs", type=int, default=30, help="of each candidate (default 30)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Measure as the command line asks, and print what was found."""
    runs, seed = whole("runs", given.runs, 2), whole("seed", given.seed, 0)
    plan, table = measure(given.rate, given.sla, given.seconds, seed, runs)
    if given.json:
        print(json.dumps({"plan": plan.describe(), "latency_ms": 1e3 * plan.latency}))
        for row in table.iter_rows(named=True):
            print(json.dumps(row))
    else:
        print(f"{plan.describe()}\nrate {given.rate:g} a second, SLA {1e3 * given.sla:g} ms")
        print(shown(table))
