"""A scope's blocks of weights kept as one block, with one covariance over all of them."""

from __future__ import annotations

from typing import Any

import torch

from flexiflow.posteriors.logistic import Logistic


def spread(old: Logistic, variances: Any, positions: Any) -> Logistic:
    """The beliefs of a single block in a longer one.

    Parameters
    ----------
    variances
        Prior variances of the new block, `(1, d)`.
    positions
        Where each old weight goes.
    """
    fresh = Logistic(variances, dtype=old.dtype, device=str(old.mean.device))
    there = old.prior[0] > 0
    at = torch.as_tensor(positions, device=old.prior.device)[there]
    fresh.prior[0, at] = old.prior[0, there]
    fresh.mean[0, at] = old.mean[0, there]
    fresh.covariance[0, at[:, None], at] = old.covariance[0][there][:, there]
    return fresh


def split(old: Logistic, shape: tuple[int, int]) -> Logistic:
    """The beliefs of a single block cut into blocks; what crosses them is dropped."""
    blocks, d = shape
    apart = Logistic(old.prior.reshape(shape), dtype=old.dtype, device=str(old.mean.device))
    whole = old.covariance.reshape(blocks, d, blocks, d)
    at = torch.arange(blocks, device=old.prior.device)
    apart.believe(old.mean.reshape(shape), whole[at, :, at, :])
    return apart


def joined(blocks: Logistic) -> Logistic:
    """Several blocks as a single one, uncorrelated."""
    whole = Logistic(
        blocks.prior.reshape(1, -1), dtype=blocks.dtype, device=str(blocks.mean.device)
    )
    # torch's function carries no types.
    # torch gives block_diag no types.
    covariance: torch.Tensor = torch.block_diag(*blocks.covariance)  # type: ignore[no-untyped-call]  # of torch
    whole.believe(blocks.mean.reshape(1, -1), covariance[None])
    return whole
