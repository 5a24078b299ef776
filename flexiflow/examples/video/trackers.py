"""The candidates of the second step: which box belongs to which thing, in four ways.

All take boxes as a detector gives them, and give `(n, 6)`: frame, number of the track, left,
top, right, bottom. Tracks are numbered in the order in which they appear. Each package is
loaded when it is asked for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
Tracker = Callable[[Boxes], Boxes]
Row = tuple[Any, ...]

AGE = 4  # frames for which a track waits for its thing to come back
SURE = 3  # frames in which a thing must have been seen


def load_sort() -> Tracker:
    """Load SORT (Bewley et al. 2016, arXiv:1602.00763), in Rust."""
    from ioutrack import Sort

    def sort(found: Boxes) -> Boxes:
        model = Sort(max_age=AGE, min_hits=SURE, iou_threshold=0.3)
        return tracks(_rust(model, found))

    return sort


def load_bytetrack() -> Tracker:
    """Load ByteTrack (Zhang et al. 2022, arXiv:2110.06864), in Rust: faint boxes come second."""
    from ioutrack import ByteTrack

    def bytetrack(found: Boxes) -> Boxes:
        model = ByteTrack(
            max_age=4 * AGE, min_hits=SURE, iou_threshold=0.05, init_tracker_min_score=0.3,
            high_score_threshold=0.4, low_score_threshold=0.05,
        )  # fmt: skip
        return tracks(_rust(model, found))

    return bytetrack


def load_norfair() -> Tracker:
    """Load norfair: the nearest box, by the distance of the corners."""
    from norfair import Detection
    from norfair import Tracker as Norfair

    def norfair(found: Boxes) -> Boxes:
        model = Norfair("euclidean", 30.0, hit_counter_max=4 * AGE, initialization_delay=SURE)

        def steps() -> Iterator[Row]:
            for frame, here in _frames(found):
                given = [Detection(row[1:5].reshape(2, 2)) for row in here]
                for it in model.update(given):
                    if it.hit_counter >= 1:
                        yield (frame, it.id, *it.estimate.ravel())

        return tracks(steps())

    return norfair


def load_motpy() -> Tracker:
    """Load motpy: a Kalman filter a thing, in Python."""
    from motpy import Detection, MultiObjectTracker

    def motpy(found: Boxes) -> Boxes:
        model = MultiObjectTracker(
            dt=0.1,
            model_spec={"order_pos": 1, "dim_pos": 2, "order_size": 0, "dim_size": 2,
                        "q_var_pos": 5000.0},
            tracker_kwargs={"max_staleness": 4 * AGE},
            active_tracks_kwargs={"min_steps_alive": SURE, "max_staleness": 2},
            matching_fn_kwargs={"min_iou": 0.01},
        )  # fmt: skip

        def steps() -> Iterator[Row]:
            for frame, here in _frames(found):
                given = [Detection(box=row[1:5], score=row[5]) for row in here]
                for it in model.step(given):
                    yield (frame, it.id, *it.box)

        return tracks(steps())

    return motpy


def tracks(rows: Iterator[Row]) -> Boxes:
    """Number tracks anew, in the order in which they appear.

    Examples
    --------
    >>> tracks(iter([(0, "b", 1, 2, 3, 4), (1, "a", 0, 0, 2, 2), (1, "b", 2, 2, 4, 4)]))[:, 1]
    array([0., 1., 0.])
    """
    known = dict[Any, int]()
    made = [(frame, known.setdefault(name, len(known)), *box) for frame, name, *box in rows]
    return np.asarray(made, dtype=np.float64).reshape(-1, 6)


def _frames(found: Boxes) -> Iterator[tuple[int, Boxes]]:
    """The boxes of each frame, up to the last that has one."""
    last = int(found[-1, 0]) if len(found) else -1
    for frame in range(last + 1):
        yield frame, found[found[:, 0] == frame]


def _rust(model: Any, found: Boxes) -> Iterator[Row]:
    for frame, here in _frames(found):
        for *box, name in model.update(np.ascontiguousarray(here[:, 1:]), False):
            yield (frame, name, *(float(v) for v in box))
