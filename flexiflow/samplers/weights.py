"""Logistic weights as they were at one time, and the logits that follow from them.

All decisions about one job, and their explanations, rest on one joint draw: what is learned
from other jobs in the meantime must not change it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_ANCHOR = np.zeros(1, dtype=np.intp)


class Weights(NamedTuple):
    """The weights of a scope's members, and drawn deviations from them.

    Attributes
    ----------
    mean
        `(blocks, width)`.
    deviations
        `(draws, blocks, width)`.
    first
        The first member's block; before it is what all share.
    pairs
        The column of the pair with each member, as far as they have one.
    """

    mean: Floats
    deviations: Floats
    first: int
    pairs: tuple[int, ...]

    def logits(
        self,
        phi: Floats,
        node_of: Ints,
        picked: slice,
        among: Ints,
        offset: Floats | None = None,
    ) -> Floats:
        """The logits of configurations under some of the draws, `(draws, N)`.

        Parameters
        ----------
        phi
            Features of each node, `(nodes, width or more)`.
        node_of
            The node of each member.
        picked
            Which draws.
        among
            Rows of the members of each configuration, `(N, nodes)`.
        offset
            What others have said of each configuration's logit, `(N,)`; several nodes only.
        """
        mean, deviations, phi = self.mean, self.deviations[picked], phi[:, : self.mean.shape[1]]
        if not self.first:
            seen = mean @ phi[0] + deviations @ phi[0]
            return np.asarray(seen[:, among[:, 0]])
        node_of = node_of[: len(mean) - 1]  # others may have come since, on either side
        mean, deviations = mean[: 1 + len(node_of)], deviations[:, : 1 + len(node_of)]
        seen = phi[np.concatenate([_ANCHOR, node_of])]  # by each block; first the anchor
        each = np.einsum("bd,bd->b", mean, seen) + np.einsum("nbd,bd->nb", deviations, seen)
        total = np.repeat(each[:, :1], len(among), axis=1)
        if offset is not None:
            total += offset
        for v in range(among.shape[1]):
            total += each[:, 1 + among[:, v]]
        if self.pairs:
            columns = np.array(self.pairs, dtype=np.intp)
            pairs = mean[1:, columns] + deviations[:, 1:, columns]
            if (late := len(node_of) - len(columns)) > 0:
                pairs = np.pad(pairs, ((0, 0), (0, 0), (0, late)))
            for v in range(1, among.shape[1]):
                for u in range(v):
                    total += pairs[:, among[:, v], among[:, u]]
        return total
