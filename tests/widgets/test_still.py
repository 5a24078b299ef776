"""The still panels, as numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from flexiflow.widgets.still import COLUMNS, LEFT, WIDE, decisions, densities, gains

SVG = "{http://www.w3.org/2000/svg}"
NODES = [{"name": "n", "candidates": ["one", "two"]}]


def points(shape: ET.Element) -> list[tuple[float, float]]:
    pairs = [p.split(",") for p in (shape.get("points") or "").split()]
    return [(float(x), float(y)) for x, y in pairs]


@pytest.mark.parametrize(("a", "b"), [(3.0, 5.0), (40.0, 4.0), (200.0, 300.0)])
def test_a_density_peaks_at_the_mode_of_its_beta(a: float, b: float) -> None:
    told = [{"a": np.array([a, 2.0]), "b": np.array([b, 2.0])}]
    shape = next(ET.fromstring(densities(NODES, told)).iter(f"{SVG}polygon"))
    (x, _), step = min(points(shape), key=lambda p: p[1]), points(shape)[2][0] - points(shape)[1][0]
    mode = (a - 1) / (a + b - 2)
    assert x == pytest.approx(LEFT + mode * (WIDE - 60 - LEFT), abs=step + 0.1)


def test_beliefs_at_the_edge_are_drawn() -> None:
    told = [{"a": np.array([1.0, 0.02]), "b": np.array([1.0, 50.0])}]
    for shape in ET.fromstring(densities(NODES, told)).iter(f"{SVG}polygon"):
        assert np.isfinite(points(shape)).all()


def test_a_long_strip_is_thinned_and_neighbours_are_one_rectangle() -> None:
    n = 50_000
    choice = (np.arange(n) >= n // 2).astype(np.uint8)[:, None]
    drawn = decisions(NODES, {"job": np.arange(n), "choice": choice, "passed": np.ones(n)})
    rects = list(ET.fromstring(drawn).iter(f"{SVG}rect"))
    assert len(rects) == 2
    widths = [float(r.get("width") or 0) for r in rects]
    assert widths == pytest.approx([(WIDE - LEFT) / 2] * 2, abs=2 * (WIDE - LEFT) / COLUMNS)
    assert [r.get("fill") for r in rects] == ["#0072b2", "#e69f00"]


def test_the_line_of_gains_follows_the_values() -> None:
    told: dict[str, Any] = {"jobs": np.arange(1, 101), "seconds": np.linspace(2, 1, 100)}
    (line,) = ET.fromstring(gains(told)).iter(f"{SVG}polyline")
    ys = [y for _, y in points(line)]
    assert all(later >= earlier for earlier, later in pairwise(ys))
    assert ys[-1] == pytest.approx(84, abs=0.1)  # the least value stands at the foot


def test_nothing_is_drawn_of_nothing() -> None:
    assert densities([], []) == decisions(NODES, {}) == gains({}) == ""
