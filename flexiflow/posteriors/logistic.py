"""Bayesian logistic regression, learned one verdict at a time: many small models at once.

Each of ``blocks`` weight vectors has a Gaussian belief w ~ N(mean, covariance). A verdict is
seen through the sum of a few of them, logit P(pass) = sum over its blocks b of  phi_b . w_b ,
so that one block is a plain logistic regression, and several are one regression whose
covariance is kept block by block (an assumed density: what one verdict says of two blocks
together is told to each of them, and the correlation between them is dropped).

A verdict is learned by an online Laplace step [1]_: along the one direction phi that it looks
in, the exact mode of prior times likelihood is found, and the covariance loses what the
curvature there says. Predictions are moderated [2]_: the more uncertain the logit, the closer
to one half.

References
----------
.. [1] Spiegelhalter, D. & Lauritzen, S. (1990). Sequential updating of conditional
   probabilities on directed graphical structures. Networks 20.
.. [2] MacKay, D. (1992). The evidence framework applied to classification networks.
   Neural Computation 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.posteriors.factors import Factors, mended
from flexiflow.posteriors.laplace import mode_of, moderated, modes_of, sigmoid

Precision = Literal["float32", "float64"]

_MADE = ("_mean", "_cov", "_wrap", "_each", "_factors")  # follow from the rest


class Logistic:
    """Gaussian beliefs about the weights of several logistic regressions.

    Parameters
    ----------
    variances
        Prior variance of each weight, `(blocks, d)`; 0 marks a weight that is not there.
    dtype
        ``"float64"`` or ``"float32"``.
    device
        Where the beliefs live.

    Attributes
    ----------
    mean
        `(blocks, d)` tensor.
    covariance
        `(blocks, d, d)` tensor.
    prior
        The prior variances, `(blocks, d)` tensor.

    Examples
    --------
    >>> beliefs = Logistic([[4.0, 1.0]])
    >>> for x in (-1.0, 1.0) * 20: _ = beliefs.update([0], [[1.0, x]], passed=x > 0)
    >>> beliefs.predict([[1.0, 1.0], [1.0, -1.0]]).round(decimals=1).tolist()
    [0.9, 0.1]
    """

    def __init__(
        self,
        variances: Sequence[Sequence[float]] | NDArray[np.float64] | torch.Tensor,
        *,
        dtype: Precision = "float64",
        device: str = "cpu",
    ) -> None:
        kinds = {"float32": torch.float32, "float64": torch.float64}
        if dtype not in kinds:
            raise BadInput(f"dtype must be one of {sorted(kinds)}. Got {dtype!r}.")
        self.dtype: Precision = dtype
        kind = kinds[dtype]
        self.prior = torch.as_tensor(variances, dtype=kind, device=device).clone()
        if self.prior.ndim != 2 or not bool(((self.prior >= 0) & self.prior.isfinite()).all()):
            raise BadInput(
                "Prior variances must be a (blocks, d) table of numbers, 0 or more. "
                f"Got shape {tuple(self.prior.shape)}."
            )
        self._put(torch.zeros_like(self.prior), torch.diag_embed(self.prior))

    def _put(self, mean: torch.Tensor, covariance: torch.Tensor) -> None:
        self.mean, self.covariance = mean.contiguous(), covariance.contiguous()
        # One verdict is a handful of small products: on a CPU, NumPy is quicker to start each
        # than torch. It works on the same memory, with the same expressions.
        cpu = self.mean.device.type == "cpu"
        self._mean: Any = self.mean.numpy() if cpu else self.mean
        self._cov: Any = self.covariance.numpy() if cpu else self.covariance
        self._wrap: Any = torch.from_numpy if cpu else torch.as_tensor
        self._each = self.covariance.unbind()
        self._factors = Factors(len(self.covariance))

    def __getstate__(self) -> dict[str, Any]:
        return {name: x for name, x in vars(self).items() if name not in _MADE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._put(self.mean, self.covariance)

    @property
    def shape(self) -> tuple[int, int]:
        """(blocks, d)."""
        return self.prior.shape[0], self.prior.shape[1]

    def believe(self, mean: Any, covariance: Any) -> None:
        """Take over beliefs; covariances must be symmetric and positive definite."""
        new, spread = self._tensor(mean).clone(), self._tensor(covariance).clone()
        (blocks, d), rest = self.shape, torch.diag_embed((self.prior == 0).to(self.prior))
        if (
            new.shape != (blocks, d)
            or spread.shape != (blocks, d, d)
            or not bool(new.isfinite().all() & (spread == spread.mT).all())
            or bool(torch.linalg.cholesky_ex(spread + rest)[1].any())
        ):
            raise ValueError("finite means and positive definite covariances expected")
        self._put(new, spread)

    def update(
        self, blocks: Sequence[int], features: Any, passed: bool, offset: float = 0.0
    ) -> float:
        """Learn one verdict.

        Parameters
        ----------
        blocks
            The blocks that it was seen through, each once.
        features
            Their phi, `(len(blocks), d)`.
        passed
            The verdict.
        offset
            A part of its logit that is known.

        Returns
        -------
        The moderated probability of a pass that was predicted before.
        """
        phis, pulls, variance, logit = self._plain(features), [], 0.0, offset
        for b, phi in zip(blocks, phis, strict=True):
            pull = self._cov[b] @ phi
            pulls.append(pull)
            variance += float(phi @ pull)
            logit += float(phi @ self._mean[b])
        predicted = moderated(logit, variance)
        if variance <= 1e-12:
            return predicted
        mode = mode_of(logit, variance, passed)
        chance = sigmoid(mode)
        curvature = chance * (1.0 - chance)
        shift = (mode - logit) / variance
        scale = math.sqrt(curvature / (1.0 + curvature * variance))
        for b, pull in zip(blocks, pulls, strict=True):
            self._mean[b] += pull * shift
            lost = pull * scale
            # In place, without a table of the products; symmetric to the last bit.
            self._each[b].addcmul_(self._wrap(lost[:, None]), self._wrap(lost), value=-1.0)
        self._factors.stale.update(blocks)
        return predicted

    def update_each(self, blocks: torch.Tensor, features: torch.Tensor, passed: Any) -> None:
        """Learn one verdict for each of several different blocks, all at once.

        Parameters
        ----------
        blocks
            `(n,)`, no block twice.
        features
            `(n, d)`.
        passed
            `(n,)` booleans.
        """
        phi = features.to(self.prior)
        cov = self.covariance[blocks]
        pull = torch.einsum("nde,ne->nd", cov, phi)
        variance = (pull * phi).sum(-1).clamp_min(1e-12)
        logit = (self.mean[blocks] * phi).sum(-1)
        mode = modes_of(logit, variance, torch.as_tensor(passed, device=phi.device))
        curvature = torch.sigmoid(mode) * torch.sigmoid(-mode)
        self.mean[blocks] += pull * ((mode - logit) / variance)[:, None]
        lost = pull * (curvature / (1.0 + curvature * variance)).sqrt()[:, None]
        self._factors.stale.update(blocks.tolist())
        self.covariance[blocks] = cov - lost[:, :, None] * lost[:, None, :]

    def logits(
        self, features: Any, blocks: Sequence[int] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance of the logit of each of n cases, `(n,)` each.

        Parameters
        ----------
        features
            `(n, d)`.
        blocks
            One block a case; default: the first for all.
        """
        phi = self._tensor(features)
        at = torch.as_tensor(blocks if blocks is not None else [0] * len(phi), device=phi.device)
        mean = (self.mean[at] * phi).sum(-1)
        variance = torch.einsum("nd,nde,ne->n", phi, self.covariance[at], phi)
        return mean, variance.clamp_min(0.0)

    def predict(self, features: Any, blocks: Sequence[int] | None = None) -> torch.Tensor:
        """Moderated P(pass) of each case, `(n,)`; arguments as for :meth:`logits`."""
        mean, variance = self.logits(features, blocks)
        return torch.sigmoid(mean / torch.sqrt(1.0 + math.pi * variance / 8.0))

    def log_likelihood(
        self, features: Any, passed: Any, blocks: Sequence[int] | None = None
    ) -> torch.Tensor:
        """Predictive log-likelihood of each verdict, `(n,)`."""
        mean, variance = self.logits(features, blocks)
        logit = mean / torch.sqrt(1.0 + math.pi * variance / 8.0)
        held = torch.as_tensor(passed, device=logit.device, dtype=torch.bool)
        return torch.nn.functional.logsigmoid(torch.where(held, logit, -logit))

    def factor(self) -> torch.Tensor:
        """Lower triangles L with L L^T = covariance, `(blocks, d, d)`; not to be changed."""
        found = self._factors.of(self.covariance, self.prior)
        if found is None:
            self._put(self.mean, mended(self.covariance, self.prior))
            found = self._factors.of(self.covariance, self.prior)
            assert found is not None
        return found

    def sample(
        self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0
    ) -> torch.Tensor:
        """Draw weights, `(n, blocks, d)`; ``temperature`` scales their variance."""
        return self.mean + self.deviations(n, generator, temperature)

    def deviations(
        self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0
    ) -> torch.Tensor:
        """Draw the deviations of weights from their mean, as :meth:`sample` has them."""
        (blocks, d), device = self.shape, self.prior.device
        # Single precision is ample for noise, and several times quicker to draw.
        noise = torch.randn(blocks, n, d, generator=generator, dtype=torch.float32, device=device)
        drawn = math.sqrt(temperature) * noise.to(self.prior) @ self.factor().mT
        return drawn.transpose(0, 1).contiguous()

    def merge(self, other: Logistic) -> None:
        """Add what another worker has seen from the same prior.

        In the precision form, N(mean, covariance) is prior + evidence, and evidence adds up:
        exact for a likelihood that is Gaussian in the logit. A verdict's curvature depends on
        where it was learned, so for verdicts it is approximate: two workers linearise at
        different points than one worker that saw both.
        """
        if self.shape != other.shape or not torch.equal(self.prior, other.prior):
            raise BadInput(
                "Beliefs can be merged only if they began with the same prior. Got shapes "
                f"{self.shape} and {other.shape}. Grow the smaller one first."
            )
        there = self.prior > 0
        rest = torch.diag_embed((~there).to(self.prior))
        before = torch.diag_embed(torch.where(there, 1.0 / self.prior, torch.ones_like(self.prior)))
        ours, theirs = (torch.linalg.inv(b.covariance + rest) for b in (self, other))
        pull = (ours @ self.mean[:, :, None]) + (theirs @ other.mean[:, :, None])
        covariance = torch.linalg.inv(ours + theirs - before)
        mean = (covariance @ pull)[:, :, 0]
        self._put(mean, (covariance + covariance.mT) / 2 - rest)

    def grow(self, variances: Any) -> None:
        """Add blocks below and weights to the right; what was known is kept.

        Parameters
        ----------
        variances
            Prior variances in the new shape, `(blocks, d)`; where both have a weight, the old
            belief stays.
        """
        new = self._tensor(variances)
        (b, d), old = self.shape, self.prior
        if new.shape[0] < b or new.shape[1] < d:
            raise BadInput(f"Beliefs of shape {self.shape} cannot shrink to {tuple(new.shape)}.")
        there = torch.zeros_like(new, dtype=torch.bool)
        there[:b, :d] = old > 0
        mean, covariance = torch.zeros_like(new), torch.diag_embed(new * ~there)
        mean[:b, :d] = self.mean
        covariance[:b, :d, :d] += self.covariance
        self.prior = torch.where(there, torch.nn.functional.pad(
            old, (0, new.shape[1] - d, 0, new.shape[0] - b)), new)  # fmt: skip
        self._put(mean, covariance)

    def _tensor(self, values: Any) -> torch.Tensor:
        return torch.as_tensor(values, dtype=self.prior.dtype, device=self.prior.device)

    def _plain(self, values: Any) -> Any:
        """In the form in which single verdicts are computed."""
        if self.mean.device.type == "cpu":
            return np.asarray(values, dtype=self._mean.dtype)
        return self._tensor(values)
