"""A browser and a desk for the tests of the dashboard's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bare_page import chromium
from desk import Desk, desk_at


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with chromium() as found:
        yield found


@pytest.fixture
def desk(browser: Any) -> Iterator[Desk]:
    made = desk_at(browser)
    yield made
    assert made.page.evaluate("errors") == []
    made.page.close()
