"""The checks, each on tracks whose fault is known, and what is seen of a clip at a glance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from flexiflow.examples.video.checks import (
    glance,
    lasting,
    leap,
    new_look,
    overlooked,
    settled,
)
from flexiflow.examples.video.trackers import SURE

FRAMES = 48
SIDE = 12
NONE = np.zeros((0, 6))


def box(frame: int, name: float, left: float, top: float) -> list[float]:
    return [frame, name, left, top, left + SIDE, top + SIDE]


def lane(name: float, frames: range, top: float = 8.0, speed: float = 2.0) -> NDArray[np.float64]:
    return np.array([box(f, name, 4 + speed * f, top) for f in frames])


def clip_with(levels: dict[float, int], light: NDArray[np.float64] | None = None) -> np.ndarray:
    """Squares of some brightness that go to the right on a grainy ground, one a height."""
    draw = np.random.default_rng(0)
    clip = 120 + draw.normal(0, 2, (FRAMES, 64, 128))
    for top, level in levels.items():
        for f in range(FRAMES):
            left = 4 + 2 * f
            clip[f, int(top) : int(top) + SIDE, left : left + SIDE] = level
    if light is not None:
        clip *= light[:, None, None]
    return clip.clip(0, 255).astype(np.uint8)


def test_settled_is_the_share_of_frames_with_the_usual_number() -> None:
    two = np.vstack([lane(0, range(FRAMES)), lane(1, range(FRAMES), 40)])
    assert settled(two, FRAMES) == 1.0
    assert settled(two[two[:, 0] != 7], FRAMES) == 47 / 48
    assert settled(np.vstack([two, lane(2, range(12), 24)]), FRAMES) == 36 / 48
    assert settled(NONE, FRAMES) == 0.0
    assert settled(lane(0, range(10)), FRAMES) == 0.0  # most frames have none


def test_lasting_is_the_f1_of_the_longest_tracks() -> None:
    full = FRAMES - SURE
    whole = np.vstack([lane(0, range(SURE, FRAMES)), lane(1, range(SURE, FRAMES), 40)])
    assert lasting(whole, FRAMES) == pytest.approx(1.0)
    back = np.vstack([lane(0, range(SURE, 20)), lane(2, range(26, FRAMES)),
                      lane(1, range(SURE, FRAMES), 40)])  # fmt: skip
    kept = full + 22
    assert lasting(back, FRAMES) == pytest.approx(2 * kept / (len(back) + 2 * full))
    assert lasting(back, FRAMES) < 0.8 < lasting(whole, FRAMES)
    assert lasting(NONE, FRAMES) == 0.0


def test_a_leap_is_told_in_sizes() -> None:
    slow = lane(0, range(FRAMES))
    assert leap(slow) == pytest.approx(2 / SIDE)
    far = slow.copy()
    far[20:, [2, 4]] += 28
    assert leap(far) == pytest.approx(30 / SIDE)
    assert leap(slow[::3]) == pytest.approx(2 / SIDE)  # frames without it are no leap
    assert leap(NONE) == 0.0


def test_a_number_that_goes_over_to_another_thing_has_a_new_look() -> None:
    clip = clip_with({8: 220, 40: 30})
    kept = np.vstack([lane(0, range(FRAMES)), lane(1, range(FRAMES), 40)])
    swapped = kept.copy()
    swapped[swapped[:, 0] >= 24, 1] = 1 - swapped[swapped[:, 0] >= 24, 1]
    assert new_look(clip, kept) < 0.05
    assert new_look(clip, swapped) == pytest.approx(np.log(222 / 32), abs=0.05)
    assert new_look(clip, lane(0, range(5))) == 0.0  # too short to have a look


def test_the_light_of_the_room_is_no_new_look() -> None:
    steps = np.where(np.arange(FRAMES) < 24, 1.0, 0.5)
    clip = clip_with({8: 220}, steps)
    assert new_look(clip, lane(0, range(FRAMES))) < 0.1


def test_a_box_that_leaves_its_thing_has_a_new_look() -> None:
    clip, track = clip_with({8: 220}), lane(0, range(FRAMES))
    track[24:, [3, 5]] += 30
    assert new_look(clip, track) == pytest.approx(np.log(222 / 122), abs=0.05)
    track[24:, [3, 5]] += 300  # out of the picture
    assert np.isfinite(new_look(clip, track))


def test_what_moves_and_is_not_followed_is_overlooked() -> None:
    clip = clip_with({8: 220, 40: 30})
    one, both = lane(0, range(FRAMES)), [lane(0, range(FRAMES)), lane(1, range(FRAMES), 40)]
    assert overlooked(clip, np.vstack(both)) < 0.02
    assert overlooked(clip, one) == pytest.approx(0.5, abs=0.1)
    assert overlooked(clip, NONE) == 1.0
    assert overlooked(np.full((FRAMES, 64, 128), 90, np.uint8), NONE) == 0.0


def test_lamps_alone_are_nothing_that_moves() -> None:
    beat = 1 - 0.2 * (np.arange(FRAMES) % 2)
    assert overlooked(clip_with({8: 220}, beat), lane(0, range(FRAMES))) < 0.05


def test_what_is_seen_at_a_glance() -> None:
    draw = np.random.default_rng(1)
    plain = np.full((FRAMES, 64, 128), 102.0)
    noisy = (plain + draw.normal(0, 10, plain.shape)).round().clip(0, 255).astype(np.uint8)
    bright, flicker, noise, moving, columns, jitter = glance(noisy)
    assert bright == pytest.approx(0.4, abs=0.01)
    assert flicker < 0.01
    assert noise == pytest.approx(10, rel=0.1)
    assert moving < 0.05
    assert jitter < 0.05
    assert glance(plain.astype(np.uint8)) == pytest.approx([0.4, 0, 0, 0, 0, 0])
    beat = (plain * (1 - 0.2 * (np.arange(FRAMES) % 2))[:, None, None]).astype(np.uint8)
    assert glance(beat)[1] == pytest.approx(21 / 91.5, abs=0.01)
    crossed = glance(clip_with({8: 220}))
    assert crossed[3] > moving
    assert crossed[4] > 0.8  # it has been in nearly all columns
    assert columns <= 1
