"""What is kept in the notebooks: all outputs, in order, readable without a kernel, and small."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LARGEST = 200_000  # bytes
WIDEST = 700  # pixels
PLOTLY = "application/vnd.plotly.v1+json"
DASHBOARD = "03_watch_it_learn.ipynb"


def code(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


def outputs(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in code(notebook):
        yield from cell["outputs"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.name)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return read


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_it_is_small(path: Path) -> None:
    assert path.stat().st_size < LARGEST


def test_it_is_valid(notebook: dict[str, Any]) -> None:
    nbformat.validate(notebook)


def test_it_was_run_from_top_to_bottom(notebook: dict[str, Any]) -> None:
    assert [c["execution_count"] for c in code(notebook)] == list(range(1, len(code(notebook)) + 1))


def test_nothing_went_wrong_in_it(notebook: dict[str, Any]) -> None:
    kinds = [o.get("name", o["output_type"]) for o in outputs(notebook)]
    assert set(kinds) <= {"stdout", "display_data", "execute_result"}


def test_it_keeps_no_state_of_widgets_or_clocks(notebook: dict[str, Any]) -> None:
    assert "widgets" not in notebook["metadata"]
    kinds = {kind for o in outputs(notebook) for kind in o.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" not in kinds
    assert {key for c in notebook["cells"] for key in c["metadata"]} <= {"tags"}


def test_what_it_imports_is_there(notebook: dict[str, Any]) -> None:
    text = "\n".join("".join(c["source"]) for c in code(notebook) if not is_magic(c))
    plain = "\n".join(line for line in text.splitlines() if not line.startswith(("%", "!")))
    taken = [it for it in ast.walk(ast.parse(plain)) if isinstance(it, ast.ImportFrom)]
    ours = [it for it in taken if (it.module or "").split(".")[0] == "flexiflow"]
    assert ours or "flexiflow" in plain
    for it in ours:
        module = pytest.importorskip(str(it.module), exc_type=ImportError)
        assert [name.name for name in it.names if not hasattr(module, name.name)] == []


def is_magic(cell: dict[str, Any]) -> bool:
    return "".join(cell["source"]).startswith("%%")


def test_some_output_is_compared(notebook: dict[str, Any]) -> None:
    marked = [c for c in code(notebook) if "# NBVAL_CHECK_OUTPUT" in "".join(c["source"])]
    assert marked
    assert all(c["outputs"] for c in marked)


def test_its_figures_are_readable_without_plotly(notebook: dict[str, Any]) -> None:
    bundles = [o["data"] for o in outputs(notebook) if PLOTLY in o.get("data", {})]
    for layout in (bundle[PLOTLY]["layout"] for bundle in bundles):
        assert layout["xaxis"]["title"]["text"]
        assert layout["yaxis"]["title"]["text"]
        assert layout["template"]["layout"]["width"] <= WIDEST
    assert all("".join(bundle.get("image/svg+xml", "")).startswith("<svg") for bundle in bundles)


def test_what_was_seen_live_is_kept_as_a_still_picture() -> None:
    (path,) = [p for p in NOTEBOOKS if p.name == DASHBOARD]
    data = [o.get("data", {}) for o in outputs(json.loads(path.read_text("utf-8")))]
    (kept,) = ["".join(d["text/html"]) for d in data if "ff-kept" in str(d.get("text/html"))]
    assert kept.count("<svg") >= 4
    assert "<script" not in kept
    svgs = ["".join(d["image/svg+xml"]) for d in data if "image/svg+xml" in d]
    assert len(svgs) + sum("image/png" in d for d in data) == 4  # a workflow and three figures


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_it_tells_which_packages_it_lacks(path: Path) -> None:
    first = "".join(code(json.loads(path.read_text("utf-8")))[0]["source"])
    assert ("flexiflow.examples" not in first) or "\nneed(" in first
