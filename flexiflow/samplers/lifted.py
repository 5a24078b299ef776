"""From beliefs about candidates at nodes to decisions about whole configurations.

A sampler that knows, for each candidate of each node, a pass probability and a price is
lifted to configurations here: P is the product over the nodes, the price is the sum over
what is *still to be paid* given the job's memo, and the best index P / price comes first.
On one node this is the exchange argument's optimum of 'try in order, stop at the first
pass' [1]_; with shared prefixes it is a heuristic.

Draws come in blocks: a block of joint draws from the posterior serves several jobs, each of
which acts on one of them, picked by the job's seed. The block is drawn anew when the
evidence has grown by a fiftieth, or by 64 records, so the first jobs each get a fresh one.
The share of the block's draws that choose the same is the *propensity* of a decision.

References
----------
.. [1] Zhou, R., Gan, C., Yang, J. & Shen, C. (2018). Cost-aware cascading bandits. IJCAI.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Configuration, Graph
from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.samplers.space import Bools, Ints, Space

Floats = NDArray[np.float64]

_CELLS = 2**18  # numbers held by a block's table of indices
_DRAWS = 64
_LARGE_DRAWS = 16
_ROUNDS = 5  # of improving a configuration in a large workflow


@dataclass(frozen=True)
class Beliefs:
    """Joint draws of what a sampler believes about a graph's candidates.

    Attributes
    ----------
    passes
        Pass probabilities, `(draws, candidates)`.
    seconds
        Expected seconds of one run, `(candidates,)`; NaN where nothing was seen.
    price
        Expected price of one run, `(candidates,)`; above 0.
    """

    passes: Floats
    seconds: Floats
    price: Floats


class Block:
    """A block of draws and, for small workflows, the first decision of each of them."""

    def __init__(self, space: Space, beliefs: Beliefs, evidence: int) -> None:
        self.space, self.beliefs, self.evidence = space, beliefs, evidence

    @property
    def draws(self) -> int:
        """How many joint draws it holds."""
        return len(self.beliefs.passes)

    @cached_property
    def scores(self) -> Floats:
        """Index of every configuration while nothing is paid, `(draws, size)`."""
        return self.index(slice(None), self.space.everything_rows, None)[2]

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """The best configuration of each draw while nothing is paid, `(draws,)`."""
        return np.asarray(self.scores.argmax(axis=1))

    @cached_property
    def shares(self) -> tuple[Floats, list[Floats]]:
        """How many of the draws start with each configuration, and with each choice."""
        starts = self.space.everything[self.first]
        whole = np.bincount(self.first, minlength=len(self.space.everything))
        each = [np.bincount(starts[:, v], minlength=n) for v, n in enumerate(self.space.sizes)]
        return whole / self.draws, [counts / self.draws for counts in each]

    def index(
        self, draw: int | slice, rows: NDArray[np.intp], unpaid: Bools | None
    ) -> tuple[Floats, Floats, Floats]:
        """P, price still to be paid and index of configurations given by candidate rows."""
        passes = self.beliefs.passes[draw][..., rows].prod(axis=-1)
        prices = self.beliefs.price[rows]
        price = (prices if unpaid is None else prices * unpaid).sum(axis=-1)
        return passes, price, passes / np.maximum(price, 1e-12)


class Lifted(Sampler):
    """Base of the samplers that score candidates node by node."""

    def __init__(self) -> None:
        self._spaces: dict[str, Space] = {}
        self._blocks: dict[str, Block] = {}
        self.evidence = 0

    @abstractmethod
    def believe(self, space: Space, draws: int, seed: int) -> Beliefs:
        """Draw joint beliefs about the candidates of a graph."""

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Give each job the configuration with the best index under its own draw."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        if state.draw is None:
            block = self._block(state.graph, state.seed)
            # Fibonacci hashing spreads neighbouring seeds evenly over the block.
            picked = (state.seed * 0x9E3779B97F4A7C15 >> 40) % block.draws
            state.draw = (block, picked)
        block, picked = state.draw
        if not block.space.small:
            return _decide_near(block, picked, state)
        if state.fresh:
            return _decision(block, picked, int(block.first[picked]), None, None)
        return _decide_exactly(block, picked, state)

    def _block(self, graph: Graph, seed: int) -> Block:
        block = self._blocks.get(graph.digest)
        if block is None or self.evidence - block.evidence >= min(64, 1 + 0.02 * self.evidence):
            space = self._spaces.get(graph.digest)
            if space is None:
                space = self._spaces[graph.digest] = Space(graph)
            draws = min(_DRAWS, max(_CELLS // graph.size, 8)) if space.small else _LARGE_DRAWS
            beliefs = self.believe(space, draws, seed)
            block = self._blocks[graph.digest] = Block(space, beliefs, self.evidence)
        return block

    def forget_draws(self) -> None:
        """Draw anew for the next job, whatever the evidence."""
        self._blocks.clear()


def _decide_exactly(block: Block, picked: int, state: JobState) -> Decision | None:
    space = block.space
    alive = space.alive(state, space.everything)
    if not alive.any():
        return None
    unpaid = space.unpaid(state, space.everything)
    scores = np.where(alive, block.index(picked, space.everything_rows, unpaid)[2], -1.0)
    return _decision(block, picked, int(scores.argmax()), alive, unpaid)


def _decision(
    block: Block, picked: int, at: int, alive: Bools | None, unpaid: Bools | None
) -> Decision:
    """A decision of a small workflow; ``alive`` and ``unpaid`` are None at a job's start."""
    space, beliefs = block.space, block.beliefs
    configuration = tuple(space.everything[at].tolist())
    rows = space.everything_rows[at]
    passes = beliefs.passes[picked, rows].tolist()
    prices = beliefs.price[rows].tolist()
    if unpaid is not None:
        prices = [p for p, due in zip(prices, unpaid[at].tolist(), strict=True) if due]
    return Decision(
        configuration,
        prod(passes),
        sum(prices),
        tuple(passes),
        _known(beliefs.seconds[rows]),
        cache(lambda: _explain(block, picked, space.everything, at, alive, unpaid)),
    )


def _known(seconds: Floats) -> tuple[float | None, ...]:
    return tuple(None if s != s else s for s in seconds.tolist())


def _explain(
    block: Block, picked: int, among: Ints, at: int, alive: Bools | None, unpaid: Bools | None
) -> Explanation:
    space, chosen = block.space, among[at].tolist()
    if alive is None:
        start = block.scores[picked]
        whole, each = block.shares
        path, share = float(whole[at]), tuple(float(each[v][c]) for v, c in enumerate(chosen))
    else:
        rows = space.candidate_rows(among)
        start = block.index(picked, rows, None)[2]
        every = np.where(alive, block.index(slice(None), rows, unpaid)[2], -1.0)
        best = every.argmax(axis=1)
        path = float((best == at).mean())
        share = tuple((among[best] == among[at]).mean(axis=0).tolist())
    return Explanation(path, share, _orders(space, among, start))


def _orders(space: Space, among: Ints, scores: Floats) -> tuple[tuple[int, ...], ...]:
    """Per node, its choices by the best index of a configuration that makes them."""
    nodes = range(len(space.sizes))
    if space.is_everything(among):
        grid = scores.reshape(space.sizes)
        tops = [grid.max(axis=tuple(u for u in nodes if u != v)) for v in nodes]
    else:
        tops = [np.full(size, -1.0) for size in space.sizes]
        for v in nodes:
            np.maximum.at(tops[v], among[:, v], scores)
    return tuple(tuple((-top).argsort(kind="stable").tolist()) for top in tops)


def _decide_near(block: Block, picked: int, state: JobState) -> Decision | None:
    """A decision of a large workflow: improve by one or two changes until nothing improves."""
    space = block.space
    passes, price = block.beliefs.passes[picked], block.beliefs.price
    prefer = [np.argsort(-(passes / price)[rows], kind="stable") for rows in space.rows]
    centre: Configuration | None = space.first_alive(state, prefer)
    if centre is None:
        return None
    centres = [centre] if state.present is None else [centre, state.present]
    best_score = -1.0
    for _ in range(_ROUNDS):
        among = space.near(centres, prefer)
        alive, unpaid = space.alive(state, among), space.unpaid(state, among)
        among, unpaid = among[alive], unpaid[alive]
        p, due, scores = block.index(picked, space.candidate_rows(among), unpaid)
        at = int(scores.argmax())
        if scores[at] <= best_score:
            break
        best_score, centres = float(scores[at]), [tuple(among[at].tolist())]
        found = among, at, unpaid, p[at], due[at]
    among, at, unpaid, chance, due_now = found
    configuration = tuple(among[at].tolist())
    rows = [int(space.rows[v][c]) for v, c in enumerate(configuration)]
    everything_alive = np.ones(len(among), dtype=bool)
    return Decision(
        configuration,
        float(chance),
        float(due_now),
        tuple(passes[rows].tolist()),
        _known(block.beliefs.seconds[rows]),
        cache(lambda: _explain(block, picked, among, at, everything_alive, unpaid)),
    )
