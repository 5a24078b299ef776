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

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Configuration, Graph
from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.samplers.search import Scores, Told, decide, known, orders
from flexiflow.samplers.space import Bools, Ints, Space

Floats = NDArray[np.float64]

_CELLS = 2**18  # numbers held by a block's table of indices
_DRAWS = 64
_LARGE_DRAWS = 16


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
    def scores(self) -> Scores:
        """Every configuration while nothing is paid, under every draw."""
        return self.index(slice(None), self.space.everything, None)

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """The best configuration of each draw while nothing is paid, `(draws,)`."""
        return np.asarray(self.scores.index.argmax(axis=1))

    def start(self, draw: int) -> Decision:
        """The first decision of a job of a small workflow, from what is computed already."""
        at = int(self.first[draw])
        configuration = tuple(self.space.everything[at].tolist())
        told = self.told(draw, configuration)
        price = self.scores.price
        return Decision(
            configuration,
            float(self.scores.passes[draw, at]),
            float(price[at] if price.ndim == 1 else price[draw, at]),
            told.passes,
            told.seconds,
            cache(lambda: self._explain(draw, at)),
        )

    def _explain(self, draw: int, at: int) -> Explanation:
        whole, each = self.shares
        chosen = self.space.everything[at].tolist()
        share = tuple(float(each[v][c]) for v, c in enumerate(chosen))
        start = self.scores.index[draw]
        return Explanation(
            float(whole[at]), share, orders(self.space, self.space.everything, start)
        )

    @cached_property
    def shares(self) -> tuple[Floats, list[Floats]]:
        """How many of the draws start with each configuration, and with each choice."""
        starts = self.space.everything[self.first]
        whole = np.bincount(self.first, minlength=len(self.space.everything))
        each = [np.bincount(starts[:, v], minlength=n) for v, n in enumerate(self.space.sizes)]
        return whole / self.draws, [counts / self.draws for counts in each]

    def index(self, draws: slice, among: Ints, unpaid: Bools | None) -> Scores:
        """P, price still to be paid and index of configurations; see :class:`Scorer`."""
        rows = self.space.rows_of(among)
        passes = self.beliefs.passes[draws][..., rows].prod(axis=-1)
        prices = self.beliefs.price[rows]
        price = (prices if unpaid is None else prices * unpaid).sum(axis=-1)
        return Scores(passes, price, passes / np.maximum(price, 1e-12))

    def preference(self, draw: int) -> list[Ints]:
        """For each node, its choices, best first."""
        worth = self.beliefs.passes[draw] / self.beliefs.price
        return [np.argsort(-worth[rows], kind="stable") for rows in self.space.rows]

    def told(self, draw: int, configuration: Configuration, nodes: tuple[float, ...] = ()) -> Told:
        """What was drawn for each node of a configuration."""
        rows = [int(self.space.rows[v][c]) for v, c in enumerate(configuration)]
        return Told(
            tuple(self.beliefs.passes[draw, rows].tolist()), known(self.beliefs.seconds[rows])
        )


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
            block = self._drawn(state.graph, state.seed)
            # Fibonacci hashing spreads neighbouring seeds evenly over the block.
            picked = (state.seed * 0x9E3779B97F4A7C15 >> 40) % block.draws
            state.draw = (block, picked)
        return _decided(state.draw[0], state.draw[1], state)

    def block(self, graph: Graph) -> Block | None:
        """The joint draws on which the next jobs of a graph rest; None before its first job."""
        return self._blocks.get(graph.digest)

    def _drawn(self, graph: Graph, seed: int) -> Block:
        block = self._blocks.get(graph.digest)
        if block is not None and block.space.graph.key != graph.key:
            block = None  # the weights have changed
        if block is None or self.evidence - block.evidence >= min(64, 1 + 0.02 * self.evidence):
            space = self._spaces.get(graph.digest)
            if space is None or space.graph.key != graph.key:
                space = self._spaces[graph.digest] = Space(graph)
            draws = min(_DRAWS, max(_CELLS // graph.size, 8)) if space.small else _LARGE_DRAWS
            beliefs = self.believe(space, draws, seed)
            block = self._blocks[graph.digest] = Block(space, beliefs, self.evidence)
        return block

    def forget_draws(self) -> None:
        """Draw anew for the next job, whatever the evidence."""
        self._blocks.clear()


def _decided(block: Block, picked: int, state: JobState) -> Decision | None:
    if state.fresh and block.space.small:
        return block.start(picked)
    return decide(block, picked, state)
