"""One node whose threshold is learned: what asking each candidate next is worth.

Where the node's only check is a comparison with a threshold, an output that fails it still
counts: what is known of accepting it, and of going on, says what asking a candidate is worth,

    V(c) = E[max(keep(s, g), go(s, g))] - price(c),

over the outputs that it gave of late; see ``cutoffs``. This looks one step further than the
index of :mod:`flexiflow.samplers.hybrid`, which takes a failed output for worthless, and it
does not depend on where thresholds stand at present. Where outputs are worth more on some
jobs than on others, keep moves by as much; see :mod:`flexiflow.samplers.regression`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Graph
from flexiflow.samplers.counted import price_of
from flexiflow.samplers.cutoffs import Cutoffs
from flexiflow.samplers.cutting import Fitted
from flexiflow.samplers.space import Ints
from flexiflow.samplers.worth import prices

Floats = NDArray[np.float64]


class Ahead(NamedTuple):
    """The worth of asking each choice, on a first try and on later ones.

    Attributes
    ----------
    usual
        `(2, draws, choices)`.
    fitted
        What it rests on, by stage and choice.
    """

    usual: Floats
    fitted: list[list[Fitted]]

    def scores(self, draws: slice, picks: Ints, later: bool, moved: Floats) -> Floats:
        """The same on one job, `(draws, N)`, for each of some choices.

        Parameters
        ----------
        moved
            How much more than usual an accepted output is worth, `(draws, N)`.
        """
        found = self.usual[int(later), draws][:, picks]
        if not moved.any():
            return np.asarray(found)
        fitted = [self.fitted[int(later)][k] for k in picks]
        gained = [it.gained(column) for it, column in zip(fitted, moved.T, strict=True)]
        return np.asarray(found + np.stack(gained, axis=1))


def looked_ahead(
    graph: Graph, cutoffs: Cutoffs | None, seconds: Floats, draws: int, seed: int
) -> Ahead | None:
    """Work it out; None where the workflow is of another kind, or no label has come yet."""
    if cutoffs is None or not applies(graph):
        return None
    cut, node = graph.assertions[0].cut, graph.nodes[0]
    assert cut is not None
    price, stated = price_of(graph, seconds), prices(graph)
    found, fits = np.zeros((2, draws, len(node.candidates))), list[list[Fitted]]()
    rng = np.random.default_rng(seed)
    for later in (False, True):
        fits.append([])
        for k, candidate in enumerate(node.candidates):
            member = (node.name, candidate.fingerprint, later)
            fitted = cutoffs.fit(member, stated, cut.upper, least=0)
            if fitted is None:
                return None
            found[int(later), :, k] = rng.permutation(np.resize(fitted.values, draws)) - price[k]
            fits[-1].append(fitted)
    offered = [choice.candidate for choice in node.choices]
    return Ahead(found[..., offered], [[stage[k] for k in offered] for stage in fits])


def applies(graph: Graph) -> bool:
    """Whether a workflow is one node with one check, a comparison with a threshold."""
    one = len(graph.nodes) == 1 and len(graph.assertions) == 1
    return one and graph.assertions[0].cut is not None and bool(graph.scopes[0])
