"""The contextual expert's beliefs as plain lists and packed numbers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flexiflow.samplers.contextual import Contextual, placed
from flexiflow.samplers.packing import packed, packed_symmetric, unpacked, unpacked_symmetric


def state_of(it: Contextual) -> dict[str, Any]:
    """The beliefs and their layout, as plain lists and packed numbers."""
    if it.logistic is None:
        return {}
    mean, covariance, prior = (
        part.cpu().numpy() for part in (it.logistic.mean, it.logistic.covariance, it.logistic.prior)
    )
    return {
        "shape": list(mean.shape),
        "blocks": list(it.layout),
        "columns": [it.history, it.pairs, it.entries],
        "bent": it.bent,
        "evidence": it.evidence,
        "mean": packed(mean),
        "prior": packed(prior),
        "covariance": packed_symmetric(covariance),
    }


def load(it: Contextual, state: Mapping[str, Any], members: int) -> None:
    """Take over saved beliefs about so many members; a ValueError says what is wrong."""
    if not state:
        return
    from flexiflow.posteriors.logistic import Logistic

    n, d = (int(x) for x in state["shape"])
    it.blocks, it.width = (int(x) for x in state["blocks"])
    it.history, it.pairs, it.entries = ([int(c) for c in columns] for columns in state["columns"])
    it.bent, it.evidence = int(state["bent"]), int(state["evidence"])
    it.layout = (it.blocks, it.width)
    it.full = n == 1 and it.blocks > 1
    used = [*it.history, *it.pairs, *it.entries]
    used += [it.bent, it.bent + it.tuning.fourier - 1] if it.bent else []
    if (
        it.blocks != members + (not it.single)
        or n * d != it.blocks * it.width
        or not all(0 < column < it.width for column in used)
    ):
        raise ValueError(f"weights laid out for {members} members expected, not {n} x {d}")
    prior = unpacked(state["prior"], (n, d))
    it.logistic = Logistic(prior, device=placed(it.device, prior))
    it.logistic.believe(
        unpacked(state["mean"], (n, d)), unpacked_symmetric(state["covariance"], n, d)
    )
