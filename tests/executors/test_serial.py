"""The executor that runs inline."""

from __future__ import annotations

import threading

import pytest

from flexiflow.executors import Serial


def test_it_runs_where_it_is_submitted() -> None:
    assert Serial().submit(threading.get_ident).result() == threading.get_ident()


def test_an_exception_is_in_the_future_and_an_interrupt_is_raised() -> None:
    def fails(error: BaseException) -> None:
        raise error

    future = Serial().submit(fails, ValueError("v"))
    assert future.done()
    assert isinstance(future.exception(), ValueError)
    with pytest.raises(KeyboardInterrupt):
        Serial().submit(fails, KeyboardInterrupt())


def test_map_and_shutdown_are_the_standard_librarys() -> None:
    with Serial() as executor:
        assert list(executor.map(abs, [-1, 2])) == [1, 2]
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, 1)
