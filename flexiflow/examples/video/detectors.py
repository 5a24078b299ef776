"""The candidates of the first step: where in a clip something moves, in five ways.

All give boxes, and nothing beside them: `(n, 6)` with frame, left, top, right, bottom, and how
clearly it stands out, 0 to 1. They differ in what they take for the background and in what
they take for a difference; what follows is the same for all: small holes are closed, small
spots are dropped, and what hangs together is one thing. Each is loaded when it is asked for
the first time (``load_...``), OpenCV with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.examples.video.clips import Floats, Frames

Boxes = NDArray[np.float64]
Detector = Callable[[Frames], Boxes]
Masks = Iterator[tuple[NDArray[np.uint8], Any]]
"""For each frame what stands out, 0 or 255, and how much it does, in multiples of the limit."""

RATE = 0.005  # the share of a new frame in what is learned
LEAST = 40  # pixels of the smallest thing
LIMIT = 25.0  # grey levels from which on a difference counts, where no better one is known
GAP = 10  # frames between those that are compared
STRIDE = 4  # of the frames, every so many make the background


def load_difference() -> Detector:
    """Load the quickest: what differs from a while before and from a while after."""
    import cv2

    def difference(clip: Frames) -> Boxes:
        last = len(clip) - 1
        levels = []
        for t, frame in enumerate(clip):
            before = clip[t - GAP if t >= GAP else min(t + 2 * GAP, last)]
            after = clip[t + GAP if t + GAP <= last else max(t - 2 * GAP, 0)]
            levels.append(cv2.min(cv2.absdiff(frame, before), cv2.absdiff(frame, after)))
        return boxes(_over(levels, LIMIT))

    return difference


def load_median() -> Detector:
    """Load: what differs from the median of all frames by a fixed limit."""
    import cv2

    def median(clip: Frames) -> Boxes:
        ground = np.median(clip[::STRIDE], axis=0).astype(np.uint8)
        return boxes(_over((cv2.absdiff(f, ground) for f in clip), LIMIT))

    return median


def load_normalised() -> Detector:
    """Load: the same, each frame made as bright as the background, the limit from its noise."""
    import cv2  # noqa: F401  # loaded here, so that loading is in no clock

    def normalised(clip: Frames) -> Boxes:
        return boxes(_normalised(clip, np.median(clip[::STRIDE], axis=0)))

    return normalised


def load_mog2() -> Detector:
    """Load a mixture of Gaussians for each pixel, learned as the clip goes on."""
    import cv2

    def mog2(clip: Frames) -> Boxes:
        model = cv2.createBackgroundSubtractorMOG2(60, 20, False)
        model.setBackgroundRatio(0.6)
        return boxes(_learned(model, clip))

    return mog2


def load_knn() -> Detector:
    """Load the nearest among remembered values of each pixel."""
    import cv2

    def knn(clip: Frames) -> Boxes:
        cv2.setRNGSeed(0)  # what is remembered is drawn
        model = cv2.createBackgroundSubtractorKNN(60, 500.0, False)
        model.setNSamples(9)
        model.setkNNSamples(4)
        return boxes(_learned(model, clip))

    return knn


def boxes(masks: Masks) -> Boxes:
    """Make boxes of what stands out in each frame."""
    import cv2

    rows = list[tuple[float, ...]]()
    small = np.ones((3, 3), np.uint8)
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    for frame, (mask, strength) in enumerate(masks):
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, small)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, wide)
        many, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        for k in range(1, many):
            left, top, width, height, area = (int(v) for v in stats[k])
            if area < LEAST:
                continue
            clear = strength[top : top + height, left : left + width].mean()
            right, bottom = left + width, top + height
            rows.append((frame, left, top, right, bottom, min(float(clear) / 3, 1.0)))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 6)


def _over(levels: Any, limit: float) -> Masks:
    for level in levels:
        yield (level > limit).astype(np.uint8) * 255, level / limit


def _normalised(clip: Frames, ground: Floats) -> Masks:
    """What differs from the background under the light of the frame.

    The light is the ratio of the two, the median of it around each place, so that things
    hardly count; the limit is a multiple of the typical difference.
    """
    import cv2

    def coarse(picture: Any) -> Any:
        small = (picture.shape[1] // 4, picture.shape[0] // 4)
        return cv2.resize(np.float32(picture), small, interpolation=cv2.INTER_AREA)

    still, dim = np.float32(ground), coarse(ground) + 1
    for frame in clip:
        percent = (100 * coarse(frame) / dim).clip(0, 255).astype(np.uint8)
        light = np.float32(cv2.medianBlur(percent, 11)) / 100
        expected = still * cv2.resize(light, frame.shape[::-1], interpolation=cv2.INTER_LINEAR)
        level = cv2.GaussianBlur(cv2.absdiff(np.float32(frame), expected), (5, 5), 0)
        limit = max(6.0 * float(np.median(level)), 4.0)
        yield (level > limit).astype(np.uint8) * 255, level / limit


def _learned(model: Any, clip: Frames) -> Masks:
    """What a model of the background does not know, after it has seen the clip once."""
    import cv2

    calm = [cv2.GaussianBlur(frame, (5, 5), 0) for frame in clip]
    for start in range(STRIDE):  # out of order, so that no thing seems to stay where it is
        for frame in calm[start::STRIDE]:
            model.apply(frame)
    for frame in calm:
        mask = model.apply(frame, None, RATE)
        yield mask, mask * np.float32(2 / 255)
