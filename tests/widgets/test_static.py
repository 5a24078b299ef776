"""The still page of a run: what it says, that it is sound XML, and that nothing gets out of it."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fake_run import FakeWatch

from flexiflow.language.reader import read
from flexiflow.widgets.static import html, text

ODD = ["<script>alert(1)</script>", "</svg><b>", "\"'&", "😀 emoji", "نموذج", "a\u202eb\x00\ud800"]
SOURCE = """id_cards(image, label=None)
picture = (original | sharpened | binarised | upscaled)(image)
text = (original | sharpened | binarised | upscaled)(picture)
date = (original | sharpened | binarised | upscaled)(text)
"""


def model(x: Any) -> Any:
    return x


NAMES = dict.fromkeys(["original", "sharpened", "binarised", "upscaled"], model)


@pytest.fixture
def snapshot() -> dict[str, Any]:
    watch = FakeWatch()
    watch.advance(120)
    return watch.snapshot()


def tree(page: str) -> ET.Element:
    return ET.fromstring(page)


def test_the_text_says_how_far_the_run_is(snapshot: dict[str, Any]) -> None:
    passed = snapshot["run"]["passed"] / 120
    lines = text(snapshot).splitlines()
    assert lines[0].startswith(f"id_cards: running, 120 of 1000 jobs, {100 * passed:.0f} % passed")
    assert lines[1] == snapshot["notices"][0]


def test_an_error_is_told() -> None:
    said = text({"run": {"workflow": "w", "state": "failed", "done": 0, "error": "no disk"}})
    assert said == "w: failed, 0 jobs\nstopped by an error: no disk"


def test_the_page_has_all_panels(snapshot: dict[str, Any]) -> None:
    page = html(snapshot, read(SOURCE, NAMES))
    root = tree(page)
    labels = [e.get("aria-label", "") for e in root.iter() if e.tag.endswith("svg")]
    assert len(labels) == 4
    assert labels[0].startswith("Workflow id_cards")
    captions = [e.text for e in root.iter("caption")]
    assert captions == ["What is believed of each candidate", "Latest jobs"]
    assert len(page) < 80_000


def test_the_table_of_candidates_is_what_is_believed(snapshot: dict[str, Any]) -> None:
    rows = ["".join(row.itertext()) for row in tree(html(snapshot)).iter("tr")]
    beliefs = snapshot["beliefs"][0]
    place = list(beliefs["order"]).index(1) + 1
    passes = [f"{100 * p:.0f} %" for p in beliefs["pass"][1]]
    seconds = f"{beliefs['seconds'][1][0]:.3g}"
    assert f"picture{place}sharpened{passes[0]}{passes[1]} – {passes[2]}{seconds}" in rows


def test_the_strip_shows_who_was_accepted(snapshot: dict[str, Any]) -> None:
    root = tree(html(snapshot))
    (strip,) = [e for e in root.iter() if "job by job" in e.get("aria-label", "")]
    width = {}
    for rect in strip.iter("{http://www.w3.org/2000/svg}rect"):
        y = float(rect.get("y") or 0)
        width[y] = width.get(y, 0.0) + float(rect.get("width") or 0)
    first = [width.get(y, 0.0) for y in (20.0, 33.0, 46.0, 59.0)]
    counts = np.bincount(snapshot["columns"]["choice"][:, 0], minlength=256)[:4]
    # each rectangle is rounded to a tenth of a pixel, and no more than 120 of them stand in a row
    np.testing.assert_allclose(first, counts * 630 / 120, atol=6)


@pytest.mark.parametrize("odd", ODD)
def test_no_text_gets_out_of_its_place(snapshot: dict[str, Any], odd: str) -> None:
    plain = html(snapshot)
    snapshot["run"]["workflow"] = snapshot["run"]["error"] = odd
    snapshot["notices"] = [odd]
    snapshot["graph"]["nodes"][0]["name"] = odd
    snapshot["graph"]["nodes"][0]["candidates"] = [odd] * 4
    snapshot["gains"]["fixed"]["order"] = snapshot["gains"]["single"]["configuration"] = odd
    for row in snapshot["jobs"]:
        row[0] = row[2] = row[3] = row[9] = odd
    page = html(snapshot)
    page.encode("utf-8")
    assert re.findall(r"<(script|b)\b", page) == []
    count = [sum(1 for _ in tree(p).iter()) for p in (plain, page)]
    assert count[1] == count[0] + 1  # one paragraph more, for the error
    assert "\u202e" not in page
    assert "\u202e" not in text(snapshot)


def test_a_run_without_jobs_is_a_page_too() -> None:
    watch = FakeWatch(nodes=1, k=1, total=None)
    page = html(watch.snapshot())
    assert "0 jobs" in page
    tree(page)
    tree(html({}))


def test_beliefs_by_index_are_read_as_well(snapshot: dict[str, Any]) -> None:
    told = {str(i): b for i, b in enumerate(snapshot["beliefs"])}
    assert html({**snapshot, "beliefs": told}) == html(snapshot)


def test_values_that_are_not_known_are_a_dash(snapshot: dict[str, Any]) -> None:
    snapshot["beliefs"] = [{**b, "seconds": np.full((4, 3), np.nan)} for b in snapshot["beliefs"]]
    snapshot["gains"]["worth"] = np.full(len(snapshot["gains"]["jobs"]), np.nan)
    page = html(snapshot)
    assert "nan" not in page.lower()
    tree(page)
