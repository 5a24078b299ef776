"""Finding the best configuration that is left, and why it was chosen.

Whoever can score configurations (:class:`Scorer`) is searched here: exhaustively where all
are enumerated, else by changing one or two nodes at a time, so that the cost of a decision
grows with the candidates and not with their product. The share of a scorer's joint draws that
choose the same is the *propensity* of a decision; it is computed only when asked for, after
the job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Configuration
from flexiflow.samplers.base import Decision, Explanation, JobState
from flexiflow.samplers.space import Bools, Ints, Space

Floats = NDArray[np.float64]

_ROUNDS = 5  # of improving a configuration in a large workflow


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of N configurations under n draws."""

    passes: Floats  #: P(pass), `(n, N)`
    price: Floats  #: price still to be paid, `(n, N)` or `(N,)`
    index: Floats  #: what the best one has most of, `(n, N)`
    nodes: tuple[Floats, ...] = ()  #: per node, the chance that its checks hold, as the price


class Told(NamedTuple):
    """What was drawn for each node of a configuration."""

    passes: tuple[float, ...]
    seconds: tuple[float | None, ...]


class Once:
    """A function that is called at most once; quicker to make than ``functools.cache``."""

    __slots__ = ("_found", "_make")

    def __init__(self, make: Callable[[], Explanation]) -> None:
        self._make = make
        self._found: Explanation | None = None

    def __call__(self) -> Explanation:
        """What the function gave."""
        if self._found is None:
            self._found = self._make()
        return self._found


class Scorer(Protocol):
    """Scores configurations of one graph for one job."""

    @property
    def space(self) -> Space:
        """The graph's configurations."""

    def index(self, draws: slice, among: Ints, unpaid: Bools | None) -> Scores:
        """Score configurations, `(N, nodes)`, under some draws.

        ``unpaid`` says where each still has something to run; None: everywhere.
        """

    def preference(self, draw: int) -> list[Ints]:
        """For each node, its choices by their own worth, best first."""

    def told(self, draw: int, configuration: Configuration, nodes: tuple[float, ...]) -> Told:
        """What was drawn for each node; ``nodes`` are the chances in its scores, if kept."""


def decide(scorer: Scorer, draw: int, state: JobState) -> Decision | None:
    """The best configuration that is left under one draw; None if none is."""
    if scorer.space.small:
        return _exactly(scorer, draw, state)
    return _nearby(scorer, draw, state)


def _exactly(scorer: Scorer, draw: int, state: JobState) -> Decision | None:
    among = scorer.space.everything
    if state.fresh:
        scores = scorer.index(slice(draw, draw + 1), among, None)
        return decided(scorer, draw, among, scores, int(scores.index[0].argmax()))
    unpaid = scorer.space.unpaid(state, among)
    alive = scorer.space.alive(state, among, unpaid)
    if not alive.any():
        return None
    scores = scorer.index(slice(draw, draw + 1), among, unpaid)
    at = int(np.where(alive, scores.index[0], -np.inf).argmax())
    return decided(scorer, draw, among, scores, at, alive, unpaid)


def _nearby(scorer: Scorer, draw: int, state: JobState) -> Decision | None:
    """Improve by one or two changes until nothing improves."""
    space, prefer = scorer.space, scorer.preference(draw)
    centre: Configuration | None = space.first_alive(state, prefer)
    if centre is None:
        return None
    centres = [centre] if state.present is None else [centre, state.present]
    best = -np.inf
    for _ in range(_ROUNDS):
        among = space.near(centres, prefer)
        unpaid = space.unpaid(state, among)
        alive = space.alive(state, among, unpaid)
        among, unpaid = among[alive], unpaid[alive]
        scores = scorer.index(slice(draw, draw + 1), among, unpaid)
        at = int(scores.index[0].argmax())
        if scores.index[0, at] <= best:
            break
        best, centres = float(scores.index[0, at]), [tuple(among[at].tolist())]
        found = among, scores, at, unpaid
    among, scores, at, unpaid = found
    return decided(scorer, draw, among, scores, at, np.ones(len(among), dtype=bool), unpaid)


def decided(
    scorer: Scorer,
    draw: int,
    among: Ints,
    scores: Scores,
    at: int,
    alive: Bools | None = None,
    unpaid: Bools | None = None,
) -> Decision:
    """The decision for one of the configurations that were scored under one draw."""
    why = Once(lambda: explain(scorer, draw, among, at, alive, unpaid))
    return put(scorer, draw, among, scores, 0, at, why)


def put(
    scorer: Scorer,
    draw: int,
    among: Ints,
    scores: Scores,
    row: int,
    at: int,
    why: Callable[[], Explanation],
) -> Decision:
    """A decision put together from one row of scores."""
    configuration = tuple(among[at].tolist())
    price, *nodes = [
        float(part[at] if part.ndim == 1 else part[row, at])
        for part in (scores.price, *scores.nodes)
    ]
    told = scorer.told(draw, configuration, tuple(nodes))
    passes = float(scores.passes[row, at])
    return Decision(configuration, passes, price, told.passes, told.seconds, why)


def explain(
    scorer: Scorer,
    draw: int,
    among: Ints,
    at: int,
    alive: Bools | None,
    unpaid: Bools | None,
) -> Explanation:
    """Propensities of a choice among configurations, and the orders it was offered in."""
    every = scorer.index(slice(None), among, unpaid).index
    offered = every[draw]
    if alive is not None:
        every = np.where(alive, every, -np.inf)
    best = every.argmax(axis=1)
    path = np.count_nonzero(best == at) / len(best)
    share = tuple((among[best] == among[at]).mean(axis=0).tolist())
    return Explanation(path, share, orders(scorer.space, among, offered))


def starts(space: Space, index: Floats) -> list[Explanation]:
    """Why each draw starts with the best of all configurations, by the index, `(draws, N)`."""
    best = index.argmax(axis=1)
    path = np.bincount(best)[best] / len(best)
    chosen = space.everything[best].T
    share = np.array([np.bincount(picks)[picks] for picks in chosen]).T / len(best)
    grid = index.reshape(-1, *space.sizes)
    nodes = range(1, grid.ndim)
    tops = [grid.max(axis=tuple(u for u in nodes if u != v)) for v in nodes]
    offered = zip(*[(-top).argsort(axis=1, kind="stable").tolist() for top in tops], strict=True)
    return [
        Explanation(p, tuple(s), tuple(map(tuple, order)))
        for p, s, order in zip(path.tolist(), share.tolist(), offered, strict=True)
    ]


def orders(space: Space, among: Ints, scores: Floats) -> tuple[tuple[int, ...], ...]:
    """Per node, its choices by the best index of a configuration that makes them."""
    nodes = range(len(space.sizes))
    if space.is_everything(among):
        grid = scores.reshape(space.sizes)
        tops = [grid.max(axis=tuple(u for u in nodes if u != v)) for v in nodes]
    else:
        tops = [np.full(size, -np.inf) for size in space.sizes]
        for v in nodes:
            np.maximum.at(tops[v], among[:, v], scores)
    return tuple(tuple((-top).argsort(kind="stable").tolist()) for top in tops)


def known(seconds: Floats) -> tuple[float | None, ...]:
    """Seconds as plain numbers; None for what was never seen (NaN)."""
    return tuple(None if s != s else s for s in seconds.tolist())
