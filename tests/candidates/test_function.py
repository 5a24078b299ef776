"""Every sort of callable, and the seed that is passed where there is room for it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from flexiflow.candidates import adopt
from flexiflow.candidates.call import run
from flexiflow.candidates.function import seed_place


class Scaler:
    def __init__(self, by: int) -> None:
        self.by = by

    def __call__(self, x: int) -> int:
        return x * self.by

    def method(self, x: int) -> int:
        return x + self.by

    @classmethod
    def of_class(cls, x: int) -> str:
        return cls.__name__ + str(x)

    @staticmethod
    def of_none(x: int) -> int:
        return -x


async def later(x: int) -> int:
    return x + 100


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (lambda x: x + 1, 4),
        (abs, 3),
        (np.sqrt, np.sqrt(3)),
        ("abc".startswith, None),
        (str, "3"),
        (functools.partial(pow, 2), 8),
        (functools.lru_cache(lambda x: x + 1), 4),
        (Scaler(2), 6),
        (Scaler(2).method, 5),
        (Scaler.of_class, "Scaler3"),
        (Scaler.of_none, -3),
        (later, 103),
        (lambda x: later(x), 103),
    ],
)
def test_callables(model: Any, value: Any) -> None:
    told = run(adopt(model, "m"), (3,), {}, seed=0)
    if value is None:
        assert told.kind == "exception"
    else:
        assert (told.kind, told.value) == ("pass", value)


def plain(x: int, seed: int = 0) -> tuple[int, int]:
    return x, seed


def keyword(x: int, *, seed: int) -> tuple[int, int]:
    return x, seed


def positional(x: int, seed: int = 0, /) -> tuple[int, int]:
    return x, seed


def unseeded(x: int) -> tuple[int, int]:
    return x, -1


@pytest.mark.parametrize(
    ("model", "args", "kwargs", "seed"),
    [
        (plain, (1,), {}, 7),
        (plain, (1, 5), {}, 5),
        (plain, (1,), {"seed": 6}, 6),
        (keyword, (1,), {}, 7),
        (positional, (1,), {}, 0),
        (unseeded, (1,), {}, -1),
        (functools.partial(plain, seed=4), (1,), {}, 4),
        (functools.partial(plain, 1), (), {}, 7),
    ],
)
def test_the_seed_goes_where_it_is_free(
    model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int
) -> None:
    assert run(adopt(model, "m"), args, kwargs, seed=7).value == (1, seed)


def test_the_seed_of_a_callable_object_and_of_a_builtin() -> None:
    class Drawing:
        def __call__(self, x: int, seed: int) -> int:
            return seed

    assert run(adopt(Drawing(), "m"), (1,), {}, seed=7).value == 7
    assert seed_place(min) is None
