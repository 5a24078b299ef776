"""Student's t against SciPy."""

import numpy as np
import pytest
import torch
from scipy import stats

from flexiflow.posteriors.student import log_density, reach

FREEDOM = torch.tensor([2, 2.2, 3, 7.5, 30, 59, 61, 1e3, 1e6, 1e9], dtype=torch.float64)


@pytest.mark.parametrize("probability", [1e-6, 0.01, 0.5, 0.9, 0.95, 0.999, 0.9999])
def test_reach_is_the_quantile(probability):
    ours = reach(probability, FREEDOM.repeat(2))  # the same freedom may occur twice
    exact = stats.t(np.tile(FREEDOM, 2)).isf((1 - probability) / 2)
    np.testing.assert_allclose(ours, exact, rtol=1e-9)


@pytest.mark.parametrize("z", [0.0, 0.5, -3.0, 1e3])
def test_the_density_is_the_density(z):
    ours = log_density(torch.full_like(FREEDOM, z), FREEDOM)
    np.testing.assert_allclose(ours, stats.t(FREEDOM).logpdf(z), rtol=1e-9)
