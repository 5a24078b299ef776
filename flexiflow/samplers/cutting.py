"""Two regressions on a statistic, and the threshold that follows; see ``cutoffs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.records import Terms

Floats = NDArray[np.float64]
Seen = Sequence[tuple[float, "str | None"]]

DRAWS = 16
TEMPERATURE = 0.1
_KNOTS = 5
_SHARED, _OWN = 2.0, 0.7  # prior variances of the splines, in variances of one output's worth
_GROUPS = 32  # with a spline of their own: the most frequent ones
_FEW = 4  # outputs seen of a group before it has a number of its own
_LATEST = 128  # outputs of a group over which its number is chosen


class Prices(NamedTuple):
    """What outputs are worth and what is paid, in the unit of the objective."""

    terms: Mapping[str, float]  #: term -> its signed weight
    second: float
    cost: float

    def worth(self, terms: Terms) -> float | None:
        """The weighted sum of the terms; None while one waits."""
        total = 0.0
        for term, weight in self.terms.items():
            value = terms.get(term)
            if value is None:
                return None
            total += weight * value
        return total


class Told(NamedTuple):
    """One comparison on a labelled job."""

    statistic: float
    group: str | None
    held: bool
    own: Terms | None  #: terms of the output compared; None if they are not known
    final: Terms  #: terms of the job's output
    seconds: float  #: paid after the comparison
    cost: float
    passed: bool = True  #: whether the job did


class Fitted:
    """What accepting an output of one candidate is worth, and what going on is.

    Parameters
    ----------
    knots
        Ranks are taken among these statistics, sorted, `(n,)`.
    groups
        Those with a spline of their own.
    keep, go
        Mean, then draws of each regression's coefficients, `(1 + DRAWS, d)`.
    center
        What both are shrunken to.
    seen
        The outputs over which numbers are chosen.
    sign
        -1 where smaller statistics hold.

    Attributes
    ----------
    values
        What having an output is worth, accepted or not, under each draw, `(DRAWS,)`.
    outlooks
        What accepting late outputs is worth, and what going on is, beyond the center, two
        `(n, DRAWS)`.
    """

    def __init__(
        self, knots: Floats, groups: Mapping[str | None, int], keep: Floats, go: Floats,
        center: float, seen: Seen, sign: float,
    ) -> None:  # fmt: skip
        self.knots, self.groups, self.sign = knots, groups, sign
        self._keep, self._go, self._center = keep, go, center
        self._all = np.sort([sign * s for s, _ in seen[-MOST_LOOKED_AT:]])
        self._of: dict[str | None, list[float]] = {}
        for s, g in seen:
            self._of.setdefault(g, []).append(sign * s)
        self._numbers = lru_cache(maxsize=1024)(self._number)
        late = seen[-_LATEST:]
        phi = basis(np.array([sign * s for s, _ in late]), [g for _, g in late], knots, groups)
        self.outlooks = kept, gone = phi @ keep[1:].T, phi @ go[1:].T
        self.values = center + np.maximum(kept, gone).mean(axis=0)

    def worth(self, statistic: float, group: str | None, moved: float = 0.0) -> float:
        """What accepting an output is expected to be worth, on a job that moves it so far."""
        phi = basis(np.array([self.sign * statistic]), [group], self.knots, self.groups)
        return float(self._center + (phi @ self._keep[0])[0]) + moved

    def gained(self, moved: Floats) -> Floats:
        """How much more outputs are worth, kept or not, if keeping them is worth so much more.

        Of the same shape, and averaged over the draws.
        """
        n, first = len(self._spare), np.searchsorted(self._spare, -moved)
        kept = self._above[first] + (n - first) * moved
        return np.asarray((kept - self._above[np.searchsorted(self._spare, 0.0)]) / n)

    @cached_property
    def _spare(self) -> Floats:
        """What accepting is worth beyond going on, sorted."""
        kept, gone = self.outlooks
        return np.sort((kept - gone).ravel())

    @cached_property
    def _above(self) -> Floats:
        """Sums of the largest differences, of all of them first, of none last."""
        return np.append(np.cumsum(self._spare[::-1])[::-1], 0.0)

    def number(self, draw: int, group: str | None, moved: float = 0.0) -> float:
        """The threshold for a group under one draw; draw -1 is the mean.

        Parameters
        ----------
        moved
            How much more than usual an accepted output is worth on the job.
        """
        return self._numbers(draw, group, round(moved, 3))

    def _number(self, draw: int, group: str | None, moved: float) -> float:
        mine = self._of.get(group, [])
        own = group in self.groups and len(mine) >= _FEW
        at = np.sort(mine[-_LATEST:]) if own else self._all
        phi = basis(at, [group] * len(at), self.knots, self.groups)
        gain = moved + phi @ (self._keep[draw + 1] - self._go[draw + 1])
        from_here = np.append(np.cumsum(gain[::-1])[::-1], 0.0)
        first = np.append(True, at[1:] > at[:-1])  # equal statistics are accepted together
        best = int(np.argmax(np.where(np.append(first, True), from_here, -np.inf)))
        if best == len(at):
            return self.sign * float(np.nextafter(at[-1], np.inf))
        return self.sign * float(at[best])


MOST_LOOKED_AT = 256


def basis(
    at: Floats, of: Sequence[str | None], knots: Floats, groups: Mapping[str | None, int]
) -> Floats:
    """Splines of the statistics' ranks: a shared one, then one a group, `(n, d)`."""
    low, high = (np.searchsorted(knots, at, side) for side in ("left", "right"))
    rank = (low + high) / (2.0 * len(knots)) * (_KNOTS - 1)
    left = np.minimum(rank.astype(np.intp), _KNOTS - 2)
    share, rows = rank - left, np.arange(len(at))
    found = np.zeros((len(at), _KNOTS * (1 + len(groups))))
    own = np.array([_KNOTS * (1 + groups[g]) if g in groups else 0 for g in of], dtype=np.intp)
    for column, value in ((left, 1.0 - share), (left + 1, share)):
        found[rows, column] = value
        found[rows, own + column] = value  # the same place again where the group has none
    return found


def fitted(
    told: Sequence[Told],
    elsewhere: Sequence[Told],
    every: Sequence[Told],
    seen: Seen,
    prices: Prices,
    upper: bool,
) -> Fitted | None:
    """Fit both regressions to what labels said; None while no label says what is wanted.

    Parameters
    ----------
    told, elsewhere, every
        Comparisons on labelled jobs: of this candidate; of it on jobs of the other kind, where
        its outputs are worth the same but going on is not; of all.
    seen
        The candidate's latest outputs, labelled or not.
    prices
        The objective.
    upper
        Whether larger statistics hold.
    """
    ends = [w for t in every if (w := prices.worth(t.final)) is not None]
    if not ends or not seen:
        return None
    sign = 1.0 if upper else -1.0
    center, unit = float(np.mean(ends)), float(np.var(ends)) or 1.0
    knots = np.sort([sign * s for s, _ in seen])
    groups = _frequent([g for _, g in seen])
    rows: tuple[list[Told], list[Told]] = ([], [])
    aims: tuple[list[float], list[float]] = ([], [])
    for at, t in enumerate((*told, *elsewhere)):
        end = prices.worth(t.final)
        if end is None:
            continue
        end -= prices.second * t.seconds + prices.cost * t.cost
        own = end if t.held else None if t.own is None else prices.worth(t.own)
        for which, aim in ((0, own), (1, None if t.held or at >= len(told) else end)):
            if aim is not None:
                rows[which].append(t)
                aims[which].append(aim - center)
    rng = np.random.default_rng(len(told))
    both = [
        _regression(
            basis(np.array([sign * t.statistic for t in r]), [t.group for t in r], knots, groups),
            np.array(a), unit, rng,
        )
        for r, a in zip(rows, aims, strict=True)
    ]  # fmt: skip
    return Fitted(knots, groups, both[0], both[1], center, seen, sign)


def _frequent(groups: Sequence[str | None]) -> dict[str | None, int]:
    """The most frequent groups and their places; none where there is but one."""
    counts: dict[str | None, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    if len(counts) < 2:
        return {}
    often = sorted(counts, key=lambda g: (-counts[g], str(g)))[:_GROUPS]
    return {group: k for k, group in enumerate(often)}


def _regression(phi: Floats, aim: Floats, unit: float, rng: np.random.Generator) -> Floats:
    """Mean and tempered draws of a Bayesian linear regression, `(1 + DRAWS, d)`."""
    d = phi.shape[1]
    prior = np.full(d, 1.0 / _OWN)
    prior[:_KNOTS] = 1.0 / _SHARED
    factor = np.linalg.cholesky(phi.T @ phi + np.diag(prior))
    mean = np.linalg.solve(factor.T, np.linalg.solve(factor, phi.T @ aim))
    noise = np.linalg.solve(factor.T, rng.normal(size=(d, DRAWS)))
    return np.asarray(np.vstack([mean, mean + np.sqrt(TEMPERATURE * unit) * noise.T]))
