"""The contextual expert: Bayesian logistic regression over the configuration of a scope.

    logit P(pass | c, job) = offset(c, job) + sum over the nodes v of w_(v, c_v) . phi_v

where phi_v = [1, h_v, pairs, x, r(x)]: 1 is the node-level belief; h_v says which candidates
of the node were in configurations that failed on this very job; pairs say which candidate is
taken at each earlier node of the scope; x and r(x) are the job's context and its random
Fourier features. Over several nodes an *anchor*, a block of its own with [1, x, r(x)], holds
what all configurations share, and the offset is the logit that blame gives
(:mod:`flexiflow.samplers.blame`): the weights learn what blame leaves over, so their prior
variances are smaller there. On one node there is no offset. One covariance is kept over all
weights while they are few, one per candidate above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.tuning import Tuning
from flexiflow.samplers.weights import Weights

if TYPE_CHECKING:
    from flexiflow.posteriors.logistic import Logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FULL = 500  # weights up to which one covariance is kept for all of them
_WORTHWHILE = 2**22  # numbers in the covariances from which a GPU is quicker than a CPU
PAIRED = 64  # members up to which pairs have weights
_GROWN = 256  # verdicts after which deviations are drawn anew at the latest


class Contextual:
    """Weights of the members of a scope, and how a case is put before them.

    Parameters
    ----------
    single
        Whether the scope is one node.
    tuning
        The prior variances and temperatures.
    device
        Where the beliefs live: "cpu" or "cuda".

    Attributes
    ----------
    logistic
        The beliefs; None before the first verdict.
    history, pairs, entries
        Columns of the weights: of a failure, by the failed member's place at its node; of a
        pair, by its earlier member; of the context's entries.
    bent
        The first column of the Fourier features; 0 while there are none.
    width
        Columns in all.
    blocks, layout
        Members, and the anchor where there is one; (blocks, width).
    full
        Whether one covariance is kept for all weights.
    evidence
        Verdicts learned.
    """

    def __init__(self, single: bool, tuning: Tuning, device: str = "cpu") -> None:
        self.single, self.tuning, self.device = single, tuning, device
        self.logistic: Logistic | None = None
        self.history: list[int] = []  # columns: by a member's place at its node
        self.pairs: list[int] = []  # by member
        self.entries: list[int] = []  # by context entry
        self.bent = 0  # the first column of the Fourier features; 0 while there are none
        self.width = 1
        self.full = not single
        self.blocks, self.layout = 0, (0, 0)
        self._fitted = (0, 0)  # members and entries that there are columns for
        self._deviations: Any = None
        self._columns = (np.zeros(0, np.intp), np.zeros(0, np.intp))  # history, entries
        self.evidence, self._drawn_at, self._stale = 0, 0, True

    def fit(self, node_of: Sequence[int], place: Sequence[int], entries: int) -> None:
        """Have columns and blocks for these members and context entries.

        Parameters
        ----------
        node_of, place
            Each member's node in the scope, and its place among the members of that node.
        entries
            How many entries the context has.
        """
        if (len(node_of), entries) == self._fitted:
            return
        self._fitted = len(node_of), entries
        paired = not self.single and len(node_of) <= PAIRED
        wanted = (max(place) + 1, len(node_of) if paired else 0, entries)
        if self.logistic is not None:
            blocks = len(node_of) + (not self.single)
            has = (len(self.history), len(self.pairs), len(self.entries))
            if self.blocks == blocks and all(h >= w for h, w in zip(has, wanted, strict=True)):
                return
        self.blocks = len(node_of) + (not self.single)
        for columns, many in zip((self.history, self.pairs, self.entries), wanted, strict=True):
            while len(columns) < many:
                columns.append(self.width)
                self.width += 1
        if entries and not self.bent:
            self.bent = self.width
            self.width += self.tuning.fourier
        self._settle(self.prior_table(node_of, place))

    def prior_table(self, node_of: Sequence[int], place: Sequence[int]) -> Floats:
        """The prior variance of each weight, `(blocks, width)`; 0 where there is none."""
        t, first = self.tuning, 0 if self.single else 1
        left = 1.0 if self.single else t.residual
        table = np.zeros((len(node_of) + first, self.width))
        table[:, 0] = t.bias + t.candidate if self.single else left * t.candidate
        table[:, self.entries] = t.context
        if self.bent:
            table[:, self.bent : self.bent + t.fourier] = t.bent
        if first:
            table[0, 0] = left * t.bias
        for member, node in enumerate(node_of):
            row = table[first + member]
            row[self.history[: node_of.count(node)]] = left * t.history
            earlier = [m for m, other in enumerate(node_of) if other < node]
            if self.pairs:
                row[self._paired(earlier)] = t.pair
        return table

    def _paired(self, members: Sequence[int]) -> list[int]:
        """The columns of the pairs with these members; those that came late have none."""
        return [self.pairs[m] for m in members if m < len(self.pairs)]

    def _settle(self, variances: Floats) -> None:
        """Take over new prior variances; what was learned stays."""
        from flexiflow.posteriors.flat import split, spread
        from flexiflow.posteriors.logistic import Logistic

        old, full = self.logistic, self.full and variances.size <= FULL
        if self._deviations is not None:  # what is new stays at its mean until the next draws
            more = (b - a for a, b in zip(self.layout, variances.shape, strict=True))
            self._deviations = np.pad(self._deviations, ((0, 0), *((0, m) for m in more)))
            self._stale = True
        if old is None:
            shaped = variances.reshape(1, -1) if full else variances
            self.logistic = Logistic(shaped, device=placed(self.device, shaped))
        elif full:
            self.logistic = spread(old, variances.reshape(1, -1), self._moved(variances))
        else:
            self.logistic = split(old, self.layout) if self.full else old
            self.logistic.grow(variances)
        self.full, self.layout = full, variances.shape

    def _moved(self, variances: Floats) -> Ints:
        """Where each old flat weight is found in the new flat layout."""
        blocks, width = self.layout
        rows, columns = np.divmod(np.arange(blocks * width), width)
        return np.asarray(rows * variances.shape[1] + columns)

    def apart(self) -> Logistic:
        """The beliefs block by block, whether or not one covariance is kept for all."""
        from flexiflow.posteriors.flat import split

        assert self.logistic is not None
        return split(self.logistic, self.layout) if self.full else self.logistic

    def add(self, theirs: Logistic, evidence: int) -> None:
        """Add another worker's beliefs, block by block in this layout."""
        from flexiflow.posteriors.flat import joined

        assert self.logistic is not None
        self.logistic.merge(joined(theirs) if self.full else theirs)
        self.evidence += evidence
        self._stale = True

    def case(self, h: Floats, x: Floats, r: Floats) -> Floats:
        """Phi of each node without its pairs, `(nodes, width)`.

        Parameters
        ----------
        h
            Failures seen, by node and place, `(nodes, places)`.
        x, r
            The job's context entries and their Fourier features.
        """
        phi = np.zeros((len(h), self.width))
        phi[:, 0] = 1.0
        history, entries = self._columns
        if len(history) != len(self.history) or len(entries) != len(self.entries):
            history, entries = np.array(self.history, np.intp), np.array(self.entries, np.intp)
            self._columns = history, entries
        places, known = min(h.shape[1], len(history)), min(len(x), len(entries))
        phi[:, history[:places]] = h[:, :places]
        if known:
            phi[:, entries[:known]] = x[:known]
            phi[:, self.bent : self.bent + len(r)] = r
        return phi

    def learn(
        self,
        phi: Floats,
        node_of: Sequence[int],
        rows: Sequence[int],
        passed: bool,
        offset: float = 0.0,
    ) -> float:
        """Learn a verdict on a configuration; the chance that was predicted before.

        ``offset`` is the part of its logit that others have said.
        """
        assert self.logistic is not None
        self.evidence += 1
        if self.single:
            return self.logistic.update(rows, phi, passed)
        blocks, nodes = [0, *(1 + m for m in rows)], [0, *(node_of[m] for m in rows)]
        seen = phi[nodes]
        if self.pairs:
            seen[1:, self._paired(rows)] = 1.0
        if not self.full:
            return self.logistic.update(blocks, seen, passed, offset)
        whole = np.zeros(self.layout)
        whole[blocks] = seen
        return self.logistic.update([0], whole.reshape(1, -1), passed, offset)

    def refresh(self, draws: int, seed: int) -> None:
        """Draw new deviations if the evidence has grown by a tenth, or by so many verdicts."""
        import torch

        assert self.logistic is not None
        grown = self.evidence - self._drawn_at
        has = 0 if self._deviations is None else len(self._deviations)
        if not self._stale and has >= draws and grown < min(_GROWN, 1 + 0.1 * self.evidence):
            return
        draws = max(draws, has)  # other graphs' blocks go on with as many as they began with
        generator = torch.Generator(self.logistic.mean.device).manual_seed(seed)
        drawn = self.logistic.deviations(draws, generator, self.tuning.tempered)
        self._deviations = drawn.cpu().numpy().reshape(draws, *self.layout)
        self._drawn_at, self._stale = self.evidence, False

    def weights(self) -> Weights:
        """The weights as they are now; what is learned later does not change them."""
        assert self.logistic is not None
        mean = self.logistic.mean.numpy(force=True).reshape(self.layout).copy()
        return Weights(mean, self._deviations, 0 if self.single else 1, tuple(self.pairs))

    def logits(self, phi: Floats, node_of: Ints, picked: slice, among: Ints) -> Floats:
        """The logits of configurations as things are now; see :meth:`Weights.logits`."""
        return self.weights().logits(phi, node_of, picked, among)

    def hope(self, row: int, logit: float) -> None:
        """Start a member that was never judged from this logit; one node only."""
        assert self.logistic is not None
        self.logistic.mean[row, 0] = logit


def placed(device: str, variances: Floats) -> str:
    """The device for weights of some shape, `(blocks, d)`."""
    if device != "auto":
        return device
    import torch

    large = variances.shape[0] * variances.shape[1] ** 2 >= _WORTHWHILE
    return "cuda" if large and torch.cuda.is_available() else "cpu"
