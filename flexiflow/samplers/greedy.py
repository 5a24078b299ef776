"""No exploration: the candidate that looks best so far."""

from __future__ import annotations

import numpy as np

from flexiflow.posteriors import Floats
from flexiflow.samplers.counted import Counted, Rows
from flexiflow.samplers.lifted import Beliefs
from flexiflow.samplers.space import Space


class Greedy(Counted):
    """Take the best posterior mean per price, always: the yardstick of not exploring.

    In a cascade failures alone make it try something else, so it can lock in: a candidate
    that was unlucky once may never be tried again while another one passes.

    Examples
    --------
    >>> sampler = Greedy()
    """

    def believe(self, space: Space, draws: int, seed: int) -> Beliefs:
        """Make the beliefs of a graph's candidates; one row, for there is nothing to draw."""
        return super().believe(space, 1, seed)

    def passing(self, rows: Rows, draws: int, rng: np.random.Generator) -> Floats:
        """The means of the Betas, `(1, len(rows))`."""
        a, b = self.passes.parameters(rows)
        return np.asarray(a / (a + b))[None]
