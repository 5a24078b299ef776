"""One verdict seen through a logit with a normal belief: its chance, and where the mode moves."""

from __future__ import annotations

import math

import torch

_STEPS = 25  # of the search for the mode; it ends far earlier


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), for any float."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-min(logit, 700.0)))
    grown = math.exp(max(logit, -700.0))
    return grown / (1.0 + grown)


def moderated(logit: float, variance: float) -> float:
    """MacKay's approximation of E[sigmoid(z)], z ~ N(logit, variance)."""
    return sigmoid(logit / math.sqrt(1.0 + math.pi * variance / 8.0))


def mode_of(logit: float, variance: float, passed: bool) -> float:
    """The mode of N(z; logit, variance) times P(verdict | z), by bracketed Newton steps."""
    target = 1.0 if passed else 0.0
    ahead = logit + variance * (target - sigmoid(logit))
    low, high = min(logit, ahead), max(logit, ahead)
    z = min(max(0.0, low), high)  # the inflection: from there Newton's steps never overshoot
    for _ in range(_STEPS):
        chance = sigmoid(z)
        slope = 1.0 / variance + chance * (1.0 - chance)
        step = ((z - logit) / variance - (target - chance)) / slope
        moved = z - step
        if not low <= moved <= high:
            moved = (low + high) / 2
        if step > 0:
            high = z
        else:
            low = z
        if abs(moved - z) <= 1e-10 * (1.0 + abs(z)):
            return moved
        z = moved
    return z


def modes_of(logit: torch.Tensor, variance: torch.Tensor, passed: torch.Tensor) -> torch.Tensor:
    """As :func:`mode_of`, of each entry."""
    target = passed.to(logit)
    ahead = logit + variance * (target - torch.sigmoid(logit))
    low, high = torch.minimum(logit, ahead), torch.maximum(logit, ahead)
    z = torch.minimum(low.clamp_min(0.0), high)
    for _ in range(_STEPS):
        chance = torch.sigmoid(z)
        slope = 1.0 / variance + chance * (1.0 - chance)
        step = ((z - logit) / variance - (target - chance)) / slope
        high, low = torch.where(step > 0, z, high), torch.where(step > 0, low, z)
        moved = z - step
        z = torch.where((moved >= low) & (moved <= high), moved, (low + high) / 2)
    return z
