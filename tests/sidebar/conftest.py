"""A notebook whose thread ends with the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk_of_a_notebook import Desk

from flexiflow import Workflow


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.telling.close()
    for it in desk.space.values():
        if type(it) is Workflow and it.last_run is not None:
            it.last_run.stop()
            it.last_run.wait(10)
