"""Logits of configurations from weights, one configuration and draw at a time by hand."""

import itertools

import numpy as np
import pytest

from flexiflow.samplers.weights import Weights

WIDTH, NODE_OF = 6, np.array([0, 0, 1, 1, 1], dtype=np.intp)
AMONG = np.array(list(itertools.product((0, 1), (2, 3, 4))), dtype=np.intp)


def some_weights(first, pairs):
    rng, blocks = np.random.default_rng(0), first + (len(NODE_OF) if first else 2)
    return Weights(
        rng.normal(size=(blocks, WIDTH)), rng.normal(size=(4, blocks, WIDTH)), first, pairs
    )


@pytest.mark.parametrize("pairs", [(), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("offset", [None, np.linspace(-2.0, 2.0, len(AMONG))])
def test_logits_add_up_over_anchor_members_pairs_and_what_others_said(pairs, offset):
    weights, phi = some_weights(1, pairs), np.random.default_rng(1).normal(size=(2, WIDTH))
    found = weights.logits(phi, NODE_OF, slice(1, 3), AMONG, offset)
    assert found.shape == (2, len(AMONG))
    for (d, draw), (k, (a, b)) in itertools.product(enumerate((1, 2)), enumerate(AMONG.tolist())):
        w = weights.mean + weights.deviations[draw]
        total = w[0] @ phi[0] + w[1 + a] @ phi[0] + w[1 + b] @ phi[1]
        total += w[1 + b, pairs[a]] if pairs else 0.0
        total += 0.0 if offset is None else offset[k]
        assert found[d, k] == pytest.approx(total)


def test_on_one_node_a_member_has_its_own_block_alone():
    weights, phi = some_weights(0, ()), np.random.default_rng(1).normal(size=(1, WIDTH))
    found = weights.logits(phi, NODE_OF, slice(None), np.array([[1], [0]]))
    expected = [
        [(weights.mean[m] + weights.deviations[d, m]) @ phi[0] for m in (1, 0)] for d in range(4)
    ]
    np.testing.assert_allclose(found, expected)
