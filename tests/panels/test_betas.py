"""Quantiles, densities and matched moments against SciPy."""

import numpy as np
import pytest
from scipy.stats import beta

from flexiflow.panels.betas import density, interval, matched, moments, quantiles

VALUES = [0.05, 0.3, 1.0, 2.0, 7.0, 31.0, 400.0, 1e5]


@pytest.mark.parametrize("a", VALUES)
def test_quantiles_have_the_probability_below_them(a):
    b, shares = np.array(VALUES), np.array([0.1, 0.5, 0.9])
    found = quantiles(np.full(len(b), a), b, shares)
    # Where a quantile is 1 but for rounding, its probability cannot be told apart from 1.
    inner = found < 1 - 1e-6
    below = beta.cdf(found, a, b[:, None])
    assert np.abs(below - shares)[inner].max() < 2e-3
    assert (beta.sf(1 - 1e-6, a, b[:, None]) + 2e-3 > 1 - shares)[~inner].all()


def test_densities_are_those_of_the_beta():
    p = np.linspace(0.01, 0.99, 99)
    for a in VALUES[:-1]:
        for b in VALUES[:-1]:
            wanted = beta.pdf(p, a, b)
            np.testing.assert_allclose(density(a, b, p), wanted, rtol=5e-3, atol=1e-6)


def test_an_interval_is_the_mean_and_the_middle_four_fifths():
    (found,) = interval([8.0], [4.0])
    wanted = [8 / 12, *beta.ppf([0.1, 0.9], 8, 4)]
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_matching_undoes_moments_and_keeps_within_what_a_beta_can():
    a, b = np.array([0.5, 3.0, 90.0]), np.array([2.0, 3.0, 10.0])
    again = matched(*moments(a, b))
    np.testing.assert_allclose(again, (a, b), rtol=1e-9)
    mean, variance = moments(a, b)
    np.testing.assert_allclose(mean, beta.mean(a, b))
    np.testing.assert_allclose(variance, beta.var(a, b))
    wide = np.array(matched([0.5], [10.0])).ravel()
    assert (wide > 0).all()
    assert np.isfinite(matched([0.0, 1.0], [0.0, 0.0])).all()
