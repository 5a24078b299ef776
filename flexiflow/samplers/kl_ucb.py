"""CC-UCB with the tighter bounds of Kullback and Leibler's divergence."""

from __future__ import annotations

import math

import numpy as np

from flexiflow.posteriors import Floats
from flexiflow.samplers.counted import number
from flexiflow.samplers.ucb import Optimistic

_STEPS = 30  # of Newton's method; it stops by itself long before
_ONE = float(np.nextafter(1.0, 0.0))


class KLUCB(Optimistic):
    """CC-KL-UCB: rank by ``U / L`` as :class:`UCB` does, with KL bounds on both [1]_.

    ``U`` is the largest pass probability ``q`` with ``n * kl(mean, q) <= log(t) +
    c * log(log(t))``, ``kl`` being the divergence of two Bernoulli variables; ``L`` is the
    smallest price in the same sense. The bounds hold for all variables between 0 and 1.

    Parameters
    ----------
    c
        Weight of the second term. The paper's guarantee asks for 3 and its authors recommend
        0 in practice.
    least
        Lower limit of every price, as a share of the slowest candidate's.

    References
    ----------
    .. [1] Garivier, A. & Cappé, O. (2011). The KL-UCB algorithm for bounded stochastic bandits
       and beyond. COLT.
    """

    def __init__(self, c: float = 0.0, least: float = 0.01) -> None:
        super().__init__(least)
        self.c = number("c", c, lambda x: 0 <= x < math.inf, "0 or more and finite")

    def upper(self, mean: Floats, count: Floats, total: Floats) -> Floats:
        """The KL upper bounds, `(n,)`."""
        log = np.log(total)
        return kl_upper(mean, (log + self.c * np.log(np.maximum(log, 1.0))) / count)


def kl(p: Floats, q: Floats) -> Floats:
    """Divergence of Bernoulli(p) from Bernoulli(q) in nats, `(n,)`; q between 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(p > 0, p * np.log(p / q), 0.0)
        no = np.where(p < 1, (1 - p) * np.log((1 - p) / (1 - q)), 0.0)
    return np.asarray(yes + no)


def kl_upper(mean: Floats, budget: Floats) -> Floats:
    """The largest q with ``kl(mean, q) <= budget``, `(n,)`.

    Newton's method from above: the divergence is convex and grows with q, so that every step
    stays above the root.

    Examples
    --------
    >>> kl_upper(np.array([0.0, 0.5, 1.0]), np.array([0.1, 0.1, 0.1])).round(4).tolist()
    [0.0952, 0.7129, 1.0]
    """
    q = np.minimum(mean + np.sqrt(budget / 2), _ONE)  # Pinsker's inequality
    open_ = (mean < 1) & (budget > 0)
    p, b = mean[open_], budget[open_]
    entropy = math.log(2) - kl(p, np.full_like(p, 0.5))
    x = np.minimum(q[open_], np.minimum(-np.expm1(-(b + entropy) / (1 - p)), _ONE))
    x = np.maximum(x, p)
    for _ in range(_STEPS):
        gap, above = x - p, np.maximum(kl(p, x) - b, 0.0)
        step = np.divide(above * x * (1 - x), gap, out=np.zeros_like(x), where=gap > 0)
        x -= step
        if not (step > 1e-15).any():
            break
    q[open_] = x
    return np.where(mean < 1, q, 1.0)
