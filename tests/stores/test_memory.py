from __future__ import annotations

from collections.abc import Iterator

import pytest
from contracts.store_contract import StoreContract
from contracts.store_records import outcome

from flexiflow.stores import MemoryStore, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with MemoryStore() as store:
        yield store


class TestMemoryStore(StoreContract):
    """The contract, in memory."""


def test_two_stores_share_nothing() -> None:
    with MemoryStore() as one, MemoryStore() as other:
        one.append([outcome("a")])
        assert other.read("jobs").height == 0
