"""The readings of a job, taken up again: pictures as they were seen, and where it went back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import polars as pl
import pytest

import flexiflow
from flexiflow import BadInput, MemoryStore, Result, confidence
from flexiflow.examples.id_cards.draw import sheet
from flexiflow.examples.id_cards.steps import COLUMNS, readings, strip
from flexiflow.samplers import Fixed

pytest.importorskip("PIL", reason="pictures are laid out by the extra 'demo'")


def dark(image: Any) -> Any:
    return np.asarray(image[:, :, 0] // 2)


def bright(image: Any) -> Any:
    return np.asarray(image[:, :, 0])


def same(plane: Any) -> Any:
    return plane


def turned(plane: Any) -> Any:
    return np.ascontiguousarray(plane[::-1])


def reader(plane: Any) -> Result:
    """Says the first pixel, surely enough if that is 200."""
    return Result(str(plane[0, 0]), confidence=plane[0, 0] / 200)


@flexiflow.workflow(store=MemoryStore(), sampler=Fixed())
def reading(image):  # type: ignore[no-untyped-def]  # a cell has none
    channel = (dark | bright)(image)  # type: ignore[operator]  # the reader takes bars
    picture = (same | turned)(channel)  # type: ignore[operator]  # as above
    text = (reader)(picture)
    assert confidence(text) >= 1, "not sure"


IMAGE = np.zeros((4, 6, 3), dtype=np.uint8)
IMAGE[0], IMAGE[-1] = 100, 200
CARD = {"image": IMAGE, "label": "200"}


def attempts() -> pl.DataFrame:
    run = reading.run([{"image": IMAGE}], progress=False)
    return run.attempts


def test_each_reading_is_shown_as_it_was_made() -> None:
    found = readings(reading, CARD, attempts())
    assert [r.path for r in found] == [
        ("dark", "same", "reader"), ("dark", "turned", "reader"),
        ("bright", "same", "reader"), ("bright", "turned", "reader"),
    ]  # fmt: skip
    assert [r.text for r in found] == ["50", "100", "100", "200"]
    assert [r.confidence for r in found] == [0.25, 0.5, 0.5, 1.0]
    assert [r.passed for r in found] == [False, False, False, True]
    assert [r.back for r in found] == [None, "picture", "channel", "picture"]
    np.testing.assert_array_equal(found[1].plane, IMAGE[::-1, :, 0] // 2)


def test_the_strip_has_a_row_for_the_card_and_each_reading() -> None:
    from PIL import Image

    found = readings(reading, CARD, attempts())
    with Image.open(io.BytesIO(strip(CARD, found))) as drawn:
        pixels = np.asarray(drawn.convert("L"))
    assert pixels.shape == (56 * 5, sum(COLUMNS))
    assert pixels[:, COLUMNS[0] :].reshape(5, 56, -1).min((1, 2)).max() < 128  # words in each row


def test_a_sheet_holds_pictures_and_words_where_they_belong() -> None:
    from PIL import Image

    black = np.zeros((52, 40, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(sheet([["", black], [black[:, :, 0], ""]], (60, 80)))) as drawn:
        pixels = np.asarray(drawn.convert("L")).astype(int)
    assert pixels.shape == (112, 140)
    assert pixels[10:40, 70:90].max() < 30
    assert pixels[66:100, 10:30].max() < 30
    assert pixels[10:40, 5:50].min() > 225
    assert pixels[66:100, 65:130].min() > 225


def test_the_attempts_must_be_of_one_job() -> None:
    one = attempts()
    two = pl.concat([one, one.with_columns(job_id=pl.lit("other"))])
    with pytest.raises(BadInput, match="Got those of 2: use"):
        readings(reading, CARD, two)
    with pytest.raises(BadInput, match="Got those of 0"):
        readings(reading, CARD, one.clear())
