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
        if self._made is None or self.stale:
            at = torch.tensor(sorted(self.stale), dtype=torch.long, device=prior.device)
            changed, rest = covariance[at], (prior[at] == 0).to(prior)
            changed.diagonal(dim1=-2, dim2=-1).add_(rest)
            found, wrong = torch.linalg.cholesky_ex(changed)
            if bool(wrong.any()):
                return None
            found.diagonal(dim1=-2, dim2=-1).sub_(rest)
            if self._made is None or len(at) == len(covariance):
                self._made = found
            else:
                self._made[at] = found
            self.stale.clear()
        return self._made


def mended(covariance: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Covariances whose eigenvalues, brought to zero or below by rounding, are lifted."""
    values, vectors = torch.linalg.eigh(covariance)
    eps = 2 * prior.shape[1] * torch.finfo(prior.dtype).eps
    values = torch.maximum(values, eps * values.amax(1, keepdim=True))
    kept = (prior > 0).to(prior)
    found: torch.Tensor = (vectors * values[:, None, :]) @ vectors.mT
    found = found * kept[:, :, None] * kept[:, None, :]
    return (found + found.mT) / 2
