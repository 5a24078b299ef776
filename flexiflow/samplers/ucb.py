"""Cost-aware cascading bandits: an upper bound on the pass over a lower bound on the price."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from flexiflow.posteriors import Floats
from flexiflow.samplers.counted import Counted, Rows, number
from flexiflow.samplers.lifted import Beliefs
from flexiflow.samplers.space import Space


class Optimistic(Counted):
    """Base of the samplers that act on confidence bounds; they draw nothing.

    Every factor of a pass probability is replaced by its upper bound and expected seconds by
    their lower bound; a decision's ``pass_probability`` and ``price`` are made of these bounds.
    What was never tried counts as sure to pass in no time, so that each candidate is tried
    once before any is preferred. A declared cost is known and needs no bound.

    A bound depends on how often a candidate was seen and on how often all candidates of its
    node were: as in UCB1 the latter counts the runs, not the jobs. Bounds on a mean of values
    between 0 and 1 need seconds in a unit: it is the mean of the slowest candidate of the
    node, since nobody states the longest possible run.
    """

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = number("least", least, lambda x: 0 < x <= 1, "above 0 and at most 1")

    @abstractmethod
    def upper(self, mean: Floats, count: Floats, total: Floats) -> Floats:
        """Upper bounds, at most 1, on expectations of values from 0 to 1.

        Parameters
        ----------
        mean
            Of what was seen, `(n,)`.
        count
            How much was seen, `(n,)`; above 0.
        total
            How much was seen over all candidates of the same node, `(n,)`; at least ``count``.
        """

    def believe(self, space: Space, draws: int, seed: int) -> Beliefs:
        """Make the beliefs of a graph's candidates; one row, for there is nothing to draw."""
        return super().believe(space, 1, seed)

    def passing(self, rows: Rows, draws: int, rng: np.random.Generator) -> Floats:
        """Upper bounds on how often an assertion holds, `(1, len(rows))`."""
        table = self.passes.table
        return self._bound(table.sums[rows], table.others(rows))[None]

    def completing(self, rows: Rows) -> Floats:
        """Upper bounds on how often a run ends with a value, `(len(rows),)`."""
        table = self.completes.table
        return self._bound(table.sums[rows], table.others(rows))

    def lasting(self, space: Space, rows: Rows) -> Floats:
        """Lower bounds on the expected seconds, `(candidates,)`; 0 where nothing was seen."""
        table = self.seconds.table
        (count, summed, *_), others = table.sums[rows].T, table.others(rows)[:, 0]
        seen = count > 0
        mean = self.seconds.mean(rows)
        mean[seen] = summed[seen] / count[seen]
        unit = np.empty_like(mean)
        for start, stop in zip(space.offsets, (*space.offsets[1:], len(rows)), strict=True):
            unit[start:stop] = max(mean[start:stop].max(), self.seconds.LEAST)
        lower = np.zeros_like(mean)
        share = mean[seen] / unit[seen]
        # A lower bound on the mean of x is 1 less an upper bound on that of 1 - x.
        bound = 1.0 - self.upper(1.0 - share, count[seen], (count + others)[seen])
        lower[seen] = np.maximum(bound, self.least)
        return np.asarray(unit * lower)

    def _bound(self, sums: Floats, others: Floats) -> Floats:
        count = sums.sum(axis=1)
        seen = count > 0
        bound = np.ones(len(sums))
        total = count + others.sum(axis=1)
        bound[seen] = self.upper(sums[seen, 0] / count[seen], count[seen], total[seen])
        return bound


class UCB(Optimistic):
    """CC-UCB, cost-aware cascading UCB [1]_: rank by ``U / L``.

    ``U = min(mean + u, 1)`` bounds the pass probability and ``L = max(mean - u, least)`` the
    price, with ``u = sqrt(alpha * log(t) / n)`` for a candidate that was seen ``n`` times among
    ``t`` runs at its node; see :class:`Optimistic` for the unit of the price. The paper also
    leaves out what is not worth its price; here ``stop_when`` does.

    Parameters
    ----------
    alpha
        Width of the bounds. The paper's guarantee asks for 1.5 or more.
    least
        The paper's lower limit of every price, as a share of the slowest candidate's.

    References
    ----------
    .. [1] Zhou, R., Gan, C., Yang, J. & Shen, C. (2018). Cost-aware cascading bandits. IJCAI.

    Examples
    --------
    >>> sampler = UCB()
    >>> bounds = sampler.upper(np.array([0.5]), np.array([100.0]), np.array([400.0]))
    >>> bounds.round(3).tolist()
    [0.8]
    """

    def __init__(self, alpha: float = 1.5, least: float = 0.01) -> None:
        super().__init__(least)
        self.alpha = number("alpha", alpha, lambda x: 0 < x < math.inf, "above 0 and finite")

    def upper(self, mean: Floats, count: Floats, total: Floats) -> Floats:
        """``mean + sqrt(alpha * log(total) / count)``, at most 1, `(n,)`."""
        return np.asarray(np.minimum(mean + np.sqrt(self.alpha * np.log(total) / count), 1.0))
