"""Thompson sampling with one Beta per candidate and assertion: the node-level sampler."""

from __future__ import annotations

import numpy as np

from flexiflow.posteriors import Floats
from flexiflow.samplers.counted import Counted, Rows, number


class Thompson(Counted):
    """Draw each candidate's pass probability from its Beta and divide by the price to pay [1]_.

    A candidate's pass probability is that of completing (no exception, no timeout) times one
    factor for each assertion that can blame its node. The verdict of an assertion counts for
    every candidate of the configuration it judged: node-level knowledge cannot tell who spoiled
    it. Seconds are expected values. Where ``minimize(runtime)`` or ``minimize(cost)`` is stated
    the price weighs them so; otherwise it is the seconds.

    Parameters
    ----------
    temperature
        Scales the variance of the draws; 1 is the full posterior, below 1 explores less.

    References
    ----------
    .. [1] Thompson, W. R. (1933). On the likelihood that one unknown probability exceeds
       another in view of the evidence of two samples. Biometrika 25.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = number(
            "temperature", temperature, lambda t: 0 < t <= 1, "above 0 and at most 1"
        )

    def passing(self, rows: Rows, draws: int, rng: np.random.Generator) -> Floats:
        """Draw from the Betas, `(draws, len(rows))`."""
        return self.passes.sample(rows, draws, rng, self.temperature)
