"""The quantiles of Student's t distribution, which torch does not have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_STEPS = 200  # of Newton; some 10 are needed, far tails need more


def log_constant(freedom: torch.Tensor) -> torch.Tensor:
    """Log of Gamma((v + 1) / 2) / (sqrt(pi) Gamma(v / 2)), `(n,)`, for v degrees of freedom."""
    import torch

    half = freedom / 2
    near = torch.lgamma(half + 0.5) - torch.lgamma(half)
    # The two grow far above their difference; from 30 on its own series is exact to the digit.
    far = half.log() / 2 - 1 / (8 * half) + 1 / (192 * half**3) - 1 / (640 * half**5)
    return torch.where(half < 30, near, far + 17 / (14336 * half**7)) - 0.5 * math.log(math.pi)


def log_density(z: torch.Tensor, freedom: torch.Tensor) -> torch.Tensor:
    """Log density of the standard t distribution at z, `(n,)`."""
    return log_constant(freedom) - freedom.log() / 2 - (freedom + 1) / 2 * (z * z / freedom).log1p()


def reach(probability: float, freedom: torch.Tensor) -> torch.Tensor:
    """How far from 0, to both sides, a standard t variable stays with some probability.

    With t = sqrt(v) tan(angle) the density becomes proportional to cos(angle)^(v - 1), smooth
    on a bounded interval: its integral is taken by Gauss-Legendre quadrature. The integral is
    concave in its upper end, so Newton's steps from 0 go up to the solution and never past it.

    Parameters
    ----------
    probability
        From 1e-6 to 0.9999.
    freedom
        Degrees of freedom, `(n,)` float64, at least 2.

    Returns
    -------
    `(n,)`; off by less than 1e-9 of itself.
    """
    import torch

    distinct: torch.Tensor
    place: torch.Tensor
    distinct, place = torch.unique(freedom, return_inverse=True)
    constant = 2 * log_constant(distinct).exp()
    nodes = torch.as_tensor((_NODES + 1) / 2).to(distinct)
    weights = torch.as_tensor(_WEIGHTS / 2).to(distinct)

    def integrand(angle: torch.Tensor, power: torch.Tensor) -> torch.Tensor:
        return torch.exp(power / 2 * torch.log1p(-(angle.sin() ** 2)))

    angle = torch.zeros_like(distinct)
    for _ in range(_STEPS):
        inner = integrand(angle[:, None] * nodes, distinct[:, None] - 1) @ weights
        short = probability - constant * angle * inner
        step = short / (constant * integrand(angle, distinct - 1))
        angle = angle + step
        if bool((step.abs() <= 1e-13 * angle).all()):
            break
    return (distinct.sqrt() * angle.tan())[place]
