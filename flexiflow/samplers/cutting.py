"""Two regressions on a statistic, and the threshold that follows; see ``cutoffs``, ``going``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.records import Terms
from flexiflow.samplers.splines import basis, frequent, prior, regression

Floats = NDArray[np.float64]
Seen = Sequence[tuple[float, "str | None"]]

_BIAS = 0.025  # variance of what labels put right, beside that of what they say
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


class Kept:
    """What accepting an output of one candidate is worth.

    Parameters
    ----------
    knots
        Ranks are taken among these statistics, sorted, `(n,)`.
    groups
        Those with a spline of their own.
    coefficients
        Mean, then draws, `(1 + DRAWS, d)`.
    center
        What they are shrunken to.
    sign
        -1 where smaller statistics hold.
    """

    def __init__(
        self, knots: Floats, groups: Mapping[str | None, int], coefficients: Floats,
        center: float, sign: float,
    ) -> None:  # fmt: skip
        self.knots, self.groups, self.sign = knots, groups, sign
        self.coefficients, self.center = coefficients, center

    def basis(self, statistics: Sequence[float], groups: Sequence[str | None]) -> Floats:
        """The splines of some outputs, `(n, d)`."""
        return basis(self.sign * np.array(statistics), groups, self.knots, self.groups)

    def at(self, statistics: Sequence[float], groups: Sequence[str | None]) -> Floats:
        """What accepting some outputs is worth, mean and draws, `(n, 1 + DRAWS)`."""
        return np.asarray(self.center + self.basis(statistics, groups) @ self.coefficients.T)


class Fitted:
    """What accepting an output of one candidate is worth, and what going on is.

    Parameters
    ----------
    kept
        What accepting is worth.
    go
        Mean, then draws of the coefficients of going on, `(1 + DRAWS, d)`.
    seen
        The outputs over which numbers are chosen.

    Attributes
    ----------
    values
        What having an output is worth, accepted or not, under each draw, `(DRAWS,)`.
    outlooks
        What accepting late outputs is worth, and what going on is, beyond the center, two
        `(n, DRAWS)`.
    """

    def __init__(self, kept: Kept, go: Floats, seen: Seen) -> None:
        self.kept, self.go = kept, go
        self._all = np.sort([kept.sign * s for s, _ in seen[-MOST_LOOKED_AT:]])
        self._of: dict[str | None, list[float]] = {}
        for s, g in seen:
            self._of.setdefault(g, []).append(kept.sign * s)
        self._numbers = lru_cache(maxsize=1024)(self._number)
        late = seen[-_LATEST:]
        phi = kept.basis([s for s, _ in late], [g for _, g in late])
        self.outlooks = held, gone = phi @ kept.coefficients[1:].T, phi @ go[1:].T
        self.values = kept.center + np.maximum(held, gone).mean(axis=0)

    def worth(self, statistic: float, group: str | None, moved: float = 0.0) -> float:
        """What accepting an output is expected to be worth, on a job that moves it so far."""
        return float(self.kept.at([statistic], [group])[0, 0]) + moved

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
        kept, own = self.kept, group in self.kept.groups and len(mine) >= _FEW
        at = np.sort(mine[-_LATEST:]) if own else self._all
        phi = basis(at, [group] * len(at), kept.knots, kept.groups)
        gain = moved + phi @ (kept.coefficients[draw + 1] - self.go[draw + 1])
        from_here = np.append(np.cumsum(gain[::-1])[::-1], 0.0)
        first = np.append(True, at[1:] > at[:-1])  # equal statistics are accepted together
        best = int(np.argmax(np.where(np.append(first, True), from_here, -np.inf)))
        if best == len(at):
            return kept.sign * float(np.nextafter(at[-1], np.inf))
        return kept.sign * float(at[best])


MOST_LOOKED_AT = 256


class Scale(NamedTuple):
    """Mean and variance of what jobs ended with: what regressions shrink to, and their unit."""

    center: float
    unit: float


def scale(every: Sequence[Told], prices: Prices) -> Scale | None:
    """Of the comparisons of all candidates; None while no label says what is wanted."""
    ends = [w for t in every if (w := prices.worth(t.final)) is not None]
    return Scale(float(np.mean(ends)), float(np.var(ends)) or 1.0) if ends else None


def keeping(told: Sequence[Told], seen: Seen, prices: Prices, by: Scale, upper: bool) -> Kept:
    """Fit what accepting a candidate's output is worth.

    Parameters
    ----------
    told
        Its comparisons on labelled jobs of both kinds: its outputs are worth the same there.
    seen
        The candidate's latest outputs, labelled or not.
    prices
        The objective.
    by
        What jobs ended with.
    upper
        Whether larger statistics hold.
    """
    sign = 1.0 if upper else -1.0
    knots, groups = np.sort([sign * s for s, _ in seen]), frequent([g for _, g in seen])
    known = [(t, w) for t in told if (w := _kept(t, prices)) is not None]
    at = np.array([sign * t.statistic for t, _ in known])
    phi = basis(at, [t.group for t, _ in known], knots, groups)
    aim = np.array([[w] for _, w in known]).reshape(-1, 1) - by.center
    rng = np.random.default_rng(len(told))
    found = regression(phi, aim, prior(phi.shape[1]), by.unit, rng)
    return Kept(knots, groups, found, by.center, sign)


def fitted(
    kept: Kept, told: Sequence[Told], guessed: Floats, gone: Seen, brought: Floats, seen: Seen,
    prices: Prices, by: Scale,
) -> Fitted:  # fmt: skip
    """Fit what going on is worth, beside what accepting is.

    Parameters
    ----------
    kept
        What accepting the candidate's outputs is worth.
    told, guessed
        Its comparisons on labelled jobs, and what going on would be expected to have brought
        there without the label, `(len(told),)`; NaN where nothing is.
    gone, brought
        Comparisons after which jobs went on, labelled or not, and what that is expected to
        have brought, mean and draws, `(n, 1 + DRAWS)`.
    seen, prices, by
        As for :func:`keeping`.
    """
    rng = np.random.default_rng([len(told), 1])
    likely = prior(kept.coefficients.shape[1])
    at = kept.basis([s for s, _ in gone], [g for _, g in gone])
    unit = float(np.var(brought[:, 0])) if len(gone) else 0.0
    go = regression(at, brought - by.center, likely, unit, rng)
    known = [(t, guess, w) for t, guess in zip(told, guessed, strict=True)
             if (w := _went(t, prices)) is not None]  # fmt: skip
    at = kept.basis([t.statistic for t, _, _ in known], [t.group for t, _, _ in known])
    guess, ends = (np.array([row[k] for row in known], dtype=float) for k in (1, 2))
    off = ends - np.where(np.isnan(guess), by.center + at @ go[0], guess)
    share = _BIAS + (1.0 - _BIAS) / (1.0 + len(gone))
    return Fitted(kept, go + regression(at, off[:, None], share * likely, by.unit, rng), seen)


def _kept(told: Told, prices: Prices) -> float | None:
    """What accepting the output was worth, where that is known."""
    end = _went(told._replace(held=False), prices)
    if told.held or end is None:
        return end
    return None if told.own is None else prices.worth(told.own)


def _went(told: Told, prices: Prices) -> float | None:
    """What going on brought, less what was paid; None if it was accepted."""
    end = None if told.held else prices.worth(told.final)
    return None if end is None else end - prices.second * told.seconds - prices.cost * told.cost
