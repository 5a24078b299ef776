"""One node whose threshold is learned: what asking each candidate next is worth.

Where the node's only check is a comparison with a threshold, an output that fails it still
counts: what is known of accepting it, and of going on, says what asking a candidate is worth,

    V(c) = E[max(keep(s, g), go(s, g))] - price(c),

over the outputs that it gave of late; see ``cutoffs``. This looks one step further than the
index of :mod:`flexiflow.samplers.hybrid`, which takes a failed output for worthless, and it
does not depend on where thresholds stand at present.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Graph
from flexiflow.samplers.counted import price_of
from flexiflow.samplers.cutoffs import Cutoffs
from flexiflow.samplers.worth import prices

Floats = NDArray[np.float64]


def looked_ahead(
    graph: Graph, cutoffs: Cutoffs | None, seconds: Floats, draws: int, seed: int
) -> Floats | None:
    """The worth of asking each choice, on a first try and on later ones, `(2, draws, choices)`.

    None where the workflow is of another kind, or no label has come yet.
    """
    if cutoffs is None or not applies(graph):
        return None
    cut, node = graph.assertions[0].cut, graph.nodes[0]
    assert cut is not None
    price = price_of(graph, seconds)
    stated, found = prices(graph), np.zeros((2, draws, len(node.candidates)))
    rng = np.random.default_rng(seed)
    for later in (False, True):
        for k, candidate in enumerate(node.candidates):
            member = (node.name, candidate.fingerprint, later)
            fitted = cutoffs.fit(member, stated, cut.upper, least=0)
            if fitted is None:
                return None
            found[int(later), :, k] = rng.permutation(np.resize(fitted.values, draws)) - price[k]
    return found[..., [choice.candidate for choice in node.choices]]


def applies(graph: Graph) -> bool:
    """Whether a workflow is one node with one check, a comparison with a threshold."""
    one = len(graph.nodes) == 1 and len(graph.assertions) == 1
    return one and graph.assertions[0].cut is not None and bool(graph.scopes[0])
