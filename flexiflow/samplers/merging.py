"""Joining what two workers have learned of the same assertion.

Counts are sums and add up exactly. The contextual expert's evidence adds up in its precision
form, which is exact for what is Gaussian and approximate for verdicts
(:meth:`flexiflow.posteriors.logistic.Logistic.merge`). Discounted counts have no common order
of verdicts, and the experts' weights none either: the former are added, so that each worker's
latest verdicts count alike, and of the latter the geometric mean is taken, weighed by evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.contextual import Contextual
from flexiflow.samplers.passing import Passing

Ints = NDArray[np.intp]


def merge(ours: Passing, theirs: Passing, entries: Sequence[int], size: int) -> None:
    """Add what another worker's pass model has learned.

    Parameters
    ----------
    entries
        Where each of their context entries is found among ours.
    size
        How many context entries we have.
    """
    known = {member for member, row in theirs.members.items() if row not in theirs.unjudged}
    rows = np.array([ours.member(*member) for member in theirs.members], dtype=np.intp)
    ours.unjudged.difference_update(ours.members[member] for member in known)
    _weigh(ours, theirs, rows)
    ours.counted.merge(theirs.counted, rows)
    ours.recent.merge(theirs.recent, rows)
    if ours.blame is not None and theirs.blame is not None:
        ours.blame.merge(theirs.blame, rows)
    if theirs.contextual.logistic is not None:
        ours.contextual.fit(ours.node_of, ours.place, size)
        _add(ours, theirs, rows, entries)


def _weigh(ours: Passing, theirs: Passing, rows: Ints) -> None:
    at = rows if ours.single else np.zeros(1, dtype=np.intp)
    mine = ours.counted.members.sum(axis=(0, 2))[rows] + 1.0
    other = theirs.counted.members.sum(axis=(0, 2)) + 1.0
    part = (other / (mine + other))[:, None] if ours.single else other.sum() / (mine + other).sum()
    with np.errstate(divide="ignore"):
        log = (1.0 - part) * np.log(ours.weights[at]) + part * np.log(theirs.weights)
    joined = np.exp(log - log.max(axis=1, keepdims=True))
    ours.weights[at] = joined / joined.sum(axis=1, keepdims=True)


def _add(ours: Passing, theirs: Passing, rows: Ints, entries: Sequence[int]) -> None:
    """Put their contextual beliefs into our layout, and add them."""
    from flexiflow.posteriors.logistic import Logistic

    mine, other = ours.contextual, theirs.contextual
    assert mine.logistic is not None
    assert other.logistic is not None
    first = 0 if ours.single else 1
    blocks = [*range(first), *(first + int(r) for r in rows)]
    fitted = Logistic(
        mine.prior_table(ours.node_of, ours.place), device=str(mine.logistic.mean.device)
    )
    mean, covariance = fitted.mean.clone(), fitted.covariance.clone()
    apart = other.apart()
    for b, to in enumerate(blocks):
        columns = _columns(mine, other, ours, theirs, b - first, rows, entries)
        there = np.flatnonzero((apart.prior[b].cpu().numpy() > 0) & (columns >= 0))
        at = columns[there]
        mean[to, at] = apart.mean[b, there]
        covariance[to][np.ix_(at, at)] = apart.covariance[b][np.ix_(there, there)]
    fitted.believe(mean, covariance)
    mine.add(fitted, other.evidence)


def _columns(
    mine: Contextual,
    other: Contextual,
    ours: Passing,
    theirs: Passing,
    member: int,
    rows: Ints,
    entries: Sequence[int],
) -> Ints:
    """For each column of one of their blocks, the same weight's among ours; -1: there is none."""
    found = np.full(other.width, -1, dtype=np.intp)
    found[0] = 0
    node = theirs.node_of[max(member, 0)]
    for m, at in enumerate(theirs.node_of):
        if at == node and theirs.place[m] < len(other.history):
            found[other.history[theirs.place[m]]] = mine.history[ours.place[rows[m]]]
    for m, column in enumerate(other.pairs):
        found[column] = mine.pairs[rows[m]] if rows[m] < len(mine.pairs) else -1
    for k, column in enumerate(other.entries):
        found[column] = mine.entries[entries[k]]
    if other.bent:
        bent = np.arange(other.tuning.fourier)
        found[other.bent + bent] = mine.bent + bent
    return found
