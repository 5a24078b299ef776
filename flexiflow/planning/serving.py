"""A plan under load, as it would be served."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.planning.arriving import Floats
from flexiflow.planning.plans import Plan
from flexiflow.planning.simulation import Layout
from flexiflow.planning.stations import Draw, Fault, Load, Station


def layout(
    plan: Plan,
    faults: Mapping[str, tuple[float, str]] | None = None,
    share: float = 1.0,
) -> Layout:
    """The stations of a plan: a queue and its replicas for each node.

    Parameters
    ----------
    plan
        Its batches wait to fill for as long as it planned; seconds are log-normal, as is
        believed of them.
    faults
        By node the chance that its check fails, and the node where the job then goes on:
        itself (another try) or one that it depends on (a rollback).
    share
        Of a full batch's seconds that a batch of any size takes.
    """
    order = plan.problem.order
    at = {plan.problem.steps[v].name: k for k, v in enumerate(order)}
    unknown = [n for n, (_, b) in (faults or {}).items() for n in (n, b) if n not in at]
    if unknown:
        raise BadInput(f"The plan has no node {unknown[0]!r}. Nodes are {', '.join(at)}.")
    stations, wrong = [], list[Fault | None]()
    for v in order:
        step, placed = plan.problem.steps[v], plan.placed[v]
        seconds = placed.offer.seconds
        stations.append(
            Station(
                step.name,
                placed.replicas,
                log_normal(seconds.centre, math.sqrt(seconds.variance)),
                placed.offer.batch,
                plan.timeouts[v],
                tuple(at[p] for p in step.parents),
                share,
                placed.offer.variant,
            )
        )
        fault = (faults or {}).get(step.name)
        wrong.append(None if fault is None else Fault(fault[0], at[fault[1]]))
    return Layout(stations, wrong)


def log_normal(centre: float, spread: float) -> Draw:
    """Seconds whose logarithm is Normal."""
    return lambda rng, n: rng.lognormal(centre, spread, n)


def simulate(
    plan: Plan,
    arrivals: Floats,
    faults: Mapping[str, tuple[float, str]] | None = None,
    share: float = 1.0,
    seed: int = 0,
    warm_up: float = 0.0,
) -> Load:
    """Run a plan under load, from event to event.

    Parameters
    ----------
    plan, faults, share
        As for :func:`layout`.
    arrivals
        Times, ascending, in seconds: :func:`flexiflow.planning.poisson` or
        :func:`flexiflow.planning.trace`.
    seed
        The same seed gives the same course.
    warm_up
        Seconds whose jobs are not counted.

    Returns
    -------
    Load
        Latency of each job, utilisation of each node; ``misses(plan.demand.sla)`` is the
        share of the jobs that broke the SLA.
    """
    given = np.asarray(arrivals, dtype=float)
    if given.ndim != 1 or not np.isfinite(given).all() or (np.diff(given) < 0).any():
        raise BadInput("arrivals must be times in seconds, ascending and without NaN.")
    return layout(plan, faults, share).run(given, seed, warm_up)
