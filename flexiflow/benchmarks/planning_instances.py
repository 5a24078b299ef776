"""Random chains to be planned, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from flexiflow.planning import Demand, Offer, Problem, Seconds, Step, pareto, plan

SIZES = ((10, 10), (10, 20), (20, 20))  # nodes, variants
BATCHES = (1, 2, 4, 8, 16, 32, 64)
_RATE = 20.0
_SLA = 0.2  # seconds a node


def chain(nodes: int, variants: int, seed: int) -> Problem:
    """A chain whose more accurate variants take longer, in batches of 1 to 64.

    Seconds are log-normal over variants and a line over batch sizes; a replica has 1 to 8
    cores.
    """
    rng = np.random.default_rng(seed)
    steps = []
    for s in range(nodes):
        accuracy = np.sort(rng.uniform(0.5, 0.99, variants))
        seconds = np.sort(rng.lognormal(-3.5, 0.8, variants))
        cores, base = rng.integers(1, 9, variants), rng.uniform(0.2, 0.8, variants)
        offers = tuple(
            Offer(
                f"v{v}", b, float(cores[v]),
                Seconds.of([seconds[v] * (base[v] + (1.0 - base[v]) * b)] * 50),
                float(accuracy[v]),
            )
            for v in range(variants)
            for b in BATCHES
        )  # fmt: skip
        steps.append(Step(f"n{s}", offers, (f"n{s - 1}",) if s else ()))
    return Problem(tuple(steps))


def timed(instances: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """How long plans and fronts of random chains take, seconds as expected and not.

    Yields
    ------
    A row a size: ``nodes``, ``variants``, ``instances``; the median milliseconds (of the
    processor) of a ``plan`` and of the exact ``front`` with seconds as expected, and of a
    ``sure`` plan that keeps the SLA with probability .95; the ``longest`` front, and the median
    number of its ``plans``.
    """
    for nodes, variants in SIZES:
        found: dict[str, list[float]] = {"plan": [], "front": [], "sure": [], "plans": []}
        for k in range(instances):
            problem = chain(nodes, variants, seed + k)
            demand = Demand(_SLA * nodes, _RATE)
            found["plans"].append(float(len(pareto(problem, demand))))
            found["front"].append(_ms(lambda p=problem, d=demand: pareto(p, d)))
            found["plan"].append(_ms(lambda p=problem, d=demand: plan(p, d, None)))
            found["sure"].append(_ms(lambda p=problem, d=demand: plan(p, d, 0.95)))
        yield {
            "nodes": nodes, "variants": variants, "instances": instances,
            **{f"{name} ms": float(np.median(found[name])) for name in ("plan", "front", "sure")},
            "longest front ms": max(found["front"]), "plans": float(np.median(found["plans"])),
        }  # fmt: skip


def _ms(work: Any) -> float:
    began = time.process_time()
    work()
    return 1e3 * (time.process_time() - began)
