"""Blame: which candidates are not good enough for the item at hand, given its verdicts.

Each candidate of a scope is good or bad for an item; a configuration passes if all of its
candidates are good, but for verdict errors: a pass of something bad with probability
``FALSE_PASS``, a failure of something good with ``FALSE_FAIL``. How often each is good is
learned by counting, after each job, the posterior chance of having been good. The latent
states of the candidates that have a verdict are enumerated up to ``ENUMERATED`` of them, and
followed by weighed particles above; the others keep their prior.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.counting import checked

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FALSE_PASS = 0.02
FALSE_FAIL = 0.1
ENUMERATED = 12
PARTICLES = 256


@lru_cache(maxsize=16)
def _every(members: int) -> NDArray[np.bool_]:
    """All good/bad states, `(2**members, members)`."""
    return np.asarray((np.arange(2**members)[:, None] >> np.arange(members)) % 2 == 1)


class Blame:
    """How often each candidate is good, and what the verdicts on one item say of it.

    Attributes
    ----------
    counts
        Expected times (bad, good) of each member, `(rows, 2)`.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.counts = np.zeros((0, 2))

    def grow(self) -> None:
        """Make room for one more member."""
        self.counts = np.vstack([self.counts, np.zeros(2)])

    def good(self) -> Floats:
        """The prior chance of each member to be good, `(rows,)`."""
        s, (bad, good) = self.strength, self.counts.T
        seen = bad + good
        pooled = (float(good.sum()) + 0.7 * s) / (float(seen.sum()) + s)
        return np.asarray((good + s * pooled) / (seen + s))

    def item(self, seed: int = 0) -> Item:
        """A new item, of which nothing is known yet; ``seed`` draws the particles."""
        return Item(self.good(), seed)

    def learn(self, item: Item, tried: Sequence[int]) -> None:
        """Count the members tried on an item by their posterior chance of having been good."""
        rows = sorted(set(tried))
        for row, good in zip(rows, item.marginals()[rows].tolist(), strict=True):
            self.counts[row, 0] += 1.0 - good
            self.counts[row, 1] += good

    def merge(self, other: Blame, rows: Ints) -> None:
        """Add what another worker has counted; ``rows`` are its members' rows here."""
        self.counts[rows] += other.counts

    def state(self) -> list[list[float]]:
        """The counts as plain lists."""
        return [[float(x) for x in row] for row in self.counts]

    def load(self, state: Any, rows: int) -> None:
        """Take over saved counts; a ValueError says what is wrong with them."""
        self.counts = checked(state, (rows, 2))


class Item:
    """What is known of one item: a posterior over the good/bad states of all members.

    Examples
    --------
    >>> item = Item(np.array([0.9, 0.5, 0.9]))  # say, two readers and a parser
    >>> item.verdict((0, 2), passed=False)
    >>> item.verdict((1, 2), passed=True)
    >>> item.marginals().round(2).tolist()  # the first reader is to blame
    [0.49, 0.97, 0.98]
    """

    def __init__(self, good: Floats, seed: int = 0) -> None:
        self.prior = good
        self._verdicts: tuple[tuple[tuple[int, ...], bool], ...] = ()
        self._judged: frozenset[int] = frozenset()  # the members that have a verdict
        self._taken = 0  # how many of the verdicts the weights contain
        self._seed = seed
        self._untold: Floats  # the prior of members without a verdict; 1 for the others
        self._states: NDArray[np.bool_]
        self._weights: Floats

    def _follow(self) -> None:
        """Bring the states and their weights up to the latest verdict.

        Members without a verdict keep their prior, apart from all others: only the states of
        the judged ones are told apart, and in ``_states`` the others are good throughout.
        """
        judged = self._judged.union(*(rows for rows, _ in self._verdicts[self._taken :]))
        if len(judged) > len(self._judged):
            self._begin(judged)
        for rows, passed in self._verdicts[self._taken :]:
            good_ones = self._states[:, list(rows)].all(axis=1)
            passes = np.where(good_ones, 1.0 - FALSE_FAIL, FALSE_PASS)
            weights = self._weights * (passes if passed else 1.0 - passes)
            self._weights = weights / weights.sum()
        self._taken = len(self._verdicts)

    def _begin(self, judged: frozenset[int]) -> None:
        """Set up the states of these members, weighed by their prior alone."""
        at = sorted(judged)
        good = self.prior[at]
        if len(at) <= ENUMERATED:
            told = _every(len(at))
            self._weights = np.where(told, good, 1.0 - good).prod(axis=1)
        else:
            told = np.random.default_rng(self._seed).random((PARTICLES, len(at))) < good
            self._weights = np.full(PARTICLES, 1.0 / PARTICLES)
        self._states = np.ones((len(told), len(self.prior)), dtype=bool)
        self._states[:, at] = told
        self._untold = self.prior.copy()
        self._untold[at] = 1.0
        self._judged, self._taken = judged, 0

    def chance(self, rows: tuple[int, ...]) -> float:
        """P(a configuration passes | the verdicts so far)."""
        if not self._verdicts:
            good = math.prod(self.prior[list(rows)].tolist())
            return float(FALSE_PASS + (1.0 - FALSE_FAIL - FALSE_PASS) * good)
        return float(self.chances(np.array([rows]))[0])

    def chances(self, among: Ints) -> Floats:
        """P(each configuration passes | the verdicts so far), by rows `(N, nodes)`; `(N,)`."""
        if not self._verdicts:
            good = self.prior[among].prod(axis=1)
        else:
            self._follow()
            states, good = self._states[:, among[:, 0]], self._untold[among[:, 0]]
            for v in range(1, among.shape[1]):
                states = states & self._states[:, among[:, v]]
                good = good * self._untold[among[:, v]]
            good = good * (self._weights @ states)
        return np.asarray(FALSE_PASS + (1.0 - FALSE_FAIL - FALSE_PASS) * good)

    def verdict(self, rows: tuple[int, ...], passed: bool) -> None:
        """Take in one verdict."""
        self._verdicts += ((rows, passed),)

    def marginals(self) -> Floats:
        """P(each member is good | the verdicts so far), `(rows,)`."""
        if not self._verdicts:
            return self.prior
        if len(self._verdicts) == 1:
            return self._after_one(*self._verdicts[0])
        self._follow()
        return np.asarray(self._untold * (self._weights @ self._states))

    def _after_one(self, rows: tuple[int, ...], passed: bool) -> Floats:
        """The marginals after a single verdict, in closed form: most jobs have no other."""
        sure, spoilt = 1.0 - FALSE_FAIL, FALSE_PASS
        if not passed:
            sure, spoilt = 1.0 - sure, 1.0 - spoilt
        at = list(rows)
        good = self.prior[at].tolist()
        together = math.prod(good)
        whole = sure * together + spoilt * (1.0 - together)
        found = self.prior.copy()
        found[at] = [(sure * together + spoilt * (p - together)) / whole for p in good]
        return found
