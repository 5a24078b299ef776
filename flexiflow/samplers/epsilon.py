"""Epsilon-greedy: the best so far, and now and then a job spent on trying at random."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from flexiflow.graph import Configuration
from flexiflow.samplers.base import Decision, Explanation, JobState
from flexiflow.samplers.counted import number
from flexiflow.samplers.greedy import Greedy
from flexiflow.samplers.lifted import Block
from flexiflow.samplers.space import Ints, Space


class EpsilonGreedy(Greedy):
    """Explore a share of the jobs at random; on the others, take the best posterior mean [1]_.

    Whether a job explores follows from its seed. One that does proposes, after every failure
    too, any of the configurations that are left with the same probability.

    A propensity is that of the next configuration *given those proposed before it on this
    job*: a job that has left the greedy order once is known to explore. In a workflow that is
    too large to enumerate, choices are shuffled at each node, and propensities are those of
    this shuffle while nothing is excluded.

    Parameters
    ----------
    epsilon
        Share of the jobs that explore; 0 is greedy and 1 is random.

    References
    ----------
    .. [1] Sutton, R. S. & Barto, A. G. (2018). Reinforcement learning: an introduction, 2nd
       edition, section 2.2. MIT Press.

    Examples
    --------
    >>> sampler = EpsilonGreedy(epsilon=0.05)
    """

    def __init__(self, epsilon: float = 0.1) -> None:
        super().__init__()
        self.epsilon = number("epsilon", epsilon, lambda x: 0 <= x <= 1, "from 0 to 1")

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Give each job the best configuration left, or any, as its seed has decided."""
        return [self._propose(state) for state in states]

    def _propose(self, state: JobState) -> Decision | None:
        course: _Course | None = state.draw
        if course is None:
            rng = np.random.default_rng(state.seed)
            course = _Course(rng, bool(rng.random() < self.epsilon), self.epsilon)
        state.draw = course.draw
        (best,) = super().propose([state])
        course.draw, state.draw = state.draw, course
        if best is None:
            return None
        block: Block = course.draw[0]
        left = _left(block.space, state)
        chosen = _any(block.space, left, state, course.rng) if course.explores else None
        return course.told(block, state, left, best, chosen)


@dataclass(slots=True)
class _Course:
    """What is kept of one job.

    ``suspicion`` is the probability that the job explores, given what it has proposed so far;
    ``draw`` is the greedy sampler's own.
    """

    rng: np.random.Generator
    explores: bool
    suspicion: float
    draw: Any = None

    def told(
        self,
        block: Block,
        state: JobState,
        left: Ints | None,
        best: Decision,
        chosen: Configuration | None,
    ) -> Decision:
        """The decision with its propensity; ``chosen`` is None where the best one is taken."""
        decision = best
        if chosen is not None and chosen != best.configuration:
            decision = _instead(best, block, state, chosen)
        end, prior, even = decision.configuration, self.suspicion, _even(block.space, left)
        same = float(end == best.configuration)
        path = prior * even + (1.0 - prior) * same
        self.suspicion = prior * even / path

        def explain() -> Explanation:
            shares = _shares(block.space, left, end)
            each = tuple(
                prior * share + (1.0 - prior) * (a == b)
                for share, a, b in zip(shares, end, best.configuration, strict=True)
            )
            told = best.explain().orders
            written = tuple(tuple(range(size)) for size in block.space.sizes)
            return Explanation(path, each, told if chosen is None else written)

        return replace(decision, explain=cache(explain))


def _left(space: Space, state: JobState) -> Ints | None:
    """The configurations a job may still be given; None where there are too many to list."""
    if not space.small:
        return None
    every = space.everything
    return every if state.fresh else every[space.alive(state, every)]


def _any(
    space: Space, left: Ints | None, state: JobState, rng: np.random.Generator
) -> Configuration | None:
    if left is not None:
        return tuple(left[rng.integers(len(left))].tolist())
    prefer = []
    for v, size in enumerate(space.sizes):
        order = rng.permutation(size)
        barred = [(v, int(k)) in state.barred for k in order]
        prefer.append(order[np.argsort(barred, kind="stable")])
    return space.first_alive(state, prefer)


def _even(space: Space, left: Ints | None) -> float:
    return max(1 / (space.graph.size if left is None else len(left)), sys.float_info.min)


def _shares(space: Space, left: Ints | None, chosen: Configuration) -> list[float]:
    """Per node, the chance that an even choice among those left makes the chosen one."""
    if left is None:
        return [1.0 / size for size in space.sizes]
    return [float(share) for share in (left == np.array(chosen)).mean(axis=0)]


def _instead(best: Decision, block: Block, state: JobState, chosen: Configuration) -> Decision:
    """The decision for another configuration than the best, with what is believed of it."""
    one = np.array([chosen], dtype=np.int64)
    scores = block.index(slice(0, 1), one, block.space.unpaid(state, one))
    told = block.told(0, chosen)
    return replace(
        best,
        configuration=chosen,
        pass_probability=float(scores.passes[0, 0]),
        price=float(scores.price.flat[0]),
        node_pass=told.passes,
        node_seconds=told.seconds,
    )
