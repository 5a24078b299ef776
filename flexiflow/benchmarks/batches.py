"""Many jobs at once: their orders, and the blame for failed checks.

That is what simulations and what-if questions ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.posteriors.orderings import orderings, tensor_orderings
from flexiflow.posteriors.particles import reweighed, states_of

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]

SIZES = (5, 20)
"""Candidates to be ordered."""

_VERDICTS, _NODES, _STATES, _MEMBERS = 3, 3, 256, 14  # of an item to be blamed


def measure(jobs: int, rounds: int, device: str = "cpu") -> list[Row]:
    """Orders and blame a second.

    Parameters
    ----------
    jobs
        The batches are some multiple of this.
    rounds
        Measurements a row.
    device
        Of what runs in torch: ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    Rows with `what`, `jobs`, `min_us_a_job`, `median_us_a_job` and `a_second`. Of blame,
    `of_bandwidth` is how long its traffic in memory would take at the speed of a copy, as a
    share of how long it took; the copy is as large as the tables between its steps.

    Raises
    ------
    BadInput
        If there is no such device.
    """
    check(device)
    rows = [row for n in SIZES for row in ordered(n, jobs, rounds, device)]
    return [*rows, blaming(jobs, rounds, device)]


def check(device: str) -> None:
    """Raise a BadInput if torch does not have the device."""
    import torch

    if device not in ("cpu", "cuda"):
        raise BadInput(f"--device must be cpu or cuda. Got {device!r}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise BadInput(
            f"--device cuda is asked for, and torch {torch.__version__} finds no CUDA device. "
            "Use --device cpu."
        )


def ordered(candidates: int, jobs: int, rounds: int, device: str) -> list[Row]:
    """Orders of many jobs at once, in NumPy and in torch."""
    import torch

    rng = np.random.default_rng(candidates)
    betas, price = rng.uniform(1.0, 50.0, (2, candidates)), rng.lognormal(size=candidates)
    few, many = 32 * jobs, 32 * jobs if device == "cpu" else 512 * jobs
    generator = torch.Generator(device).manual_seed(candidates)
    table = torch.tensor(betas, dtype=torch.float32, device=device)
    prices = torch.tensor(price, dtype=torch.float32, device=device)
    what = f"orders in a batch, {candidates} candidates"
    return [
        _batch(f"{what}, NumPy", few, rounds, lambda: orderings(betas, price, few, rng)),
        _batch(f"{what}, torch ({device})", many, rounds,
               lambda: tensor_orderings(table, prices, many, generator)),
    ]  # fmt: skip


def blaming(jobs: int, rounds: int, device: str) -> Row:
    """Who is good for an item, from three verdicts on configurations of three nodes."""
    import torch

    many = jobs if device == "cpu" else 128 * jobs
    generator = torch.Generator(device).manual_seed(0)
    place: dict[str, Any] = {"generator": generator, "device": device}
    good = torch.rand(_MEMBERS, **place)
    states, weights = states_of(good, _STATES, generator)
    judged = torch.randint(_MEMBERS, (many, _VERDICTS, _NODES), **place)
    verdicts = torch.randint(2, (many, _VERDICTS), **place) * 2 - 1

    def blame() -> torch.Tensor:
        return reweighed(states, weights, judged, verdicts) @ states.to(weights)

    what = f"blame for {_VERDICTS} verdicts, {_STATES} particles, torch ({device})"
    row = _batch(what, many, rounds, blame)
    floor = traffic(many) / bandwidth(traffic(many) // 8, rounds, device)
    return row | {"of_bandwidth": floor / (row["min_us_a_job"] * 1e-6 * many)}


def traffic(items: int) -> int:
    """Bytes that blame moves if each step reads its inputs and writes its result once.

    By state and verdict, in bytes: gather the members (2 a node), join them (3 a further
    node), make floats (5), sum (4). By state: the sum (4), the prior (8), the softmax (8) and
    the chances (4).
    """
    by_verdict = 2 * _NODES + 3 * (_NODES - 1) + 5 + 4
    return items * _STATES * (_VERDICTS * by_verdict + 24)


def bandwidth(size: int, rounds: int, device: str) -> float:
    """Bytes a second that a copy of so many bytes moves, read and written."""
    import torch

    one = torch.zeros(max(size, 1), dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    return 2 * len(one) / min(timed(lambda: other.copy_(one), max(rounds, 3)))


def _batch(what: str, jobs: int, rounds: int, make: Callable[[], Any]) -> Row:
    row = row_of(what, jobs, timed(make, rounds))
    return row | {"a_second": 1e6 / row["median_us_a_job"]}


def timed(make: Callable[[], Any], rounds: int) -> list[float]:
    """Seconds of several calls, after one that is not counted."""
    import torch

    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        found = make()
        if getattr(found, "is_cuda", False):
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return taken[1:]


def row_of(what: str, jobs: int, seconds: list[float]) -> Row:
    """A row of a table, from the seconds of each round."""
    each = [s / jobs * 1e6 for s in seconds]
    return {"what": what, "jobs": jobs, "min_us_a_job": min(each), "median_us_a_job": median(each)}
