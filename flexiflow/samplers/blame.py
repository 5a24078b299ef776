"""Blame: which candidates are not good enough for the item at hand, given its verdicts.

Each candidate of a scope is good or bad for an item; a configuration passes if all of its
candidates are good, but for verdict errors: a pass of something bad with probability
``FALSE_PASS``, a failure of something good with ``FALSE_FAIL``. Items are of a few hidden
kinds, and how often a candidate is good depends on the kind: this is a latent class model [1]_,
so that what has failed on an item says what else will. How often each candidate is good for
each kind is learned by counting, after each job, the posterior chances of its kind and of who
has been good on it (online expectation maximisation [2]_). The kinds begin a little apart, by
chance, because equal ones would stay equal.

The latent states of the candidates that have a verdict are enumerated up to ``ENUMERATED`` of
them, and followed by weighed particles above; the others keep their prior.

References
----------
.. [1] Goodman, L. (1974). Exploratory latent structure analysis using both identifiable and
   unidentifiable models. Biometrika 61.
.. [2] Cappé, O. & Moulines, E. (2009). On-line expectation-maximization algorithm for latent
   data models. Journal of the Royal Statistical Society B 71.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
KINDS = 8
_APART = 1.0  # standard deviation of the kinds' log odds at the start
_GOOD = 0.7  # the chance of a candidate to be good, before anything is known


@lru_cache(maxsize=16)
def _every(members: int) -> NDArray[np.bool_]:
    """All good/bad states, `(2**members, members)`."""
    return np.asarray((np.arange(2**members)[:, None] >> np.arange(members)) % 2 == 1)


@lru_cache(maxsize=1024)
def _apart(row: int, kinds: int) -> Floats:
    """How far from the others each kind begins at a member, in log odds, `(kinds,)`."""
    drawn = np.random.default_rng(row).normal(size=kinds)
    return np.asarray(_APART * (drawn - drawn.mean()))


class Blame:
    """How often each candidate is good for each kind of item, and what verdicts say of it.

    Parameters
    ----------
    strength
        Weight of a prior mean, in items.
    kinds
        How many hidden kinds of items there are; of 1, candidates fail independently.

    Attributes
    ----------
    sizes
        Expected number of items of each kind, `(kinds,)`.
    counts
        Expected times (bad, good) of each member by kind, `(kinds, rows, 2)`.
    """

    def __init__(self, strength: float, kinds: int = KINDS) -> None:
        self.strength = strength
        self.sizes = np.zeros(kinds)
        self.counts = np.zeros((kinds, 0, 2))
        self._offsets = np.zeros((kinds, 0))
        self._good: Floats | None = None

    def grow(self) -> None:
        """Make room for one more member."""
        kinds, rows, _ = self.counts.shape
        self.counts = np.concatenate([self.counts, np.zeros((kinds, 1, 2))], axis=1)
        self._offsets = np.column_stack([self._offsets, _apart(rows, kinds)])
        self._good = None

    def good(self) -> Floats:
        """The prior chance of each member to be good for each kind, `(kinds, rows)`."""
        if self._good is None:
            s, bad, good = self.strength, self.counts[..., 0], self.counts[..., 1]
            seen = bad + good
            pooled = (float(good.sum()) + _GOOD * s) / (float(seen.sum()) + s)
            begun = 1.0 / (1.0 + (1.0 - pooled) / pooled * np.exp(-self._offsets))
            self._good = (good + s * begun) / (seen + s)
        return self._good

    def shares(self) -> Floats:
        """The chance of each kind, `(kinds,)`."""
        more = self.sizes + 1.0
        return np.asarray(more / more.sum())

    def item(self, seed: int = 0) -> Item:
        """A new item, of which nothing is known yet; ``seed`` draws the particles."""
        return Item(self.good(), seed, self.shares())

    def learn(self, item: Item, tried: Sequence[int]) -> None:
        """Count the members tried on an item by their posterior chance of having been good."""
        rows, (kinds, joint) = sorted(set(tried)), item.told()
        good = joint[:, rows]
        self.sizes += kinds
        self.counts[:, rows, 0] += kinds[:, None] - good
        self.counts[:, rows, 1] += good
        self._good = None

    def merge(self, other: Blame, rows: Ints) -> None:
        """Add what another worker has counted; ``rows`` are its members' rows here.

        Kinds are added to those that began alike. Where the two workers' kinds have parted
        since, the sums blur them, until further items tell them apart again.
        """
        self.sizes += other.sizes
        self.counts[:, rows] += other.counts
        self._good = None

    def state(self) -> dict[str, Any]:
        """The counts as plain lists."""
        return {"sizes": self.sizes.tolist(), "counts": self.counts.tolist()}

    def load(self, state: Any, rows: int) -> None:
        """Take over saved counts; a ValueError says what is wrong with them."""
        if not isinstance(state, Mapping):
            raise ValueError("blame by kinds of items expected, not counts without kinds")
        kinds = len(self.sizes)
        self.sizes = checked(state["sizes"], (kinds,))
        self.counts = checked(state["counts"], (kinds, rows, 2))
        self._good = None


class Item:
    """What is known of one item: a posterior over its kind and all members' good/bad states.

    Parameters
    ----------
    good
        The chance of each member to be good, `(rows,)`; or for each kind, `(kinds, rows)`.
    seed
        Of the particles.
    shares
        The chance of each kind, `(kinds,)`; alike if left out.

    Examples
    --------
    >>> item = Item(np.array([0.9, 0.5, 0.9]))  # say, two readers and a parser
    >>> item.verdict((0, 2), passed=False)
    >>> item.verdict((1, 2), passed=True)
    >>> item.marginals().round(2).tolist()  # the first reader is to blame
    [0.49, 0.97, 0.98]

    Where whatever is good for one kind is bad for the other, one failure says which it is:

    >>> item = Item(np.array([[0.9, 0.1], [0.1, 0.9]]))
    >>> item.verdict((0,), passed=False)
    >>> item.kinds().round(2).tolist()
    [0.17, 0.83]
    >>> item.marginals().round(2).tolist()
    [0.09, 0.76]
    """

    def __init__(self, good: Floats, seed: int = 0, shares: Floats | None = None) -> None:
        self.prior = np.atleast_2d(good)
        kinds = len(self.prior)
        self.shares = np.full(kinds, 1.0 / kinds) if shares is None else shares
        self._verdicts: tuple[tuple[tuple[int, ...], bool], ...] = ()
        self._judged: frozenset[int] = frozenset()  # the members that have a verdict
        self._taken = 0  # how many of the verdicts the weights contain
        self._seed = seed
        self._untold: Floats  # the prior of members without a verdict; 1 for the others
        self._states: NDArray[np.bool_]
        self._weights: Floats  # of kinds and states, `(kinds, states)`

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
        good = self.prior[:, at]
        if len(at) <= ENUMERATED:
            told = _every(len(at))
            self._weights = self.shares[:, None] * np.exp(_log_likelihood(told, good))
        else:
            rng = np.random.default_rng(self._seed)
            kind = rng.choice(len(good), size=PARTICLES, p=self.shares)
            told = rng.random((PARTICLES, len(at))) < good[kind]
            log = _log_likelihood(told, good)
            weights = self.shares[:, None] * np.exp(log - log.max(axis=0))
            self._weights = weights / weights.sum(axis=0) / PARTICLES
        self._states = np.ones((len(told), self.prior.shape[1]), dtype=bool)
        self._states[:, at] = told
        self._untold = self.prior.copy()
        self._untold[:, at] = 1.0
        self._judged, self._taken = judged, 0

    def chance(self, rows: tuple[int, ...]) -> float:
        """P(a configuration passes | the verdicts so far)."""
        return float(self.chances(np.array([rows]))[0])

    def chances(self, among: Ints) -> Floats:
        """P(each configuration passes | the verdicts so far), by rows `(N, nodes)`; `(N,)`."""
        if not self._verdicts:
            good = self.shares @ self.prior[:, among].prod(axis=2)
        else:
            self._follow()
            untold = self._untold[:, among].prod(axis=2)
            good = (untold * self._together(among)).sum(axis=0)
        return np.asarray(FALSE_PASS + (1.0 - FALSE_FAIL - FALSE_PASS) * good)

    def _together(self, among: Ints) -> Floats:
        """P(each kind, and the judged members of each configuration are good), `(kinds, N)`.

        Where states are enumerated, configurations with the same judged members are one.
        """
        which, again = among, np.arange(len(among))
        if len(self._judged) <= ENUMERATED:
            bits = np.zeros(len(self._untold[0]), dtype=np.intp)
            bits[sorted(self._judged)] = 1 << np.arange(len(self._judged))
            _, at, again = np.unique(
                bits[among].sum(axis=1), return_index=True, return_inverse=True
            )
            which = among[at]
        states = self._states[:, which[:, 0]]
        for v in range(1, which.shape[1]):
            states &= self._states[:, which[:, v]]
        return np.asarray((self._weights @ states)[:, again])

    def verdict(self, rows: tuple[int, ...], passed: bool) -> None:
        """Take in one verdict."""
        self._verdicts += ((rows, passed),)

    def told(self) -> tuple[Floats, Floats]:
        """What the verdicts so far say.

        Returns
        -------
        P(each kind), `(kinds,)`, and P(each kind, and each member is good), `(kinds, rows)`.
        """
        if not self._verdicts:
            return self.shares, self.shares[:, None] * self.prior
        if len(self._verdicts) == 1:
            return self._after_one()
        self._follow()
        return self._weights.sum(axis=1), self._untold * (self._weights @ self._states)

    def kinds(self) -> Floats:
        """P(each kind | the verdicts so far), `(kinds,)`."""
        return self.told()[0]

    def marginals(self) -> Floats:
        """P(each member is good | the verdicts so far), `(rows,)`."""
        return np.asarray(self.told()[1].sum(axis=0))

    def _after_one(self) -> tuple[Floats, Floats]:
        """Kinds and joint after a single verdict, in closed form: most jobs have no other."""
        rows, passed = self._verdicts[0]
        sure, spoilt = 1.0 - FALSE_FAIL, FALSE_PASS
        if not passed:
            sure, spoilt = 1.0 - sure, 1.0 - spoilt
        at, shares = list(rows), self.shares[:, None]
        good = self.prior[:, at]
        together = good.prod(axis=1, keepdims=True)
        likely = shares * (sure * together + spoilt * (1.0 - together))
        found = likely * self.prior
        found[:, at] = shares * (sure * together + spoilt * (good - together))
        whole = likely.sum()
        return np.asarray(likely[:, 0] / whole), np.asarray(found / whole)


def _log_likelihood(states: NDArray[np.bool_], good: Floats) -> Floats:
    """Log P(state | kind), `(kinds, states)`; members are good with chances `(kinds, n)`."""
    sure = np.clip(good, 1e-9, 1.0 - 1e-9)
    log, rest = np.log(sure), np.log1p(-sure)
    return np.asarray((log - rest) @ states.T + rest.sum(axis=1, keepdims=True))
