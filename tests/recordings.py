"""Small sets of recorded outcomes, drawn at random, and what they cost by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import polars as pl

Picks = tuple[str, ...]


class Shape(NamedTuple):
    """A node of a set to be drawn; ``passes`` is None where it has no assertion."""

    candidates: int
    chained: bool = False
    passes: float | None = 0.5
    raises: float = 0.0


SHAPES = {
    "one node": [Shape(5)],
    "chain, one assertion at its end": [Shape(2, passes=None), Shape(3, True)],
    "chain, an assertion at each node": [Shape(2), Shape(2, True), Shape(2, True)],
    "chain that can raise": [Shape(2, passes=None, raises=0.3), Shape(3, True)],
    "fan-in": [Shape(2, passes=None), Shape(2, passes=None), Shape(2, True)],
    "apart": [Shape(2), Shape(3)],
    "chain, then one apart": [Shape(2), Shape(2, True), Shape(2)],
    "apart, then a chain": [Shape(2), Shape(2), Shape(2, True)],
}
"""Kinds of sets; the last three have no closed form for a random order."""


def drawn(shapes: Sequence[Shape], jobs: int, seed: int = 0, **also: Any) -> pl.DataFrame:
    """Outcomes of random quality and price; what lies behind a failure is left out."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for j in range(jobs):
        ways: list[tuple[Picks, bool]] = [((), True)]
        for v, it in enumerate(shapes):
            names = [f"c{v}{k}" for k in range(it.candidates)]
            before = [way for way, good in ways if good] if it.chained else [()]
            passed = {}
            for way, name in product(before, names):
                good: bool | None = None if it.passes is None else bool(rng.random() < it.passes)
                if it.raises and rng.random() < it.raises:
                    good = False
                passed[(*way, name)] = good is not False
                rows.append({
                    "job": f"j{j}", "node": f"n{v}", "candidate": name,
                    "upstream": " > ".join(way), "passed": good,
                    "correct": bool(rng.random() < 0.5), "seconds": float(rng.exponential()),
                    "cost": None, **also,
                })  # fmt: skip
            ways = [
                ((*way, name), good and passed[(*way, name) if it.chained else (name,)])
                for (way, good), name in product(ways, names)
                if good
            ]
    return pl.DataFrame(rows, schema_overrides={"passed": pl.Boolean, "cost": pl.Float64})


def configurations(shapes: Sequence[Shape]) -> list[Picks]:
    """All of them, the last node changing fastest."""
    return list(product(*([f"c{v}{k}" for k in range(it.candidates)]
                          for v, it in enumerate(shapes))))  # fmt: skip


class ByHand:
    """One job of a set, followed row by row."""

    def __init__(self, shapes: Sequence[Shape], frame: pl.DataFrame, job: str) -> None:
        rows = frame.filter(pl.col("job") == job).iter_rows(named=True)
        self.rows = {(r["node"], r["upstream"], r["candidate"]): r for r in rows}
        self.shapes = shapes
        self.paid: set[tuple[str, str, str]] = set()
        self.failed: set[tuple[str, str, str]] = set()

    def runs(self, picks: Picks) -> list[tuple[str, str, str]]:
        """The rows that a configuration needs."""
        return [
            (f"n{v}", " > ".join(picks[:v]) if it.chained else "", picks[v])
            for v, it in enumerate(self.shapes)
        ]

    def attempt(self, picks: Picks, note: bool = True) -> tuple[float, bool]:
        """The price still to be paid for a configuration, and whether it passes."""
        price, runs = 0.0, self.runs(picks)
        if any(run in self.failed for run in runs):
            return 0.0, False
        for run in runs:
            row = self.rows[run]
            if run not in self.paid:
                price += row["seconds"]
                if note:
                    self.paid.add(run)
            if row["passed"] is False:
                if note:
                    self.failed.add(run)
                return price, False
        return price, True

    def pay(self, order: Iterable[Picks]) -> tuple[float, Picks | None]:
        """The price of trying configurations in an order, and the one that passed."""
        total = 0.0
        for picks in order:
            price, good = self.attempt(picks)
            total += price
            if good:
                return total, picks
        return total, None


def solvable(shapes: Sequence[Shape], frame: pl.DataFrame) -> list[str]:
    """The jobs that some configuration passes, in their order."""
    jobs = frame["job"].unique(maintain_order=True)
    every = configurations(shapes)
    return [job for job in jobs if ByHand(shapes, frame, job).pay(every)[1] is not None]


def greedy(shapes: Sequence[Shape], frame: pl.DataFrame, jobs: Sequence[str]) -> list[Picks]:
    """The greedy order on these jobs as far as they need it, found the slow way."""
    left = [ByHand(shapes, frame, job) for job in jobs]
    order: list[Picks] = []
    while left:
        scores = {}
        for picks in configurations(shapes):
            tried = [one.attempt(picks, note=False) for one in left]
            price, passes = sum(p for p, _ in tried), sum(good for _, good in tried)
            scores[picks] = passes / price if price else 0.0
        best = max(scores, key=lambda picks: scores[picks])
        order.append(best)
        left = [one for one in left if not one.attempt(best)[1]]
    return order
