"""Video: five detectors of what moves, four trackers, and going back.

Whether boxes are good shows only when they are followed: a thing that vanishes and returns
under another number, or one that moves and is in no track, was mostly lost by the detector.
So the checks at the end blame both steps, and the clip goes back to another detector.
"""

# A bar between functions is no operation of Python's: the reader of the language takes it.
# mypy: disable-error-code="operator"

from __future__ import annotations

import flexiflow
from flexiflow import candidate, context, maximize, minimize, runtime
from flexiflow.examples.video.checks import glance, lasting, leap, new_look, overlooked, settled
from flexiflow.examples.video.detectors import (
    load_difference,
    load_knn,
    load_median,
    load_mog2,
    load_normalised,
)
from flexiflow.examples.video.trackers import (
    load_bytetrack,
    load_motpy,
    load_norfair,
    load_sort,
)
from flexiflow.examples.video.truth import followed

PACKAGES = ("cv2", "ioutrack", "motpy", "norfair", "scipy")
"""What must be installed: the extra ``video``."""

difference = candidate(load=load_difference)
median = candidate(load=load_median)
normalised = candidate(load=load_normalised)
mog2 = candidate(load=load_mog2)
knn = candidate(load=load_knn)
sort = candidate(load=load_sort)
bytetrack = candidate(load=load_bytetrack)
norfair = candidate(load=load_norfair)
motpy = candidate(load=load_motpy)


@flexiflow.workflow
def video(clip, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    """Follow what moves in a clip."""
    boxes = (difference | median | normalised | mog2 | knn)(clip)
    assert settled(boxes, len(clip)) >= 0.4, "the number of boxes jumps"
    tracks = (sort | bytetrack | norfair | motpy)(boxes)
    assert leap(tracks) <= 1, "a track leaps"
    assert lasting(tracks, len(clip)) >= 0.8, "things vanish or return under another number"
    assert new_look(clip, tracks) <= 0.4, "a number goes over to another thing"
    assert overlooked(clip, tracks) <= 0.25, "something moves that nobody follows"
    context(glance(clip))
    maximize(followed(tracks, label))
    minimize(runtime, weight=0.25)
