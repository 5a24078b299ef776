"""What holds of a candidate on every executor: inline, threads, fresh processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from flexiflow.candidates import Result, adopt, candidate
from flexiflow.errors import Refused, WorkerError
from flexiflow.executors import Serial, submit


def processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture(scope="module", params=[Serial, lambda: ThreadPoolExecutor(2), processes])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with request.param() as made:
        yield made


def told_of(executor: Executor, model: Any, *args: Any, **kwargs: Any) -> Any:
    return submit(executor, adopt(model, "m"), args, kwargs, seed=7).result(120)


def test_a_value_with_its_confidence(executor: Executor) -> None:
    told = told_of(executor, lambda x, by=1: Result(x * by, 0.5, boxes=[1]), 3, by=2)
    assert (told.kind, told.value, told.confidence, told.extras) == (
        "pass",
        6,
        0.5,
        {"boxes": [1]},
    )
    assert 0 <= told.seconds < 60


def test_the_seed_arrives(executor: Executor) -> None:
    assert told_of(executor, lambda x, seed: seed, 1).value == 7


def test_the_models_exception_is_told_not_raised(executor: Executor) -> None:
    def model(x: int) -> int:
        if x == 0:
            raise Refused("größer 日本")
        return 1 // (x - 1)

    assert told_of(executor, model, 0).kind == "refused"
    told = told_of(executor, model, 1)
    assert told.kind == "exception"
    assert told.reason.startswith("ZeroDivisionError: integer division or modulo by zero (test_")
    assert told_of(executor, lambda x: None, 1).kind == "exception"


def test_options_hold_there(executor: Executor) -> None:
    async def model(x: int) -> None:
        import asyncio

        await asyncio.sleep(600)

    told = told_of(executor, candidate(model, timeout=0.05), 1)
    assert (told.kind, told.seconds) == ("timeout", 0.05)
    assert told_of(executor, candidate(load=lambda: abs), -3).value == 3


def test_large_arrays_travel(executor: Executor) -> None:
    array = np.arange(500_000)
    np.testing.assert_array_equal(told_of(executor, lambda x: x[::-1], array).value, array[::-1])


def test_many_at_once_keep_their_answers(executor: Executor) -> None:
    adopted = adopt(lambda x: x * x, "m")
    futures = [submit(executor, adopted, (i,), {}, 0) for i in range(40)]
    assert [f.result(120).value for f in futures] == [i * i for i in range(40)]


def test_closures_and_classes_of_the_notebook_travel(executor: Executor) -> None:
    class Scaler:
        def __init__(self, by: int) -> None:
            self.by = by

        def __call__(self, x: int) -> Any:
            return Scaler(self.by * x)

    told = told_of(executor, Scaler(3), 2)
    assert type(told.value).__name__ == "Scaler"
    assert told.value.by == 6


def test_a_broken_pool_is_the_machines_fault() -> None:
    with processes() as pool:
        error = submit(pool, adopt(lambda x: os._exit(3), "m"), (1,), {}, 0).exception(120)
        assert isinstance(error, WorkerError)
        assert type(error.__cause__).__name__ == "BrokenProcessPool"
        again = submit(pool, adopt(abs, "m"), (1,), {}, 0).exception(120)
        assert isinstance(again, WorkerError)
