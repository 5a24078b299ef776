"""Random chains to be planned, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from flexiflow.planning import Demand, Offer, Problem, Seconds, Step, pareto, plan

SIZES = ((10, 10), (10, 20), (20, 20))  # nodes, variants
BATCHES = (1, 2, 4, 8, 16, 32, 64)
TIMES = ("plan", "front", "sure", "sure front")
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


def branched(nodes: int, variants: int, seed: int) -> Problem:
    """The nodes of :func:`chain` in blocks of four: one is read by two, and both by a fourth."""
    steps = []
    for k, step in enumerate(chain(nodes, variants, seed).steps):
        read = (k - 2, k - 1) if k % 4 == 3 else (k - 2,) if k % 4 == 2 else (k - 1,)
        steps.append(step._replace(parents=tuple(f"n{j}" for j in read if j >= 0)))
    return Problem(tuple(steps))


def forked(nodes: int, variants: int, seed: int) -> Problem:
    """The nodes of :func:`chain`, the first read by two chains, and the last reading both."""
    steps, last = [], nodes - 1
    for k, step in enumerate(chain(nodes, variants, seed).steps):
        read = (k - 2, k - 1) if k == last else (k - 1,) if k == 1 else (k - 2,)
        steps.append(step._replace(parents=tuple(f"n{max(j, 0)}" for j in read if k)))
    return Problem(tuple(steps))


def demand(problem: Problem) -> Demand:
    """What is asked of such a problem: 0.2 s for each node of its longest path."""
    return Demand(_SLA * max(map(len, problem.paths)), _RATE)


def timed(instances: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """How long plans and fronts of random chains take, seconds as expected and not.

    Yields
    ------
    A row a size: ``nodes``, ``variants``, ``instances``; the median milliseconds (of the
    processor) of a ``plan`` and of the exact ``front`` with seconds as expected, and of a
    ``sure`` plan and front that keep the SLA with probability .95; the ``longest`` front, and the
    median number of its ``plans``.
    """
    for nodes, variants in SIZES:
        found: dict[str, list[float]] = {name: [] for name in (*TIMES, "plans")}
        for k in range(instances):
            problem = chain(nodes, variants, seed + k)
            asked = demand(problem)
            found["plans"].append(float(len(pareto(problem, asked))))
            found["front"].append(ms(partial(pareto, problem, asked)))
            found["plan"].append(ms(partial(plan, problem, asked, None)))
            found["sure"].append(ms(partial(plan, problem, asked, 0.95)))
            found["sure front"].append(ms(partial(pareto, problem, asked, 0.95)))
        yield {
            "nodes": nodes, "variants": variants, "instances": instances,
            **{f"{name} ms": float(np.median(found[name])) for name in TIMES},
            "longest front ms": max(found["front"]), "plans": float(np.median(found["plans"])),
        }  # fmt: skip


def ms(work: Callable[[], object]) -> float:
    """Milliseconds of the processor that something takes."""
    began = time.process_time()
    work()
    return 1e3 * (time.process_time() - began)
