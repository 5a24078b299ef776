"""What a passed output is worth on the job at hand: linear regression on the job's context.

For an output of configuration c on a job with context x,

    term = shared . z + sum over the nodes v of own(c_v) . z,    z = (1, later, s, x),

where ``later`` is 1 if something has failed on the job before, and s is the number that the
output held against a threshold, if any: what it says is left to the threshold, and the context
is told what is left to say. The weights are normal, learned
together from sums of squares and products, so that labels can come in any order and be
corrected. A weight between this and the means that know no context follows their predictive
likelihood, with a fixed share [1]_: context counts where it predicts and costs little where it
does not. How much an entry of the context says is found by automatic relevance
determination: one variance for its weights in all blocks, by expectation maximisation [2]_.

References
----------
.. [1] Herbster, M. & Warmuth, M. (1998). Tracking the best expert. Machine Learning 32.
.. [2] Tipping, M. (2001). Sparse Bayesian learning and the relevance vector machine. JMLR 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.counting import checked
from flexiflow.samplers.packing import packed, unpacked
from flexiflow.samplers.situated import PLAIN, Drawn, Fit, entries_of
from flexiflow.samplers.space import Ints, Space

Floats = NDArray[np.float64]
Member = tuple[str, str]
Normal = tuple[float, float]
"""Mean and variance."""

_MOST = 256  # weights: of more, the last entries of the context are left out
_SHARED = (1.0, 0.25, 1.0)  # prior variances of their weights, in variances of the term,
_OWN = (0.25, 0.1, 0.25)  # of what a candidate adds to them,
_CONTEXT = 0.03  # and of an entry of the context's weight, to begin with;
_STRENGTH = 1.0  # which weighs as much as so many weights in what it is then found to be
_ROUNDS = 5  # of finding it
_LEAST = 0.05  # of the term's variance that is left to chance whatever the fit
_AGAIN = 1.5  # times as many labels, until context, noise and scale are worked out anew
_SHARE = 0.01
_TEMPER = 0.1  # times the weights' variances are those of their draws


class Regression:
    """One term of the objective over passed outputs, by context.

    Attributes
    ----------
    members
        (node, fingerprint) -> block of weights; block 0 is shared by all.
    gram, moment
        Sums of products of the features, `(blocks, width, blocks, width)`, and of these with
        the term, `(blocks, width)`.
    total, squares
        Sums of the term and of its square.
    weight
        How far this is believed, beside the means without context.
    """

    def __init__(self) -> None:
        self.members: dict[Member, int] = {}
        self.gram = np.zeros((1, PLAIN, 1, PLAIN))
        self.moment = np.zeros((1, PLAIN))
        self.total = self.squares = 0.0
        self.weight = 0.5
        self._fit: Fit | None = None
        self._fitted = 0.0  # labels that the fit rests on

    @property
    def width(self) -> int:
        """Entries of z that are used."""
        return self.moment.shape[1]

    @property
    def labels(self) -> float:
        """How many outputs were learned from."""
        return float(self.gram[0, 0, 0, 0])

    def add(
        self,
        configuration: Mapping[str, str],
        x: Floats,
        later: bool,
        value: float,
        plainly: Normal,
        statistic: float = 0.0,
    ) -> None:
        """Learn the term of one output.

        Parameters
        ----------
        x
            The job's context, as :meth:`flexiflow.samplers.context.Context.encode` gives it.
        plainly
            What was expected without context.
        statistic
            What the output held against a threshold, if anything.
        """
        at = self._blocks(configuration, len(x))
        z = entries_of(x, later, statistic, self.width)
        fit = self.fit()
        if fit is not None:
            self._weigh(value, self._expected(fit, at, z), plainly)
            fit.learn(at, z, value)
        every = np.arange(self.width)
        self.gram[np.ix_(at, every, at, every)] += np.outer(z, z)[:, None, :]
        self.moment[at] += value * z
        self.total += value
        self.squares += value * value

    def correct(
        self,
        configuration: Mapping[str, str],
        x: Floats,
        later: bool,
        old: float,
        new: float,
        statistic: float = 0.0,
    ) -> None:
        """Put a value in the place of an earlier one of the same output."""
        at = self._blocks(configuration, len(x))
        z = entries_of(x, later, statistic, self.width)
        self.moment[at] += (new - old) * z
        self.total += new - old
        self.squares += new * new - old * old
        self._fit = None

    def fit(self) -> Fit | None:
        """The weights' posterior; None where all labels were alike."""
        if self._fit is None or self.labels > _AGAIN * self._fitted:
            self._fit, self._fitted = self._solved(), self.labels
        return self._fit

    def _solved(self) -> Fit | None:
        n = self.labels
        center = self.total / max(n, 1.0)
        variance = self.squares / max(n, 1.0) - center * center
        if n < 2 or variance <= 1e-12 * self.squares:
            return None
        scale, size = math.sqrt(variance), self.moment.size
        gram = self.gram.reshape(size, size)
        moment = (self.moment - center * self.gram[:, :, 0, 0]).reshape(size) / scale
        context, noise = np.full(self.width - PLAIN, _CONTEXT), 1.0
        for _ in range(_ROUNDS):
            prior = self._variances(len(self.moment), context)
            precision = gram / noise + np.diag(1.0 / prior.ravel())
            inverse = np.linalg.inv(np.linalg.cholesky(precision))
            mean = inverse.T @ (inverse @ (moment / noise))
            fit = Fit(mean.reshape(prior.shape), inverse, noise, context, center, scale)
            second = fit.mean**2 + np.square(inverse).sum(axis=0).reshape(prior.shape)
            found = second[:, PLAIN:].sum(axis=0)
            context = (_STRENGTH * _CONTEXT + found) / (_STRENGTH + len(prior))
            left = 1.0 + (mean @ gram @ mean - 2.0 * mean @ moment) / n
            noise = min(max(float(left), _LEAST), 1.0)
        return fit

    def _variances(self, blocks: int, context: Floats) -> Floats:
        """The weights' prior variances, `(blocks, width)`."""
        found = np.zeros((blocks, self.width))
        found[:, PLAIN:] = context
        found[0, :PLAIN], found[1:, :PLAIN] = _SHARED, _OWN
        return found

    def _expected(self, fit: Fit, at: Ints, z: Floats) -> Normal:
        seen = fit.seen(at, z)
        spread = float(seen @ seen)
        mean = fit.center + fit.scale * float((fit.mean[at] @ z).sum())
        return mean, fit.scale**2 * (fit.noise + spread)

    def _weigh(self, value: float, here: Normal, plainly: Normal) -> None:
        gain = _log_density(value, *here) - _log_density(value, *plainly)
        odds = self.weight / (1.0 - self.weight) * math.exp(min(max(gain, -20.0), 20.0))
        self.weight = (1.0 - _SHARE) * odds / (1.0 + odds) + _SHARE * 0.5

    def drawn(self, space: Space, draws: int, rng: np.random.Generator) -> Drawn | None:
        """Draw the weights of a graph's candidates; None while nothing is known.

        The draws are tempered: what a candidate is worth on the whole is explored by the draws
        that know no context, and many weights, of each of which little is known, would
        together explore as if nothing were known.
        """
        fit = self.fit()
        if fit is None:
            return None
        blocks, width = fit.mean.shape
        noise = math.sqrt(_TEMPER) * rng.normal(size=(blocks * width, draws))
        weights = fit.mean.reshape(-1, 1) + fit.root.T @ noise
        weights = weights.T.reshape(draws, blocks, width)
        keys = [(n.name, c.fingerprint) for n in space.graph.nodes for c in n.candidates]
        spread = np.sqrt(self._variances(2, fit.context)[1])
        own = math.sqrt(_TEMPER) * spread * rng.normal(size=(draws, len(keys), width))
        for k, key in enumerate(keys):
            block = self.members.get(key, blocks)
            if block < blocks:
                own[:, k] = weights[:, block]
        shared, own = fit.scale * weights[:, 0], fit.scale * own
        met = [self.members.get(key, 0) for key in keys]  # the usual job where it met none
        z = self.gram[0, :, met, 0] / self.gram[0, 0, met, 0][:, None]
        usual = fit.center + shared @ z.T + np.einsum("dcw,cw->dc", own, z)
        statistic = self.gram[0, 0, 0, 2] / self.labels
        return Drawn(self.weight, fit.center, shared, own, usual, statistic)

    def here(self, member: Member, x: Floats, later: bool) -> float | None:
        """The term expected of a candidate's output on a job; None where it has no label."""
        fit, block = self.fit(), self.members.get(member)
        if fit is None or block is None:
            return None
        own = self.gram[0, 2, block, 0] / self.gram[0, 0, block, 0]
        z = entries_of(x, later, own, self.width)
        return float(fit.center + fit.scale * (fit.mean[[0, block]] @ z).sum())

    def moved(self, member: Member, x: Floats, later: bool) -> float:
        """How much more a candidate's outputs are expected to be worth here than usual.

        By the context alone; what their statistics say is told elsewhere.
        """
        fit, block = self.fit(), self.members.get(member)
        if fit is None or block is None:
            return 0.0
        own = self.gram[0, :, block, 0] / self.gram[0, 0, block, 0]
        off = entries_of(x, later, own[2], self.width) - own
        return float(self.weight * fit.scale * (fit.mean[[0, block]] @ off).sum())

    def _blocks(self, configuration: Mapping[str, str], entries: int) -> Ints:
        """The shared block and those of a configuration; new ones are made room for."""
        for member in configuration.items():
            self.members.setdefault(member, 1 + len(self.members))
        self._shape(1 + len(self.members), max(PLAIN + entries, self.width))
        return np.array([0, *(self.members[member] for member in configuration.items())])

    def _shape(self, blocks: int, width: int) -> None:
        width = min(width, max(_MOST // blocks, PLAIN))
        old = len(self.moment), self.width
        if (blocks, width) == old:
            return
        b, w = min(old[0], blocks), min(old[1], width)
        gram, moment = np.zeros((blocks, width, blocks, width)), np.zeros((blocks, width))
        gram[:b, :w, :b, :w] = self.gram[:b, :w, :b, :w]
        moment[:b, :w] = self.moment[:b, :w]
        self.gram, self.moment, self._fit = gram, moment, None

    def merge(self, other: Regression, entries: Sequence[int]) -> None:
        """Add what another worker has learned; exact but for how both encoded contexts.

        Parameters
        ----------
        entries
            Where each entry of the other's context stands in this one's.
        """
        at = np.array([0, *(self._blocks(dict([m]), 0)[1] for m in other.members)])
        columns = [*range(PLAIN), *(PLAIN + entries[k] for k in range(other.width - PLAIN))]
        self._shape(len(self.moment), max(self.width, max(columns) + 1))
        kept = np.array([k for k, column in enumerate(columns) if column < self.width])
        to, rows = np.array(columns)[kept], np.arange(len(at))
        self.gram[np.ix_(at, to, at, to)] += other.gram[np.ix_(rows, kept, rows, kept)]
        self.moment[np.ix_(at, to)] += other.moment[:, kept]
        self.total += other.total
        self.squares += other.squares
        odds = self.weight / (1.0 - self.weight) * other.weight / (1.0 - other.weight)
        self.weight, self._fit = odds / (1.0 + odds), None

    def state(self) -> dict[str, Any]:
        """The sums as plain lists and packed numbers."""
        return {
            "members": [list(member) for member in self.members],
            "width": self.width,
            "gram": packed(self.gram),
            "moment": packed(self.moment),
            "sums": [self.total, self.squares, self.weight],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over saved sums; a ValueError says what is wrong with them."""
        members = {(str(n), str(f)): 1 + k for k, (n, f) in enumerate(state["members"])}
        shape = (1 + len(members), int(state["width"]))
        if shape[1] < PLAIN:
            raise ValueError(f"at least {PLAIN} columns expected, not {shape[1]}")
        self.gram = unpacked(state["gram"], (*shape, *shape))
        self.moment = unpacked(state["moment"], shape)
        self.total, self.squares, self.weight = checked(
            state["sums"], (3,), -np.finfo(float).max
        ).tolist()
        if not 0.0 < self.weight < 1.0:
            raise ValueError(f"a weight between 0 and 1 expected, not {self.weight}")
        self.members, self._fit = members, None


def _log_density(value: float, mean: float, variance: float) -> float:
    return -0.5 * (math.log(variance) + (value - mean) ** 2 / variance)
