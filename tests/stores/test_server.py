"""The contract on a PostgreSQL server, where ``FLEXIFLOW_TEST_DATABASE`` gives its URL.

Each test works in a schema of its own, which is dropped at the end.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator

import pytest
from contracts.store_contract import StoreContract
from contracts.store_records import outcome

from flexiflow.stores import SQLStore, Store

SERVER = os.environ.get("FLEXIFLOW_TEST_DATABASE", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="needs a server of its own")


@pytest.fixture
def url() -> Iterator[str]:
    from sqlalchemy import create_engine

    from flexiflow.stores.servers import url_of

    schema = f"flexiflow_{uuid.uuid4().hex}"
    place = url_of(SERVER)
    assert place is not None
    engine = create_engine(place, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        own = place.update_query_dict({"options": f"-csearch_path={schema}"})
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with SQLStore(url) as store:
        yield store


class TestServer(StoreContract):
    """The contract, on a server."""


def written_at_once(url: str, each: list[list[str]]) -> None:
    """Jobs of these ids, one thread with a store of its own for each list."""
    faults: list[BaseException] = []

    def write(names: list[str]) -> None:
        try:
            with SQLStore(url) as store:
                for name in names:
                    store.append([outcome(name)])
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(names,)) for names in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_several_stores_are_made_and_filled_at_once(url: str) -> None:
    written_at_once(url, [[f"{name}-{k}" for k in range(20)] for name in range(4)])
    with SQLStore(url) as store:
        jobs = store.read("jobs")
    assert jobs["job_id"].n_unique() == 80
    for name in range(4):
        mine = [j for j in jobs["job_id"] if j.startswith(f"{name}-")]
        assert mine == [f"{name}-{k}" for k in range(20)]


NEW = (
    ("attempts", "cold"),
    ("verdicts", "threshold"),
    ("verdicts", "statistic"),
    ("verdicts", "group"),
    ("verdicts", "terms"),
    ("feedback", "rejected"),
)
"""Columns that the first format did not have."""


def test_tables_of_an_earlier_version_get_the_columns_that_came_since(url: str) -> None:
    from sqlalchemy import create_engine

    with SQLStore(url) as store:
        store.append([outcome("old")])
        before = {table: store.read(table) for table in ("jobs", "attempts", "verdicts")}
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table, column in NEW:
            connection.exec_driver_sql(f'ALTER TABLE flexiflow_{table} DROP COLUMN "{column}"')
        connection.exec_driver_sql("UPDATE flexiflow_meta SET value = 1 WHERE name = 'format'")
    engine.dispose()
    written_at_once(url, [["new0"], ["new1"], ["new2"]])
    with SQLStore(url) as store:
        assert sorted(store.read("jobs")["job_id"]) == ["new0", "new1", "new2", "old"]
        for table, frame in before.items():
            gone = [column for of, column in NEW if of == table]
            after = store.read(table, job_id="old")
            assert after.schema == frame.schema
            assert after.drop(gone).equals(frame.drop(gone))
            assert all(after[column].null_count() == after.height for column in gone)
        assert not store.read("attempts", job_id="new0")["cold"].null_count()
