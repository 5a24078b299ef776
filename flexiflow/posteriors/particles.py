"""Which candidates are good for an item, given its verdicts; for a batch of items at once.

Each candidate is good or bad for an item, and a configuration passes if all its candidates are
good, but for errors of the verdict. The states (who is good) are shared by all items of a
batch, only their weights differ: a verdict multiplies the weights of the states in which all of
the configuration are good by one number, and those of the others by another. A single item is
:class:`flexiflow.samplers.blame.Item`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def states_of(
    good: torch.Tensor, most: int = 256, generator: torch.Generator | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """States of candidates with their prior weights: all of them, or as particles.

    Parameters
    ----------
    good
        Prior chance of each candidate to be good, `(candidates,)`, between 0 and 1.
    most
        How many states at most. Where there are more, so many are drawn.
    generator
        Of the draw, on the device of ``good``.

    Returns
    -------
    Who is good, `(states, candidates)` booleans, and weights that sum to 1, `(states,)`.
    """
    import torch

    many = good.shape[0]
    if 2 ** min(many, 62) <= most:
        bits = torch.arange(many, device=good.device)
        states = (torch.arange(2**many, device=good.device)[:, None] >> bits) % 2 == 1
        return states, torch.where(states, good, 1.0 - good).prod(dim=1)
    drawn = torch.rand((most, many), generator=generator, dtype=good.dtype, device=good.device)
    return drawn < good, torch.full_like(drawn[:, 0], 1.0 / most)


def reweighed(
    states: torch.Tensor,
    weights: torch.Tensor,
    configurations: torch.Tensor,
    verdicts: torch.Tensor,
    false_pass: float = 0.02,
    false_fail: float = 0.1,
) -> torch.Tensor:
    """The weights of the states for each item, given its verdicts; by Bayes.

    Parameters
    ----------
    states, weights
        As :func:`states_of` gives them.
    configurations
        The candidates of each judged configuration, `(items, verdicts, nodes)` int64.
    verdicts
        1 for a pass, -1 for a failure, 0 for none, which lets an item have fewer of them:
        `(items, verdicts)`.
    false_pass, false_fail
        Chance of a pass if some candidate is bad, and of a failure if all are good.

    Returns
    -------
    `(items, states)`, each row sums to 1. The chance of each candidate to be good is
    ``reweighed(...) @ states.to(weights)``, `(items, candidates)`.
    """
    import torch

    columns = states.T.contiguous()
    whole = columns[configurations[..., 0]]
    for node in range(1, configurations.shape[-1]):
        whole &= columns[configurations[..., node]]
    for_a_pass = math.log((1.0 - false_fail) / false_pass)
    for_a_failure = math.log(false_fail / (1.0 - false_pass))
    strength = torch.zeros_like(verdicts, dtype=weights.dtype)
    strength[verdicts > 0], strength[verdicts < 0] = for_a_pass, for_a_failure
    logs = torch.einsum("iv,ivs->is", strength, whole.to(weights))
    return torch.softmax(logs + weights.log(), dim=1)
