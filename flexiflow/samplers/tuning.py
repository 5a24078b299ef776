"""The constants of the hybrid sampler."""

from __future__ import annotations

from dataclasses import dataclass, fields

from flexiflow.errors import BadInput


@dataclass(frozen=True)
class Tuning:
    """The constants of the hybrid, set by reasoning and on simulated worlds.

    Attributes
    ----------
    bias, candidate, context, bent, history, pair
        Prior variances of the logistic weights: of what all candidates share, of each
        candidate, of each context entry, of the random Fourier features together, of each
        failure seen on the job, of each pair of candidates.
    residual
        What multiplies the first, the second and that of failures over several nodes, where
        the logistic weights learn only what blame leaves over.
    tempered, tempered_counts
        What multiplies the variance of a draw: of logistic weights, and of Betas.
    share
        The part of the experts' weights that goes back to ``prior`` at each verdict.
    rate
        The exponent of the likelihood in the experts' weights.
    prior
        The experts' first weights: contextual, counting, forgetting, blame. On one node there
        is no blame, and the contextual one has its part as well.
    discount
        What the forgetting expert keeps of its evidence at each verdict.
    strength
        Weight of a prior mean, in verdicts.
    draws
        Joint draws in a block.
    fourier
        How many random Fourier features.
    """

    bias: float = 4.0
    candidate: float = 1.0
    context: float = 0.2
    bent: float = 0.5
    history: float = 0.5
    pair: float = 0.05
    residual: float = 0.1
    tempered: float = 0.1
    tempered_counts: float = 0.1
    share: float = 0.002
    rate: float = 0.2
    prior: tuple[float, float, float, float] = (0.4, 0.1, 0.1, 0.4)
    discount: float = 0.99
    strength: float = 2.0
    draws: int = 32
    fourier: int = 64

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if field.name == "prior" else (value,)
            if not all(isinstance(x, (int, float)) and x > 0 for x in numbers):
                raise BadInput(f"Tuning.{field.name} must be above 0. Got {value!r}.")
        if len(self.prior) != 4:
            raise BadInput(f"Tuning.prior must be four weights. Got {self.prior!r}.")
