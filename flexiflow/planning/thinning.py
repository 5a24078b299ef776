"""Labels that another one equals or beats in cost, seconds and accuracy, taken out."""

from __future__ import annotations

import numpy as np

from flexiflow.planning.choices import Floats, Ints

_LEVELS = 2_000  # distinct costs up to which labels of one cost are gone through together
_RIVALS = 256  # labels that all others are compared with where there are several columns


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
    if seconds.shape[1] == 1 and len(np.unique(cost)) <= _LEVELS:
        return _swept(cost, seconds[:, 0], gain)
    return _compared(cost, seconds, gain)


def _staircase(cost: Floats, gain: Floats) -> Ints:
    order = np.lexsort((-gain, cost))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(gain[order])[:-1]])
    return np.asarray(order[gain[order] > before], dtype=np.intp)


def _swept(cost: Floats, seconds: Floats, gain: Floats) -> Ints:
    """Cost by cost, against the staircase of gain over seconds of all that costs less."""
    order = np.lexsort((-gain, seconds, cost))
    cost, seconds, gain = cost[order], seconds[order], gain[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(cost) > 0]))
    stair_at, stair_top = np.array([-np.inf]), np.array([-np.inf])
    kept = []
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(cost)], strict=True):
        at, top = seconds[start:end], gain[start:end]
        before = np.concatenate([[-np.inf], np.maximum.accumulate(top)[:-1]])
        below = stair_top[np.searchsorted(stair_at, at, side="right") - 1]
        new = np.flatnonzero((top > before) & (top > below))
        if len(new):
            kept.append(start + new)
            at, top = np.concatenate([stair_at, at[new]]), np.concatenate([stair_top, top[new]])
            step = np.lexsort((-top, at))
            at, top = at[step], top[step]
            higher = top > np.concatenate([[-np.inf], np.maximum.accumulate(top)[:-1]])
            higher[0] = True
            stair_at, stair_top = at[higher], top[higher]
    return np.asarray(order[np.concatenate(kept)], dtype=np.intp)


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
