"""Plain Thompson sampling on a record written by hand."""

import numpy as np
import pytest

from flexiflow.examples.lessons.plain import plain_thompson
from tests.examples.test_lessons_report import written


def test_its_second_pick_follows_from_its_first() -> None:
    it = written([[1, 0], [1, 0]], [[1, 0], [1, 0]])
    right = plain_thompson(it, "", range(3000), labelled=True).right
    first, second = right[:, 0] > 0, right[:, 1] > 0
    # Beta(1, 1) for both at first. Then, if the good path was taken, Beta(2, 1) against
    # Beta(1, 1), else Beta(1, 2): either way the good one is ahead with probability 2/3.
    assert first.mean() == pytest.approx(1 / 2, abs=0.03)
    assert second[first].mean() == pytest.approx(2 / 3, abs=0.04)
    assert second[~first].mean() == pytest.approx(2 / 3, abs=0.04)


@pytest.mark.parametrize("labelled", [True, False])
def test_it_learns_from_labels_or_from_passes(labelled: bool) -> None:
    it = written([[1, 0]] * 300, [[0, 1]] * 300)  # what passes is wrong
    fared = plain_thompson(it, "a row", range(5), labelled)
    assert (fared.right[:, 100:].mean() > 0.95) == labelled
    assert (fared.passed[:, 100:].mean() > 0.95) != labelled
    assert fared.name == "a row"


def test_it_tries_once_and_pays_the_whole_path() -> None:
    it = written([[1, 0]] * 20, [[0, 0]] * 20, prices=(1.0, 4.0))
    fared = plain_thompson(it, "", (0, 1), labelled=True)
    assert fared.tries.tolist() == np.ones((2, 20)).tolist()
    assert fared.seconds.tolist() == np.where(fared.right > 0, 3.0, 6.0).tolist()
    again = plain_thompson(it, "", (0, 1), labelled=True)
    assert again.right.tolist() == fared.right.tolist()
