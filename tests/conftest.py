"""Seeded property tests, and no store outside the tests' own folders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("seeded", deadline=None, derandomize=True, database=None)
settings.load_profile("seeded")


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FLEXIFLOW_HOME", str(tmp_path_factory.mktemp("home")))
        yield
