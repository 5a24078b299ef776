"""The clips: seeded, with a truth that agrees with what is in the picture, and troubled as told."""

from importlib import import_module

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.video.clips import (
    FRAMES,
    HEIGHT,
    KINDS,
    WIDTH,
    background,
    clip_of,
    clips,
    soft,
)


def draw(number: int) -> np.random.Generator:
    return np.random.default_rng([77, number])


def test_clips_are_seeded_and_a_longer_list_begins_as_a_shorter() -> None:
    made, more, other = clips(3, seed=4), clips(5, seed=4), clips(3, seed=5)
    for a, b in zip(made, more, strict=False):
        assert (a["id"], a["kind"]) == (b["id"], b["kind"])
        assert np.array_equal(a["clip"], b["clip"])
        assert np.array_equal(a["label"], b["label"])
    assert not np.array_equal(made[0]["clip"], other[0]["clip"])
    assert made[0]["clip"].shape == (FRAMES, HEIGHT, WIDTH)
    assert made[0]["clip"].dtype == np.uint8
    assert clips(0) == []


def test_what_cannot_be_made_is_told() -> None:
    with pytest.raises(BadInput, match="Got -1"):
        clips(-1)
    with pytest.raises(BadInput, match="Got 'fog'"):
        clip_of("fog", draw(0))


@pytest.mark.parametrize("number", range(3))
def test_the_truth_is_where_the_picture_is_not_background(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("flexiflow.examples.video.clips")
    monkeypatch.setattr(module, "background", lambda it: np.full((HEIGHT + 16, WIDTH + 16), 125.0))
    clip, truth = clip_of("clear", draw(number))
    compared = 0
    for frame in range(FRAMES):
        y, x = np.nonzero(abs(clip[frame].astype(int) - 125) > 20)
        here = truth[truth[:, 0] == frame]
        if len(here) < len(np.unique(truth[:, 1])):
            continue  # what is hardly in sight has no box
        low, high = here[:, 2:4].min(axis=0), here[:, 4:6].max(axis=0)
        assert low.tolist() == [x.min(), y.min()]
        assert high.tolist() == [x.max() + 1, y.max() + 1]
        compared += 1
    assert compared > FRAMES / 2


def test_a_thing_that_is_hidden_has_no_box() -> None:
    counts = [len(clip_of("pillars", draw(n))[1]) for n in range(4)]
    whole = [FRAMES * len(np.unique(clip_of("pillars", draw(n))[1][:, 1])) for n in range(4)]
    assert sum(counts) < sum(whole)


def moved(clip: np.ndarray, frame: int) -> tuple[int, int]:
    """By how many pixels a frame is shifted against the first, by trying all shifts."""
    first, other = clip[0].astype(int), clip[frame].astype(int)

    def off(dy: int, dx: int) -> float:
        mine, its = first[16:-16:3, 16:-16:3], other[16 + dy :: 3, 16 + dx :: 3]
        return float(np.median(abs(mine - its[: mine.shape[0], : mine.shape[1]])))

    return min(((y, x) for y in range(-15, 16) for x in range(-15, 16)), key=lambda s: off(*s))


def test_only_the_camera_that_shakes_moves() -> None:
    shaken, still = clip_of("shake", draw(1))[0], clip_of("clear", draw(1))[0]
    assert {moved(still, f) for f in (1, 30)} == {(0, 0)}
    assert len({moved(shaken, f) for f in (1, 30)}) > 1


def test_the_light_is_as_the_kind_says() -> None:
    light = {kind: clip_of(kind, draw(2))[0].mean(axis=(1, 2)) for kind in KINDS}
    spread = {kind: it.std() / it.mean() for kind, it in light.items()}
    assert light["dark"].max() < 0.3 * light["clear"].min()
    assert spread["flicker"] > 3 * spread["clear"]
    assert spread["shadow"] > 2 * spread["clear"]


def test_noise_is_much_and_without_it_there_is_little() -> None:
    grain = {k: np.diff(clip_of(k, draw(3))[0].astype(float), axis=0) for k in ("clear", "noise")}
    sigma = {k: np.median(abs(it)) / 0.954 for k, it in grain.items()}
    assert sigma["clear"] == pytest.approx(2.0, abs=0.4)
    assert 6 < sigma["noise"] < 19


def test_what_stops_stands_still_for_a_while() -> None:
    def longest_rest(kind: str) -> int:
        truth = clip_of(kind, draw(4))[1]
        one = truth[truth[:, 1] == 0]
        same = (np.diff(one[:, 2:], axis=0) == 0).all(axis=1)
        runs = "".join("x" if s else " " for s in same).split()
        return max(map(len, runs), default=0)

    assert longest_rest("stops") >= 8
    assert longest_rest("clear") <= 3


def test_blurring_keeps_the_mean_and_is_a_gaussian() -> None:
    from scipy.ndimage import gaussian_filter

    picture = draw(5).normal(size=(40, 60))
    blurred = soft(picture, 2.0)
    assert blurred.mean() == pytest.approx(picture.mean())
    assert np.allclose(blurred, gaussian_filter(picture, 2.0, mode="wrap", truncate=8), atol=1e-3)


def test_a_background_leaves_room_for_brighter_and_darker_things() -> None:
    scene = background(draw(6))
    assert 60 <= scene.min() < scene.max() <= 185
