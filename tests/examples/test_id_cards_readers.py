"""The real recognisers, on cards that nothing has gone wrong with."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flexiflow.examples.id_cards.checks import exact_match
from flexiflow.examples.id_cards.draw import cards
from flexiflow.examples.id_cards.pictures import grey
from flexiflow.examples.id_cards.readers import load_legacy, load_lstm, load_rapidocr

pytestmark = pytest.mark.demo
for package in ("tesserocr", "rapidocr_onnxruntime", "cv2", "PIL", "matplotlib", "faker"):
    pytest.importorskip(package, reason="the recognisers come with the extra 'demo'")

Cards = list[dict[str, Any]]


@pytest.fixture(scope="module")
def clean() -> Cards:
    return [c for c in cards(60, 0.0, seed=8) if c["defect"] == "clean"]


@pytest.mark.parametrize(
    ("load", "least"), [(load_legacy, 0.5), (load_lstm, 0.8), (load_rapidocr, 0.8)]
)
def test_a_reader_reads_clean_cards(load: Callable[[], Any], least: float, clean: Cards) -> None:
    read = load()
    found = [read(grey(c["image"])) for c in clean]
    right = [exact_match(f.value, c["label"]) for f, c in zip(found, clean, strict=True)]
    assert len(clean) >= 5
    assert sum(right) >= least * len(right)
    assert all(0 <= f.confidence <= 1 for f in found)


@pytest.mark.parametrize("load", [load_lstm, load_rapidocr])
def test_a_reader_serves_several_threads(load: Callable[[], Any], clean: Cards) -> None:
    read = load()
    planes = [grey(c["image"]) for c in clean]
    alone = [read(plane).value for plane in planes]
    with ThreadPoolExecutor(4) as pool:
        together = [f.value for f in pool.map(read, planes * 4)]
    assert together == alone * 4
