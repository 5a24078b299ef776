"""Triangular factors of many covariances, made anew only where one has changed."""

from __future__ import annotations

import torch


class Factors:
    """Lower triangles L with L L^T = covariance.

    Attributes
    ----------
    stale
        The blocks whose covariance has changed since their factor was made.
    """

    def __init__(self, blocks: int) -> None:
        self.stale = set(range(blocks))
        self._made: torch.Tensor | None = None

    def of(self, covariance: torch.Tensor, prior: torch.Tensor) -> torch.Tensor | None:
        """The factors, `(blocks, d, d)`; None if some covariance is not positive definite.

        Parameters
        ----------
        covariance
            `(blocks, d, d)`.
        prior
            The prior variances, `(blocks, d)`; a weight whose is 0 is not there and gets no
            deviation.
        """
        if self._made is None:
            self._made = torch.zeros_like(covariance)
        if self.stale:
            at = torch.tensor(sorted(self.stale), device=prior.device)
            rest = torch.diag_embed((prior[at] == 0).to(prior))
            found, wrong = torch.linalg.cholesky_ex(covariance[at] + rest)
            if bool(wrong.any()):
                return None
            self._made[at] = found - rest
            self.stale.clear()
        return self._made
