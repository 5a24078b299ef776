"""Labels that another one equals or beats in cost, seconds and accuracy, taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flexiflow.planning.curves import Floats

Ints = NDArray[np.intp]

_RIVALS = 256  # labels that all others are compared with where there are several columns


class TooMany(Exception):
    """There would be more labels than is worth it."""


def thinned(cost: Floats, seconds: Floats, gain: Floats) -> Ints:
    """Places of labels to go on with: all that nothing dominates, and perhaps some more.

    Parameters
    ----------
    cost, gain
        `(n,)`.
    seconds
        `(n, columns)`.
    """
    if len(cost) < 2:
        return np.arange(len(cost))
    if seconds.shape[1] == 0:
        return _staircase(cost, gain)
    if seconds.shape[1] == 1:
        return _swept(cost, seconds[:, 0], gain)
    return _compared(cost, seconds, gain)


def undominated(cost: Floats, seconds: Floats, gain: Floats) -> Ints:
    """Places of those that no other equals or beats in all three, ascending by cost.

    All parameters `(n,)`.

    Examples
    --------
    >>> undominated(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0]),
    ...             np.array([0.5, 0.5, 0.6])).tolist()
    [0, 2]
    """
    kept = _swept(cost, seconds, gain) if len(cost) else np.arange(0)
    return kept[np.lexsort((-gain[kept], seconds[kept], cost[kept]))]


def _staircase(cost: Floats, gain: Floats) -> Ints:
    order = np.lexsort((-gain, cost))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(gain[order])[:-1]])
    return np.asarray(order[gain[order] > before], dtype=np.intp)


def _swept(cost: Floats, seconds: Floats, gain: Floats) -> Ints:
    """Exactly: labels of one cost first, then of costs next to one another, pair by pair.

    In each round blocks of costs are paired, and what the cheaper block of a pair beats is
    taken out of the other: a running maximum of gain in the order of seconds tells.
    """
    order = np.lexsort((cost, -gain, seconds))
    level = np.unique(cost[order], return_inverse=True)[1]
    rank = np.unique(gain[order], return_inverse=True)[1] + 1
    block, side = level, np.zeros(len(level), dtype=bool)
    for turn in range(int(level.max()).bit_length() + 1):
        if turn:
            block, side = level >> turn, (level >> (turn - 1)) & 1 == 1
        by = np.argsort(block.astype(np.min_scalar_type(int(block.max()))), kind="stable")
        base = block[by] * (len(cost) + 1)
        reached = np.maximum.accumulate(base + np.where(side[by], 0, rank[by]))
        if turn:
            beaten = side[by] & (reached - base >= rank[by])
        else:  # within one cost each label is held against those before it
            before = np.concatenate([[-1], reached[:-1]])
            beaten = before - base >= rank[by]
        kept = np.sort(by[~beaten])
        order, level, rank = order[kept], level[kept], rank[kept]
    return np.asarray(order, dtype=np.intp)


def _compared(cost: Floats, seconds: Floats, gain: Floats) -> Ints:
    """Against a few strong labels only: what remains may be dominated, but nothing is lost."""
    whole = np.column_stack([cost, seconds, -gain])
    order = np.lexsort(whole.T[::-1])
    whole = whole[order]
    same = np.concatenate([[False], (np.diff(whole, axis=0) == 0).all(axis=1)])
    order, whole = order[~same], whole[~same]
    span = np.ptp(whole, axis=0)
    scaled = (whole - whole.min(axis=0)) / np.where(span > 0, span, 1.0)
    weights = np.random.default_rng(0).dirichlet(np.ones(whole.shape[1]), size=_RIVALS)
    rivals = np.unique((scaled @ weights.T).argmin(axis=0))
    keep = np.ones(len(whole), dtype=bool)
    for r in rivals.tolist():
        beaten = (whole >= whole[r]).all(axis=1)
        beaten[r] = False
        keep &= ~beaten
    return np.asarray(order[keep], dtype=np.intp)
