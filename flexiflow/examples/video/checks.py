"""What good tracks are, without knowing the truth, and what is seen of a clip at a glance.

Four views of the same tracks, each blind to what another sees: whether they hang together
(``lasting``), whether a number stays with one thing (``leap``, ``new_look``), and whether
something moves that no track explains (``overlooked``). The first three know the tracks only
by themselves; that something was never found, only the picture can tell.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from flexiflow.examples.video.clips import Floats, Frames
from flexiflow.examples.video.trackers import SURE

Boxes = NDArray[np.float64]

BLOCK = 4  # pixels on a side of the blocks in which the picture is looked at
STEP = 4  # frames from one that is looked at to the next
APART = 2  # steps between two that are compared
STRONG = 4.0  # how many times as much as is usual a block must change to be told as moving
SHORT = 6  # frames of a track too short to have a look
EVERY = 3  # of the frames in which a track is looked at


def settled(boxes: Boxes, frames: int) -> float:
    """Share of the frames in which there are as many boxes as there are most often.

    A scene with three things has three boxes. Where the number jumps, the detector takes light
    or noise for things, or breaks things up. 0 where most frames have none.

    Parameters
    ----------
    boxes
        `(n, 6)`, the frame first.
    frames
        How many the clip has.
    """
    many = np.bincount(_count(boxes, frames))
    return float(many.max() / frames) if many.argmax() else 0.0


def lasting(tracks: Boxes, frames: int) -> float:
    """What IDF1 the tracks would have if what is in sight at once had been there throughout.

    So many things as there are tracks at once in all but a tenth of the frames are taken for
    the truth, each with the longest track that is left. A thing that vanishes and returns under
    another number, one that is found in half of the frames, and tracks of nothing all cost.

    Parameters
    ----------
    tracks
        `(n, 6)`: frame, number, left, top, right, bottom.
    frames
        How many the clip has. A track may begin late by as many as trackers take to be sure.
    """
    if not len(tracks):
        return 0.0
    things = max(int(np.quantile(_count(tracks, frames), 0.9)), 1)
    longest = np.sort(np.unique(tracks[:, 1], return_counts=True)[1])[::-1][:things]
    return float(2 * longest.sum() / (len(tracks) + things * (frames - SURE)))


def leap(tracks: Boxes) -> float:
    """How far a track moves from one frame to the next at most, in sizes of its box."""
    farthest = 0.0
    for track in _each(tracks):
        middles = (track[:, 2:4] + track[:, 4:6]) / 2
        sizes = np.sqrt(np.prod((track[:, 4:6] - track[:, 2:4]).clip(1), axis=1))
        steps = np.hypot(*np.diff(middles, axis=0).T) / np.diff(track[:, 0])
        farthest = max(farthest, float((steps / sizes[1:]).max(initial=0.0)))
    return farthest


def new_look(clip: Frames, tracks: Boxes) -> float:
    """How much the look of a track changes from its first half to its second, at most.

    Its look is how bright the middle of its box is beside the whole frame, as a logarithm, so
    that lamps that flicker and a dark room change nothing. It changes where a number goes over
    to another thing, and where a box holds nothing but background.
    """
    light = np.maximum(np.median(clip[:, ::BLOCK, ::BLOCK], axis=(1, 2)), 1.0)
    most = 0.0
    for track in _each(tracks):
        if len(track) < SHORT:
            continue
        looks = [_look(clip[int(row[0])], row, light[int(row[0])]) for row in track[::EVERY]]
        half = len(looks) // 2
        change = float(np.median(looks[:half]) - np.median(looks[half:]))
        most = max(most, abs(change))
    return most


def _look(frame: NDArray[np.uint8], row: Floats, light: float) -> float:
    """How bright the middle of a box is; 0 where the box is out of the picture."""
    edge = (row[4:6] - row[2:4]) / 4
    left, top = (row[2:4] + edge).round().astype(int).clip(0)
    right, bottom = (row[4:6] - edge).round().astype(int).clip(0)
    middle = frame[top : max(bottom, top + 1), left : max(right, left + 1)]
    return float(np.log((middle.mean() + 2) / (light + 2))) if middle.size else 0.0


def overlooked(clip: Frames, tracks: Boxes) -> float:
    """Share of what moves in the picture that is in no track's box, 0 to 1.

    Frames some time apart are compared in small blocks, the later one made as bright as the
    earlier; what changes by some times more than is usual moves. 0 where nothing moves.
    """
    shown = range(SURE, len(clip), STEP)
    coarse = _blocks(clip[SURE::STEP])
    moving = missed = 0.0
    for k, (first, later) in enumerate(zip(shown, shown[APART:], strict=False)):
        change = _change(coarse[k], coarse[k + APART])
        excess = (change - STRONG).clip(0, 10)
        covered = np.zeros(excess.shape, dtype=bool)
        for row in tracks[(tracks[:, 0] == first) | (tracks[:, 0] == later)]:
            left, top = (row[2:4] / BLOCK).astype(int).clip(0)
            right, bottom = (np.ceil(row[4:6] / BLOCK).astype(int) + 1).clip(0)
            covered[top:bottom, left:right] = True
        moving += float(excess.sum())
        missed += float(excess[~covered].sum())
    return missed / moving if moving else 0.0


def glance(clip: Frames) -> list[float]:
    """Tell what is seen of a clip at a glance, as a context for the sampler.

    Returns
    -------
    list of float
        How bright it is, 0 to 1; how much that changes from frame to frame, as a
        share of it; the noise of the sensor, in grey levels; the share of small blocks that
        change in a short time; the share of columns in which some do; and how much blocks
        change from frame to frame, as a share of the light.
    """
    few = clip[:, ::BLOCK, ::BLOCK].astype(np.float64)
    light = few.mean(axis=(1, 2))
    steps = np.abs(np.diff(few, axis=0))
    coarse = _blocks(clip)
    shown = coarse[::STEP]
    pairs = zip(shown, shown[APART:], strict=False)
    changes = np.stack([_change(a, b) > STRONG for a, b in pairs])
    jitter = np.abs(np.diff(coarse, axis=0)).mean(axis=(1, 2)) / light[1:]
    return [
        float(light.mean() / 255),
        float(np.abs(np.diff(light)).mean() / light.mean()),
        float(np.median(steps) / 0.954),  # the median of |a - b|, a and b normal, is 0.954 sigma
        float(changes.mean()),
        float(changes.any(axis=(0, 1)).mean()),
        float(jitter.mean()),
    ]


def _blocks(clip: Frames) -> Floats:
    """The means of small blocks, `(frames, height // 4, width // 4)`."""
    height, width = (side // BLOCK * BLOCK for side in clip.shape[1:])
    places = [(i, j) for i in range(BLOCK) for j in range(BLOCK)]
    parts = (clip[:, i:height:BLOCK, j:width:BLOCK].astype(np.float64) for i, j in places)
    return np.asarray(sum(parts, np.float64(0.0)) / BLOCK**2)


def _change(earlier: Floats, later: Floats) -> Floats:
    """How much each block differs under the same light, as a multiple of what is usual."""
    light = float(np.median(later)) / max(float(np.median(earlier)), 1.0)
    change = np.abs(later - light * earlier)
    return np.asarray(change / max(float(np.median(change)), 0.5))


def _count(rows: Boxes, frames: int) -> NDArray[np.int64]:
    return np.bincount(rows[:, 0].astype(int), minlength=frames)


def _each(tracks: Boxes) -> Iterator[Boxes]:
    for number in np.unique(tracks[:, 1]):
        yield tracks[tracks[:, 1] == number]
