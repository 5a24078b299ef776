"""The streams of a benchmark, side by side in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any


@contextmanager
def spread(workers: int) -> Iterator[Callable[..., Any]]:
    """A ``map`` over so many processes; with one worker, the plain one."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_one_thread) as pool:
        yield pool.map


def _one_thread() -> None:
    """Keep torch to one thread in this process: the others have the other cores."""
    import torch

    torch.set_num_threads(1)
