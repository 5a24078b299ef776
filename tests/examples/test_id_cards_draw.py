from typing import Any

import numpy as np
import pytest

from flexiflow.errors import BadInput
from flexiflow.examples.id_cards.checks import plausible
from flexiflow.examples.id_cards.draw import DEFECTS, HEIGHT, KINDS, cards

for package in ("PIL", "matplotlib", "faker"):
    pytest.importorskip(package, reason="cards are drawn with the extra 'demo'")


def _equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    texts = all(a[k] == b[k] for k in ("id", "kind", "label", "defect"))
    return texts and np.array_equal(a["image"], b["image"])


def test_the_same_seed_gives_the_same_cards() -> None:
    for one, other in zip(cards(12, seed=4), cards(12, seed=4), strict=True):
        assert _equal(one, other)


def test_another_seed_gives_other_cards() -> None:
    labels = {c["label"] for c in cards(12, seed=4)}
    assert labels.isdisjoint(c["label"] for c in cards(12, seed=5))


def test_a_longer_list_begins_with_the_same_cards() -> None:
    for short, long in zip(cards(3, seed=4), cards(6, seed=4)[:3], strict=True):
        assert _equal(short, long)


def test_difficulty_changes_pictures_but_not_texts() -> None:
    mild, hard = cards(24, 0.2, seed=4), cards(24, 1.0, seed=4)
    assert [(c["id"], c["label"], c["defect"]) for c in mild] == [
        (c["id"], c["label"], c["defect"]) for c in hard
    ]
    damaged = [(m, h) for m, h in zip(mild, hard, strict=True) if m["defect"] != "clean"]
    assert all(not np.array_equal(m["image"], h["image"]) for m, h in damaged)


def test_cards_are_colour_pictures_with_plausible_labels() -> None:
    drawn = cards(60, 1.0, seed=4)
    for card in drawn:
        image = card["image"]
        assert image.dtype == np.uint8
        assert image.shape[0] == HEIGHT
        assert image.shape[2] == 3
        assert plausible(card["label"], card["kind"], 1.0), card["label"]
    assert {c["kind"] for c in drawn} == set(KINDS)
    assert {c["defect"] for c in drawn} == set(DEFECTS)
    assert len({c["id"] for c in drawn}) == 60


def test_a_strong_guilloche_spares_one_channel() -> None:
    # The channel that does not see it is mostly paper; in the others the waves add to the ink.
    printed = [c for c in cards(60, 1.0, seed=4) if c["defect"] == "print"]
    assert len(printed) > 4
    for card in printed:
        dark = np.sort((card["image"] < 160).mean(axis=(0, 1)))
        assert dark[0] < 0.35
        assert dark[1] > dark[0] + 0.1


def test_bad_light_is_dark_and_noise_is_rough() -> None:
    def means(defect: str, of: Any) -> float:
        images = [c["image"].astype(float) for c in drawn if c["defect"] == defect]
        return float(np.mean([of(image) for image in images]))

    drawn = cards(90, 1.0, seed=4)
    assert means("light", np.mean) < 0.6 * means("clean", np.mean)

    def rough(image: Any) -> float:
        return float(np.abs(np.diff(image, axis=1)).mean())

    assert means("noise", rough) > 2 * means("clean", rough) > 2 * means("blur", rough)


def test_nothing_is_drawn_of_no_cards() -> None:
    assert cards(0) == []


@pytest.mark.parametrize(("n", "difficulty"), [(-1, 0.5), (1, -0.1), (1, 1.1), (1, float("nan"))])
def test_bad_input_is_named(n: int, difficulty: float) -> None:
    with pytest.raises(BadInput, match="Got"):
        cards(n, difficulty)
