"""The chance of a check shared out among the candidates of its nodes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flexiflow.panels.shares import shares


def marginals(good, used):
    """Chances by candidate where a configuration passes if all its candidates do, by counting."""
    sizes = [len(g) for g in good]
    means = [np.zeros(n) for n in sizes]
    for choice in itertools.product(*map(range, sizes)):
        chance = np.prod([g[k] for g, k in zip(good, choice, strict=True)])
        weight = np.prod([u[k] for u, k in zip(used, choice, strict=True)])
        for v, k in enumerate(choice):
            means[v][k] += chance * weight / used[v][k]
    return means


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sizes", [(3,), (2, 3), (4, 1, 2)])
def test_the_product_is_the_chance_of_the_configuration(sizes, seed):
    rng = np.random.default_rng(seed)
    good = [rng.uniform(0.05, 1.0, n) for n in sizes]
    used = [rng.dirichlet(np.ones(n)) for n in sizes]
    found = shares(marginals(good, used), used)
    for choice in itertools.product(*map(range, sizes)):
        product = np.prod([f[k] for f, k in zip(found, choice, strict=True)])
        wanted = np.prod([g[k] for g, k in zip(good, choice, strict=True)])
        assert product == pytest.approx(wanted, rel=1e-9)
    assert all(f.min() >= 0.0 and f.max() <= 1.0 for f in found)
    tops = [f.max() for f in found]
    np.testing.assert_allclose(tops, tops[0])  # each node takes an equal part


def test_what_one_node_alone_can_fail_is_its_own():
    np.testing.assert_allclose(
        shares([np.array([0.2, 0.9])], [np.array([5.0, 1.0])])[0], [0.2, 0.9]
    )


def test_nothing_is_more_than_certain_and_nothing_is_divided_by():
    found = shares([np.array([0.99, 0.1]), np.array([0.99, 0.1])], [np.ones(2), np.ones(2)])
    np.testing.assert_allclose(found, [[1.0, 0.1 / 0.99]] * 2)
    none = shares([np.zeros(2), np.zeros(3)], [np.ones(2), np.ones(3)])
    assert all((f == 0.0).all() for f in none)
