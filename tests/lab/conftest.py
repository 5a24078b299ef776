"""One JupyterLab for the tests of the notebook, in both ways in which it speaks to a kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import BEGIN, DEFINE, Live, Opens
from real_lab import CHROMIUM, FLAGS, Lab, lab_server, settle


@pytest.fixture(scope="session")
def lab_browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab_url(lab_folder: Path) -> Iterator[str]:
    settle(lab_folder)
    with lab_server(lab_folder) as url:
        yield url


@pytest.fixture
def subshells() -> bool:
    """Whether the kernel answers the page while a cell runs, as is usual."""
    return True


@pytest.fixture
def opens(
    lab_browser: Any, lab_url: str, lab_folder: Path, request: Any, tmp_path: Path, subshells: bool
) -> Iterator[Opens]:
    """Open notebooks; at the end no page may have thrown or complained."""
    way = "perCommTarget" if subshells else "disabled"
    settle(lab_folder, **{"apputils-extension/kernels-settings": {"commsOverSubshells": way}})
    opened: list[Lab] = []

    def open_one(*more: str, begin: str = BEGIN, **view: Any) -> Live:
        name = re.sub(r"\W+", "_", request.node.name)
        path = lab_folder / "notebooks" / f"{name}_{len(opened)}.ipynb"
        opened.append(Lab(lab_browser, lab_url, path, [DEFINE, begin, *more], **view))
        return Live(opened[-1])

    yield open_one
    for number, lab in enumerate(opened):
        lab.page.screenshot(path=tmp_path / f"{number}.png")
    errors = [error for lab in opened for error in lab.errors]
    for lab in opened:
        lab.close()
    assert errors == []
