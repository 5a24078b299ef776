"""Node-level Thompson sampling that forgets: the textbook's answer to drift."""

from __future__ import annotations

from collections.abc import Sequence

from flexiflow.records import Outcome
from flexiflow.samplers import Thompson
from flexiflow.samplers.counted import number


class Discounted(Thompson):
    """Thompson sampling whose verdicts fade by a factor with every job [1]_.

    Parameters
    ----------
    discount
        What a verdict weighs one job later; 0.99 remembers some hundred jobs.

    References
    ----------
    .. [1] Raj, V. & Kalyani, S. (2017). Taming non-stationary bandits: a Bayesian approach.
       arXiv:1707.09727.
    """

    def __init__(self, discount: float = 0.99) -> None:
        super().__init__()
        self.discount = number("discount", discount, lambda d: 0 < d <= 1, "above 0 and at most 1")

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Let what is known of passes fade, then learn."""
        for outcome in outcomes:
            if outcome.job.teaches:
                self.passes.table.sums[:] *= self.discount
            super().update([outcome])
