"""How much can still be added from a label on: Lagrangian bounds by binned cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Floats
from flexiflow.planning.thinning import Ints
from flexiflow.planning.ways import Ways

_BINS = 1_200
_WHOLE_BINS = 6_000  # where costs are multiples of a unit, so that nothing is rounded
_PRICES = 11  # of a second, on a geometric grid, and 0
_ALONE = 6  # paths that are also priced alone
_ROUNDING = 1e-12


class Bounds:
    """Bounds on what completions add, over the price of latency and the binned final cost.

    Costs are counted in bins, rounded down: exact where they are whole multiples of a unit
    and few enough, otherwise a relaxation, so that nothing is lost.

    Parameters
    ----------
    stages
        The choices at each node, in the order in which nodes are taken.
    ways
        What of the paths lies ahead.
    sla, budget
        Bounds on the seconds along every path and on the cost; None: no bound.

    Attributes
    ----------
    feasible
        Whether each path alone, and the cheapest choices, are within the bounds.
    binned
        Per node, its choices' costs in bins.
    width
        Of a bin.
    """

    def __init__(
        self, stages: Sequence[Choices], ways: Ways, sla: float, budget: float | None
    ) -> None:
        self._stages, self._ways, self.sla = stages, ways, sla
        fastest = np.array([s.latency.min() for s in stages])
        cheapest = np.array([s.cost.min() for s in stages])
        self._seconds_ahead = [ways.least_ahead(k, fastest) for k in range(len(stages) + 1)]
        self._cost_ahead = np.append(np.cumsum(cheapest[::-1])[::-1], 0.0)
        dearest = float(sum(s.cost.max() for s in stages))
        self.most = dearest if budget is None else min(budget, dearest)
        self.feasible = bool(
            (self._seconds_ahead[0] <= sla).all() and self._cost_ahead[0] <= self.most
        )
        self.range = float(sum(np.ptp(s.gain) for s in stages)) or 1.0
        self.width = _unit([s.cost for s in stages], self.most)
        self.size = int(self.most / self.width + _ROUNDING) + 1
        self.binned = [np.floor(s.cost / self.width + 1e-9).astype(np.intp) for s in stages]
        self._prices = _prices(ways, self.range / sla)

    def possible(self, k: int, cost: Floats, seconds: Floats) -> tuple[Ints, Ints]:
        """Labels and choices of node k that together leave room for the fastest and cheapest."""
        stage, ways = self._stages[k], self._ways
        fits = cost[:, None] + stage.cost + self._cost_ahead[k + 1] <= self.most
        least = self._seconds_ahead[k]
        for c, rest in enumerate(ways.rests[k]):
            if k in rest:
                others = least[c] - stage.latency.min()
                fits &= seconds[:, c, None] + stage.latency + others <= self.sla
        label, choice = np.nonzero(fits)
        return label, choice

    @property
    def prices(self) -> int:
        """How many prices of latency there are."""
        return len(self._prices)

    def paid(self, k: int) -> Floats:
        """What each choice of node k adds less its priced seconds, `(prices, choices)`."""
        stage, price = self._stages[k], self._prices @ self._ways.members[:, k]
        return np.asarray(stage.gain - price[:, None] * stage.latency)

    def slack(self, k: int, seconds: Floats) -> Floats:
        """Priced seconds that are left after k nodes, `(n, prices)`."""
        column, width = self._ways.column[k], self._ways.width[k]
        weights = np.zeros((len(self._prices), width))
        for path, c in enumerate(column.tolist()):
            if c >= 0:
                weights[:, c] += self._prices[:, path]
        return np.asarray((self.sla - seconds) @ weights.T)

    @cached_property
    def ahead(self) -> list[Floats]:
        """Per number of nodes taken: G(u, c), `(prices, bins)`."""
        ahead = [np.zeros((len(self._prices), self.size))]
        for k in range(len(self._stages) - 1, -1, -1):
            after = ahead[-1]
            best = np.full_like(after, -np.inf)
            order = np.argsort(self.binned[k], kind="stable")
            bins, first = np.unique(self.binned[k][order], return_index=True)
            most = np.maximum.reduceat(self.paid(k)[:, order], first, axis=1)  # of each bin
            for paid, c in zip(most.T, bins.tolist(), strict=True):
                if c < self.size:
                    added = paid[:, None] + after[:, : self.size - c]
                    np.maximum(best[:, c:], added, out=best[:, c:])
            ahead.append(np.maximum.accumulate(best, axis=1))
        return ahead[::-1]

    def whole(self) -> Floats:
        """The bound on what a plan of each binned cost adds, `(bins,)`."""
        least = self.slack(0, np.zeros((1, self._ways.width[0])))[0]
        return np.asarray((self.ahead[0] + least[:, None]).min(axis=0))


@dataclass(frozen=True)
class Known:
    """What is known to be had: nothing is looked for that does not add more.

    Attributes
    ----------
    bounds
        What completions can add.
    at, level
        Binned costs, each the last before more is known to be had, and what is had up to it.
    """

    bounds: Bounds
    at: Ints
    level: Floats

    @classmethod
    def of(cls, bounds: Bounds, cost: Floats, gain: Floats) -> Known:
        """From the costs of some plans and what they add."""
        return cls.from_levels(bounds, _levels(bounds, cost, gain))

    @classmethod
    def from_levels(cls, bounds: Bounds, had: Floats) -> Known:
        """From what is had at each binned cost, ascending, `(bins,)`."""
        last = np.flatnonzero(np.concatenate([had[1:] > had[:-1], [True]]))
        return cls(bounds, last, had[last])

    def needed(self, k: int) -> Floats:
        """What gain and priced slack after k nodes have to exceed, `(prices, bins)`.

        By the price of latency and the binned cost so far: less leads to nothing new.
        """
        ahead = self.bounds.ahead[k]
        least = np.full_like(ahead, np.inf)
        for at, level in zip(self.at.tolist(), self.level.tolist(), strict=True):
            reached = ahead[:, at::-1]  # what can be added for the rest of this final cost
            part = least[:, : at + 1]
            with np.errstate(invalid="ignore"):  # nothing known less nothing to be had
                short = np.where(reached > -np.inf, level - reached, np.inf)
            np.minimum(part, short, out=part)
        return least + _ROUNDING * self.bounds.range


def guess(bounds: Bounds, near: float, cost: Floats, gain: Floats) -> Known:
    """What would be had if the bound were reached, less a share of all that can be added.

    Or what some plans add, where that is more.
    """
    step = near * bounds.range
    had = np.floor((bounds.whole() - step) / (step / 2)) * (step / 2)
    had = np.maximum.accumulate(np.nan_to_num(had, neginf=-1e300))
    return Known.from_levels(bounds, np.maximum(had, _levels(bounds, cost, gain)))


def _levels(bounds: Bounds, cost: Floats, gain: Floats) -> Floats:
    """The most that any of some plans adds up to each binned cost, `(bins,)`."""
    had = np.full(bounds.size, -np.inf)
    bins = np.ceil(cost / bounds.width - 1e-9).astype(np.intp)
    inside = bins < bounds.size
    np.maximum.at(had, bins[inside], gain[inside])
    return np.maximum.accumulate(had)


def _unit(costs: Sequence[Floats], most: float) -> float:
    """The width of a bin: the unit of which all costs are multiples, or a share of the most."""
    every = np.unique(np.concatenate(list(costs)))
    for unit in (every[every > 0].min(initial=1.0), 1.0, 0.5, 0.25, 0.1):
        if most / unit <= _WHOLE_BINS and np.allclose(
            every / unit, np.rint(every / unit), atol=1e-9
        ):
            return float(unit)
    return max(most / _BINS, 1e-12)


def _prices(ways: Ways, scale: float) -> Floats:
    """Prices of a second on each path, `(prices, paths)`: spread evenly, and on one alone."""
    paths = len(ways.members)
    shares = [np.full(paths, 1.0 / paths)]
    shares += [np.eye(paths)[p] for p in range(min(paths, _ALONE)) if paths > 1]
    grid = scale * np.geomspace(0.01, 10.0, _PRICES)
    found = [np.zeros(paths)] + [u * share for share in shares for u in grid]
    return np.array(found)
