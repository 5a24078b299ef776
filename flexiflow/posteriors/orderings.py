"""Whole orders of candidates by p / price, each from one draw of the pass probabilities.

'Try in order, stop at the first pass' costs least in expectation if the candidates come in
falling order of p / price (the exchange argument: swap two neighbours and compare). With p
drawn from its Beta, this is Thompson sampling of the order [1]_.

The parameters of the Betas come as one table `(2, candidates)`, first all a (passes and prior),
then all b (failures and prior), so that one call draws for both. They must be 0.05 or more;
divide them by a temperature to scale the variance of the draws. Nothing is checked here: one
order takes some microseconds, and a check would take as long.

References
----------
.. [1] Zhou, R., Gan, C., Yang, J. & Shen, C. (2018). Cost-aware cascading bandits. IJCAI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flexiflow.posteriors.table import Floats

if TYPE_CHECKING:
    import torch

Ints = NDArray[np.intp]


def ordering(betas: Floats, price: Floats, rng: np.random.Generator) -> Ints:
    """The candidates in the order in which one job tries them, `(candidates,)`.

    Parameters
    ----------
    betas
        Parameters a and b of the pass probabilities, `(2, candidates)`.
    price
        Of one run of each candidate, `(candidates,)`, above 0.
    rng
        Of the draw.

    Examples
    --------
    >>> betas = np.array([[90.0, 10.0, 50.0], [10.0, 90.0, 50.0]])
    >>> ordering(betas, np.array([1.0, 1.0, 0.1]), np.random.default_rng(0)).tolist()
    [2, 0, 1]
    """
    passes, failures = rng.standard_gamma(betas)  # p = passes / (passes + failures)
    return np.asarray((price * (failures + passes) / passes).argsort())


def orderings(betas: Floats, price: Floats, jobs: int, rng: np.random.Generator) -> Ints:
    """As :func:`ordering` for many jobs, each with a draw of its own, `(jobs, candidates)`.

    The draws have 24 bits. A Gamma of a shape below 1 needs more, since it can fall below all
    float32 numbers; where there are such, they are drawn in float64.
    """
    kind: type[np.float32 | np.float64] = np.float32 if betas.min() >= 1.0 else np.float64
    passes, failures = np.empty((2, len(price), jobs), kind)
    for k, (a, b) in enumerate(betas.T):
        rng.standard_gamma(a, dtype=kind, out=passes[k])
        rng.standard_gamma(b, dtype=kind, out=failures[k])
    np.maximum(passes, np.finfo(kind).tiny, out=passes)  # Gamma(1) can round to 0
    failures += passes
    failures /= passes
    np.multiply(failures, price.astype(kind)[:, None], out=failures)
    return np.asarray(failures.T.argsort(axis=1))


def tensor_orderings(
    betas: torch.Tensor,
    price: torch.Tensor,
    jobs: int,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """As :func:`orderings` in torch, on the device and in the precision of ``betas``.

    Parameters
    ----------
    betas
        `(2, candidates)`, or `(2, jobs, candidates)` where jobs have beliefs of their own.
    price
        `(candidates,)` or `(jobs, candidates)`, above 0.
    jobs
        How many.
    generator
        Of the draws, on the same device.

    Returns
    -------
    `(jobs, candidates)` int64.
    """
    import torch

    shapes = betas[:, None] if betas.ndim == 2 else betas
    gammas = torch._standard_gamma(
        shapes.expand(2, jobs, betas.shape[-1]).contiguous(), generator=generator
    )
    order: torch.Tensor = (price * (gammas[0] + gammas[1]) / gammas[0]).argsort(dim=-1)
    return order
