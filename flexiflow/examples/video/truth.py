"""Whether tracks are right: how far they agree with the truth, thing by thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]

OVERLAP = 0.4
"""Two boxes show the same if they overlap by this share of what both cover."""

GOOD = 0.7
"""The IDF1 from which on tracks count as right."""


def overlaps(a: Boxes, b: Boxes) -> Boxes:
    """Intersection over union of boxes (left, top, right, bottom).

    Parameters
    ----------
    a, b
        Of shape `(m, 4)` and `(n, 4)`.

    Returns
    -------
    numpy.ndarray
        `(m, n)`, each 0 to 1.

    Examples
    --------
    >>> overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [2, 2, 3, 3]]))
    array([[0.33333333, 0.        ]])
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod((high - low).clip(0), axis=2)
    sizes = [np.prod((x[:, 2:] - x[:, :2]).clip(0), axis=1) for x in (a, b)]
    return np.asarray(common / np.maximum(sizes[0][:, None] + sizes[1] - common, 1e-9))


def idf1(tracks: Boxes, truth: Boxes) -> float:
    """Share of boxes that are found under the right identity (Ristani et al. 2016).

    Each true thing is given at most one track, so that together they share as many frames as
    can be; a box counts if its thing's track has it. This is F1 over all boxes.

    Parameters
    ----------
    tracks, truth
        `(n, 6)`: frame, number, left, top, right, bottom.

    References
    ----------
    .. [1] Ristani, Solera, Zou, Cucchiara, Tomasi 2016, Performance Measures and a Data Set
       for Multi-Target, Multi-Camera Tracking, arXiv:1609.01775.
    """
    from scipy.optimize import linear_sum_assignment

    if not len(tracks) or not len(truth):
        return float(len(tracks) == len(truth))
    names, track = np.unique(tracks[:, 1], return_inverse=True)
    things, thing = np.unique(truth[:, 1], return_inverse=True)
    shared = np.zeros((len(things), len(names)))
    for frame in np.unique(truth[:, 0]):
        of, at = np.flatnonzero(truth[:, 0] == frame), np.flatnonzero(tracks[:, 0] == frame)
        i, j = np.nonzero(overlaps(truth[of, 2:], tracks[at, 2:]) >= OVERLAP)
        np.add.at(shared, (thing[of[i]], track[at[j]]), 1)
    best = shared[linear_sum_assignment(shared, maximize=True)].sum()
    return float(2 * best / (len(tracks) + len(truth)))


def followed(tracks: Boxes, label: Boxes) -> bool:
    """Whether tracks are right: an IDF1 of at least :data:`GOOD`."""
    return idf1(tracks, label) >= GOOD
