"""Seeded property tests, and no store outside the tests' own folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # the other workers have the other cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("seeded", deadline=None, derandomize=True, database=None)
settings.load_profile("seeded")


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FLEXIFLOW_HOME", str(tmp_path_factory.mktemp("home")))
        yield
