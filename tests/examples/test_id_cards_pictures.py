from typing import Any

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pictures are prepared with OpenCV, of the extra 'demo'")

from flexiflow.examples.id_cards import pictures

CHANNELS = (pictures.grey, pictures.red, pictures.green, pictures.blue)
IMPROVED = (
    pictures.plain,
    pictures.sharpen,
    pictures.brighten,
    pictures.binarise,
    pictures.denoise,
)


@pytest.fixture
def image() -> Any:
    made = np.random.default_rng(0).integers(0, 256, (52, 120, 3), dtype=np.uint8)
    made.flags.writeable = False  # as the runner hands it on
    return made


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("improve", IMPROVED)
def test_every_path_gives_a_plane_and_leaves_its_input(
    image: Any, channel: Any, improve: Any
) -> None:
    before = image.copy()
    plane = channel(image)
    plane.flags.writeable = False
    made = improve(plane)
    assert made.shape == plane.shape == image.shape[:2]
    assert made.dtype == plane.dtype == np.uint8
    assert np.array_equal(image, before)


def test_each_channel_is_blind_to_its_own_colour() -> None:
    for place, channel in enumerate(CHANNELS[1:]):
        paper = np.full((4, 4, 3), 240, dtype=np.uint8)
        paper[1:3, 1:3, [c for c in range(3) if c != place]] = 20
        assert channel(paper).min() == 240
        assert pictures.grey(paper).min() < 240


def test_sharpening_steepens_an_edge() -> None:
    edge = np.tile(np.linspace(100, 150, 20).astype(np.uint8), (20, 1))
    assert np.ptp(pictures.sharpen(edge)) > np.ptp(edge)


def test_brightening_lifts_the_dark() -> None:
    dark = np.random.default_rng(0).integers(5, 40, (52, 120), dtype=np.uint8)
    assert pictures.brighten(dark).mean() > 2 * dark.mean()


def test_binarising_follows_a_slope_of_light() -> None:
    slope = np.tile(np.linspace(60, 230, 120), (52, 1))
    slope[20:32, 10:110:10] *= 0.5  # strokes, each darker than its surroundings
    made = pictures.binarise(slope.astype(np.uint8))
    assert set(np.unique(made)) <= {0, 255}
    assert (made[26, 10:110:10] == 0).all()
    assert (made[5] == 255).all()


def test_denoising_calms_what_is_flat_and_keeps_edges() -> None:
    step = np.where(np.arange(120) < 60, 60, 190) * np.ones((52, 1))
    noisy = np.clip(step + np.random.default_rng(0).normal(0, 15, step.shape), 0, 255)
    calm = pictures.denoise(noisy.astype(np.uint8))
    assert calm[:, :50].std() < 0.5 * noisy[:, :50].std()
    assert calm[:, 70:].mean() - calm[:, :50].mean() > 115


def test_features_are_finite_numbers_of_a_fixed_count(image: Any) -> None:
    flat = np.zeros((52, 120, 3), dtype=np.uint8)
    for picture in (image, flat, 255 - flat):
        found = pictures.features(picture)
        assert len(found) == 7
        assert all(isinstance(x, float) and np.isfinite(x) for x in found)


def test_features_agree_with_numpy(image: Any) -> None:
    mean, spread, _, tint, *spreads = pictures.features(image)
    grey = pictures.grey(image) / 255
    distance = np.abs(image[..., 0].astype(float) - image[..., 2]).mean() / 255
    assert [mean, spread, tint] == pytest.approx([grey.mean(), grey.std(), distance])
    assert spreads == pytest.approx(image.std(axis=(0, 1)) / 255)


def test_features_tell_smooth_from_rough(image: Any) -> None:
    smooth = np.full((52, 120, 3), 128, dtype=np.uint8)
    assert pictures.features(image)[2] > pictures.features(smooth)[2] + 5
