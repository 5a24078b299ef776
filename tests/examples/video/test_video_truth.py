"""Right or wrong: IDF1 against trying every way to name the tracks."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from flexiflow.examples.video.truth import GOOD, OVERLAP, followed, idf1, overlaps

Boxes = NDArray[np.float64]


def by_pixels(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    seen = np.zeros((2, 20, 20), dtype=bool)
    for k, (left, top, right, bottom) in enumerate((a, b)):
        seen[k, top:bottom, left:right] = True
    return float(seen.all(axis=0).sum() / max(seen.any(axis=0).sum(), 1))


def test_overlaps_are_those_of_the_pixels() -> None:
    draw = np.random.default_rng(0)
    corners = draw.integers(0, 12, (8, 2))
    some = np.hstack([corners, corners + draw.integers(1, 8, (8, 2))])
    found = overlaps(some.astype(float), some[:5].astype(float))
    expected = [[by_pixels(a, b) for b in some[:5]] for a in some]
    assert found == pytest.approx(np.array(expected))


def tried(tracks: Boxes, truth: Boxes) -> float:
    """IDF1 by trying every way to give things to tracks."""
    things, names = list(np.unique(truth[:, 1])), list(np.unique(tracks[:, 1]))
    names += [-1.0] * len(things)  # a thing may get no track
    best = 0
    for given in permutations(names, len(things)):
        name = dict(zip(things, given, strict=True))
        hits = 0
        for row in truth:
            same = (tracks[:, 0] == row[0]) & (tracks[:, 1] == name[row[1]])
            hits += any(
                by_pixels(t[2:].astype(int), row[2:].astype(int)) >= OVERLAP for t in tracks[same]
            )
        best = max(best, hits)
    return 2 * best / (len(tracks) + len(truth))


@pytest.mark.parametrize("seed", range(4))
def test_idf1_is_that_of_the_best_of_all_namings(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, tracks = list[list[float]](), list[list[float]]()
    for frame in range(6):
        for thing in range(3):
            left, top = draw.integers(0, 12, 2)
            truth.append([frame, thing, left, top, left + 6, top + 6])
            if draw.random() < 0.8:
                left, top = left + draw.integers(0, 3), top + draw.integers(0, 3)
                tracks.append([frame, draw.integers(0, 4), left, top, left + 6, top + 6])
    a = np.unique(np.array(tracks), axis=0)
    _, first = np.unique(a[:, :2], axis=0, return_index=True)  # one box a track and frame
    assert idf1(a[first], np.array(truth)) == pytest.approx(tried(a[first], np.array(truth)))


def line(name: float, frames: range, left: float = 0.0) -> Boxes:
    return np.array([[f, name, left, 5.0, left + 6, 11.0] for f in frames]).reshape(-1, 6)


def test_a_track_that_changes_its_number_is_half_right() -> None:
    truth = line(0, range(10))
    assert idf1(line(7, range(10)), truth) == 1.0
    assert idf1(np.vstack([line(7, range(5)), line(8, range(5, 10))]), truth) == 0.5


def test_nothing_found_is_right_only_where_there_is_nothing() -> None:
    none = np.zeros((0, 6))
    assert idf1(none, line(0, range(3))) == 0.0
    assert idf1(line(0, range(3)), none) == 0.0
    assert idf1(none, none) == 1.0


def test_followed_asks_for_enough() -> None:
    truth = line(0, range(100))
    share = GOOD / (2 - GOOD)  # F1 of a track that covers such a share and nothing else
    assert followed(line(3, range(int(100 * share) + 1)), truth)
    assert not followed(line(3, range(int(100 * share) - 1)), truth)
