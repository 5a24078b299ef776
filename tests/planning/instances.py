"""Small random planning problems, and every plan of them, one by one."""

from __future__ import annotations

import itertools

import numpy as np

from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Seconds
from flexiflow.planning.problem import Offer, Problem, Step

Parents = tuple[tuple[int, ...], ...]

SHAPES: dict[str, Parents] = {
    "chain": ((), (0,), (1,)),
    "diamond": ((), (0,), (0,), (1, 2)),
    "two ends": ((), (0,), (0,)),
    "two starts": ((), (), (0, 1), (2,)),
    "skip": ((), (0,), (0, 1)),
    "one": ((),),
    "zigzag": ((), (), (0,), (0, 1)),
}


def stages(rng: np.random.Generator, nodes: int, size: int, whole: bool) -> list[Choices]:
    """Random choices, with ties; costs are whole numbers or not."""
    found = []
    for _ in range(nodes):
        cost = rng.integers(1, 6, size).astype(float)
        cost = cost if whole else cost + rng.uniform(0, 1, size)
        latency, gain = rng.integers(1, 12, size) / 8.0, -rng.integers(0, 8, size) / 4.0
        number = np.arange(size)
        found.append(Choices(number, np.ones(size, dtype=np.intp), latency, cost, gain))
    return found


def paths_of(shape: str) -> tuple[frozenset[int], ...]:
    """The paths of a shape, from its parents."""
    return paths_from(SHAPES[shape])


def graph(rng: np.random.Generator, nodes: int, series_parallel: bool) -> Parents:
    """Whom each node of a random graph reads; where asked for, without transitive edges too."""
    if not series_parallel:
        return tuple(tuple(p for p in range(v) if rng.random() < 0.4) for v in range(nodes))
    if nodes == 1:
        return ((),)
    cut = int(rng.integers(1, nodes))
    first, second = graph(rng, cut, True), graph(rng, nodes - cut, True)
    read = {p for parents in first for p in parents}
    ends = tuple(v for v in range(cut) if v not in read) if rng.random() < 0.5 else ()
    return first + tuple(tuple(p + cut for p in ps) if ps else ends for ps in second)


def kept(paths: tuple[frozenset[int], ...]) -> tuple[frozenset[int], ...]:
    """The paths that are in no other one."""
    return tuple(p for p in paths if not any(p < other for other in paths))


def paths_from(parents: Parents) -> tuple[frozenset[int], ...]:
    """The paths of a graph, by going through all chains of edges."""
    children = {p: [k for k, ps in enumerate(parents) if p in ps] for p in range(len(parents))}

    def onwards(k: int) -> list[list[int]]:
        after = [[k, *rest] for child in children[k] for rest in onwards(child)]
        return after or [[k]]

    return tuple(frozenset(p) for k, ps in enumerate(parents) if not ps for p in onwards(k))


def every_plan(stages: list[Choices], paths: tuple[frozenset[int], ...]) -> list[tuple[float, ...]]:
    """Latency, cost and gain of every combination of choices."""
    found = []
    for picks in itertools.product(*(range(len(s.cost)) for s in stages)):
        chosen = list(zip(stages, picks, strict=True))
        latency = max(sum(float(stages[v].latency[picks[v]]) for v in path) for path in paths)
        cost = sum(float(s.cost[k]) for s, k in chosen)
        found.append((latency, cost, sum(float(s.gain[k]) for s, k in chosen)))
    return found


def best_by_cost(
    plans: list[tuple[float, ...]], sla: float, budget: float | None
) -> list[tuple[float, float]]:
    """The front of cost and gain, by sorting."""
    inside = [(c, g) for t, c, g in plans if t <= sla and (budget is None or c <= budget)]
    front: list[tuple[float, float]] = []
    for cost, gain in sorted(inside, key=lambda p: (p[0], -p[1])):
        if not front or gain > front[-1][1] + 1e-12:
            front.append((cost, gain))
    return front


def offer(variant: str, accuracy: float, seconds: float, batch: int = 1, cores: float = 1) -> Offer:
    """An offer whose seconds are all but certain and constant."""
    return Offer(variant, batch, cores, Seconds.of([seconds] * 200, spread=1e-4), accuracy)


def ladder(nodes: int, variants: int, batches: tuple[int, ...] = (1, 4)) -> Problem:
    """A chain in which more accurate variants take longer and more cores."""
    steps = []
    for s in range(nodes):
        offers = [
            offer(
                f"v{k}", 0.6 + 0.35 * k / variants, 0.02 * (1 + s + k) * (0.4 + 0.6 * b), b, 1 + k
            )
            for k in range(variants)
            for b in batches
        ]
        steps.append(Step(f"n{s}", tuple(offers), (f"n{s - 1}",) if s else ()))
    return Problem(tuple(steps))
