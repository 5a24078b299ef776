"""Simulated workflows of the shape of real ones, drawn from a seed.

Every job is of a hidden type. The type gives each candidate of each node its chance of being
good on the job, and a configuration is right if all its candidates are good and no two of
them that meet on an edge are incompatible. One assertion at the end tells right from wrong
with a small error each way, drawn once for a job and configuration. Seconds are log-normal:
candidates differ in their means, calls scatter around them. All this is drawn beforehand from
one seed, by (job, node, candidate), so that every policy meets the same jobs.

The defaults are the published shape: a chain of 4, 3 and 3 candidates with one assertion at
its end, the steps getting quicker along the chain. With them, some 0.95 of the jobs have a
configuration that passes, and the single best configuration passes on just under half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rng = np.random.Generator

FRESH = 4000  # further jobs of the same world, for who is to know it by heart


@dataclass(frozen=True)
class World:
    """A kind of workflow and of jobs; :func:`draw` makes one of it.

    Attributes
    ----------
    name
        What the workflow is called.
    sizes
        Candidates of each node.
    parents
        For each node, the earlier nodes whose values it reads; none: it reads the job.
    seconds
        Typical seconds of each node.
    spread, noise
        Standard deviation of the log of the candidates' mean seconds, and of single calls.
    types
        Hidden types of jobs, all as frequent.
    chance, strength
        Chances of being good are Beta(chance·strength, (1 − chance)·strength) over types
        and candidates; a strength below 1 makes most of them near 0 or 1.
    error
        How often the assertion is wrong, each way.
    incompatible
        Share of the pairs of candidates on an edge that never do together.
    features, blur
        Numbers shown as context, and the standard deviation of their noise: smooth functions
        of the job's angle on a circle whose sectors are the types; none by default.
    jobs
        How many jobs there are.
    breaks
        (node, job): the candidate of this node that passes most is never good from that
        job on.
    """

    name: str
    sizes: tuple[int, ...] = (4, 3, 3)
    parents: tuple[tuple[int, ...], ...] = ((), (0,), (1,))
    seconds: tuple[float, ...] = (4.0, 2.0, 1.0)
    spread: float = 0.5
    noise: float = 0.5
    types: int = 3
    chance: float = 0.655
    strength: float = 4.0
    error: float = 0.02
    incompatible: float = 0.0
    features: int = 0
    blur: float = 0.2
    jobs: int = 300
    breaks: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        nodes = len(self.sizes)
        if not nodes == len(self.parents) == len(self.seconds):
            raise BadInput(
                "sizes, parents and seconds must have one entry a node. Got "
                f"{nodes}, {len(self.parents)} and {len(self.seconds)} entries."
            )
        if any(not 0 <= p < v for v, parents in enumerate(self.parents) for p in parents):
            raise BadInput(f"A node must read earlier nodes only. Got parents={self.parents!r}.")
        if self.breaks is not None and not (
            0 <= self.breaks[0] < nodes and 0 < self.breaks[1] < self.jobs
        ):
            raise BadInput(
                f"breaks must be one of the {nodes} nodes and a job after the first of the "
                f"{self.jobs}. Got {self.breaks!r}."
            )

    @property
    def edges(self) -> list[tuple[int, int]]:
        """The pairs of a node and one that reads it."""
        return [(u, v) for v, parents in enumerate(self.parents) for u in parents]

    @property
    def sinks(self) -> list[int]:
        """The nodes that no other reads: what the assertion checks."""
        return [v for v in range(len(self.sizes)) if all(v not in p for p in self.parents)]

    @cached_property
    def lineage(self) -> list[list[int]]:
        """For each node, itself and all nodes that influence it, ascending."""
        found: list[list[int]] = []
        for v, parents in enumerate(self.parents):
            found.append(sorted({v}.union(*(found[p] for p in parents))))
        return found

    @cached_property
    def configurations(self) -> Ints:
        """Every configuration, `(configurations, nodes)`, the last node changing fastest."""
        grids = np.indices(self.sizes).reshape(len(self.sizes), -1)
        return np.ascontiguousarray(grids.T.astype(np.int64))

    @cached_property
    def runs(self) -> Ints:
        """A number for what each configuration runs at each node, `(configurations, nodes)`.

        Two configurations that agree on all that influences a node share the run there.
        """
        columns = []
        for lineage in self.lineage:
            chosen = tuple(self.configurations[:, lineage].T)
            columns.append(np.ravel_multi_index(chosen, [self.sizes[v] for v in lineage]))
        return np.stack(columns, axis=1)


class Fresh(NamedTuple):
    """Further jobs: verdicts on all configurations, `(jobs, configurations)`, and types."""

    passes: Bools
    types: Ints


@dataclass(frozen=True, eq=False)
class Simulation:
    """A world as it was drawn.

    Attributes
    ----------
    passes, right
        The assertion's verdict and the truth, `(jobs, configurations)`.
    types
        The hidden type of each job, `(jobs,)`.
    seconds
        Of a call at each node, `(jobs, candidates)` each.
    expected
        Their means, `(candidates,)` for each node.
    features
        What is shown of the job, `(jobs, features)`.
    fresh
        Further jobs of the same world; of a world that breaks, before and after.
    """

    world: World
    passes: Bools
    right: Bools
    types: Ints
    seconds: tuple[Floats, ...]
    expected: tuple[Floats, ...]
    features: Floats
    fresh: tuple[Fresh, ...]


@dataclass(frozen=True, eq=False)
class _Nature:
    """What holds for all jobs of a simulation."""

    world: World
    chances: list[Floats]
    incompatible: Mapping[tuple[int, int], Bools]

    def truth(self, rng: Rng, types: Ints, broken: tuple[int, int, int] | None) -> Bools:
        """Which configurations are right on jobs of these types, `(jobs, configurations)`.

        ``broken``: node, candidate and the job from which on it is never good.
        """
        configurations = self.world.configurations
        right = np.ones((len(types), len(configurations)), dtype=bool)
        for v, chances in enumerate(self.chances):
            good = rng.random((len(types), chances.shape[1])) < chances[types]
            if broken is not None and broken[0] == v:
                good[broken[2] :, broken[1]] = False
            right &= good[:, configurations[:, v]]
        for (u, v), pairs in self.incompatible.items():
            right &= ~pairs[configurations[:, u], configurations[:, v]]
        return right


def draw(world: World, seed: int) -> Simulation:
    """Draw a world and its jobs.

    Worlds that differ only in ``features``, ``blur`` or ``noise`` have the same jobs and
    verdicts at the same seed.

    Examples
    --------
    >>> draw(World("chain", jobs=50), seed=1).passes.shape
    (50, 36)
    """
    streams = np.random.SeedSequence(seed).spawn(6)
    kind, items, errors, calls, sight, others = map(np.random.default_rng, streams)
    a, b = world.chance * world.strength, (1.0 - world.chance) * world.strength
    nature = _Nature(
        world,
        [kind.beta(a, b, size=(world.types, size)) for size in world.sizes],
        {
            (u, v): kind.random((world.sizes[u], world.sizes[v])) < world.incompatible
            for u, v in world.edges
        },
    )
    expected = tuple(
        typical * np.exp(world.spread * kind.normal(size=size))
        for typical, size in zip(world.seconds, world.sizes, strict=True)
    )
    fresh = [_fresh(nature, others, None)]
    broken = None
    if world.breaks is not None:
        node, job = world.breaks
        broken = node, _best_at(node, world, fresh[0].passes), job
        fresh.append(_fresh(nature, others, (*broken[:2], 0)))
    angle = items.random(world.jobs)
    types = (angle * world.types).astype(np.int64)
    right = nature.truth(items, types, broken)
    scatter = [world.noise * calls.normal(size=(world.jobs, size)) for size in world.sizes]
    seconds = tuple(
        mean * np.exp(log - world.noise**2 / 2) for mean, log in zip(expected, scatter, strict=True)
    )
    passes = right ^ (errors.random(right.shape) < world.error)
    shown = _features(world, sight, angle)
    return Simulation(world, passes, right, types, seconds, expected, shown, tuple(fresh))


def _fresh(nature: _Nature, rng: Rng, broken: tuple[int, int, int] | None) -> Fresh:
    world = nature.world
    types = rng.integers(world.types, size=FRESH)
    right = nature.truth(rng, types, broken)
    return Fresh(right ^ (rng.random(right.shape) < world.error), types)


def _best_at(node: int, world: World, passes: Bools) -> int:
    """The candidate of a node whose configurations pass most."""
    chosen = world.configurations[:, node]
    rates = [passes[:, chosen == k].mean() for k in range(world.sizes[node])]
    return int(np.argmax(rates))


def _features(world: World, rng: Rng, angle: Floats) -> Floats:
    """What is shown of jobs at these angles (turns), `(jobs, features)`."""
    turns = 2.0 * np.pi * angle
    place = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    mix, shift = rng.normal(size=(2, world.features)), 0.5 * rng.normal(size=world.features)
    seen = np.tanh(1.5 * place @ mix + shift)
    return np.asarray(seen + world.blur * rng.normal(size=seen.shape))
