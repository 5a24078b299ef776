"""Detectors and trackers for real: each on what it is good at, and where it is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.video.clips import FRAMES, clip_of
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
    tracks,
)
from flexiflow.examples.video.truth import OVERLAP, idf1, overlaps
from flexiflow.examples.video.workflow import PACKAGES

WITHOUT = lacking(PACKAGES)
pytestmark = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[video]'"
)
DETECTORS = (load_difference, load_median, load_normalised, load_mog2, load_knn)
TRACKERS = (load_sort, load_bytetrack, load_norfair, load_motpy)
Boxes = NDArray[np.float64]


def draw(number: int) -> np.random.Generator:
    return np.random.default_rng([78, number])


def found(boxes: Boxes, truth: Boxes) -> float:
    """The share of true boxes that some box fits."""
    hits = 0
    for frame in range(FRAMES):
        here, there = truth[truth[:, 0] == frame, 2:], boxes[boxes[:, 0] == frame, 1:5]
        hits += int((overlaps(here, there) >= OVERLAP).any(axis=1).sum())
    return hits / len(truth)


@pytest.mark.parametrize("load", DETECTORS)
def test_a_detector_finds_most_things_in_clear_clips(load) -> None:  # type: ignore[no-untyped-def]  # as above
    detect, shares = load(), []
    for number in range(3):
        clip, truth = clip_of("clear", draw(number))
        boxes = detect(clip)
        assert boxes.shape[1] == 6
        assert (np.diff(boxes[:, 0]) >= 0).all()
        assert ((boxes[:, 3:5] - boxes[:, 1:3]) > 0).all()
        assert ((boxes[:, 5] > 0) & (boxes[:, 5] <= 1)).all()
        assert np.array_equal(boxes, detect(clip))
        shares.append(found(boxes, truth))
    assert np.mean(shares) > 0.7


def test_in_the_dark_a_limit_from_the_noise_finds_what_a_fixed_one_does_not() -> None:
    shares = {load: [] for load in (load_median, load_normalised)}  # type: ignore[var-annotated]  # floats
    for number in range(3):
        clip, truth = clip_of("dark", draw(number))
        for load, some in shares.items():
            some.append(found(load()(clip), truth))
    assert np.mean(shares[load_median]) < 0.2
    assert np.mean(shares[load_normalised]) > 0.45


@pytest.mark.parametrize("load", DETECTORS)
def test_where_nothing_moves_nothing_is_found(load) -> None:  # type: ignore[no-untyped-def]  # as above
    still = np.full((12, 96, 128), 120, np.uint8)
    assert load()(still).shape == (0, 6)


@pytest.mark.parametrize("load", TRACKERS)
def test_a_tracker_that_is_given_the_truth_follows_it(load) -> None:  # type: ignore[no-untyped-def]  # as above
    track, scores = load(), []
    for number in range(3):
        truth = clip_of("clear", draw(number))[1]
        boxes = np.hstack([truth[:, :1], truth[:, 2:], np.ones((len(truth), 1))])
        scores.append(idf1(track(boxes), truth))
        assert np.array_equal(track(boxes), track(boxes))
    assert np.mean(scores) > 0.8


@pytest.mark.parametrize("load", TRACKERS)
def test_no_boxes_are_no_tracks(load) -> None:  # type: ignore[no-untyped-def]  # as above
    assert load()(np.zeros((0, 6))).shape == (0, 6)


def test_sort_loses_what_shakes_and_one_that_goes_by_distance_does_not() -> None:
    scores = np.zeros((4, 2))
    for number in range(4):
        truth = clip_of("shake", draw(number))[1]
        boxes = np.hstack([truth[:, :1], truth[:, 2:], np.ones((len(truth), 1))])
        scores[number] = [idf1(load()(boxes), truth) for load in (load_sort, load_norfair)]
    lost, kept = scores.mean(axis=0)
    assert kept > lost + 0.1


def test_tracks_are_numbered_as_they_appear() -> None:
    rows = [(0, "b", 1, 2, 3, 4), (1, "a", 0, 0, 2, 2), (1, "b", 2, 2, 4, 4)]
    assert tracks(iter(rows))[:, 1].tolist() == [0, 1, 0]
    assert tracks(iter([])).shape == (0, 6)
