"""Fixed orders: the best one that a record of labelled cards can teach, and what it earns.

A fixed order tries configurations one after the other and stops at the first that passes.
The best order is found by conditional greedy search: next comes the configuration that, on
the cards not passed so far, brings the most right passes per second still to be paid. It is
the yardstick: it knows labels and every configuration's outcome before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

if TYPE_CHECKING:
    import polars as pl

Configuration = tuple[str, str, str]
"""The candidates at the nodes "channel", "picture" and "text"."""

NODES = ("channel", "picture", "text")


class Earned(NamedTuple):
    """What an order earns on recorded cards, as means over the cards."""

    accuracy: float
    pass_rate: float
    seconds: float


class Table:
    """A record as arrays of shape (cards, configurations).

    Parameters
    ----------
    frame
        As :func:`~flexiflow.examples.id_cards.record.record` makes it.

    Raises
    ------
    BadInput
        If some configuration is missing on some card.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        frame = frame.sort("id", *NODES, maintain_order=True)
        cards, configurations = frame["id"].n_unique(), frame.select(NODES).unique().height
        if frame.height != cards * configurations:
            raise BadInput(
                f"A record needs every configuration on every card: {cards} cards times "
                f"{configurations} configurations. Got {frame.height} rows."
            )
        shape = (cards, configurations)
        self.configurations: list[Configuration] = frame.select(NODES).rows()[:configurations]
        self.passed: NDArray[np.bool_] = frame["passed"].to_numpy().reshape(shape)
        self.right: NDArray[np.bool_] = frame["right"].to_numpy().reshape(shape)
        seconds = [frame[f"{node}_seconds"].to_numpy().reshape(shape) for node in NODES]
        self.seconds: NDArray[np.float64] = np.stack(seconds, axis=2)  #: (cards, configurations, 3)

    def unpaid(self, at: int, before: Sequence[int]) -> NDArray[np.float64]:
        """Seconds of a configuration on each card, shared beginnings with earlier ones left out."""
        wanted = self.configurations[at]
        paid = max((shared(self.configurations[b], wanted) for b in before), default=0)
        return np.asarray(self.seconds[:, at, paid:].sum(axis=1))


def shared(a: Configuration, b: Configuration) -> int:
    """Count the nodes, from the first on, at which two configurations agree."""
    same = [x == y for x, y in zip(a, b, strict=True)]
    return same.index(False) if False in same else len(same)


def best_order(frame: pl.DataFrame) -> list[Configuration]:
    """Find the best fixed order by conditional greedy search.

    Parameters
    ----------
    frame
        A record of labelled cards.

    Returns
    -------
    list of tuple
        All configurations, the first to be tried first. Those of which the search can tell
        nothing more come last, the most right passes per second first.
    """
    table = Table(frame)
    left = np.ones(len(table.passed), dtype=bool)
    order: list[int] = []
    while left.any():
        gains = (table.passed & table.right)[left].sum(axis=0)
        prices = [table.unpaid(at, order)[left].sum() for at in range(len(gains))]
        best = int(np.argmax(gains / np.maximum(prices, 1e-9)))
        if gains[best] == 0:
            break
        order.append(best)
        left &= ~table.passed[:, best]
    value = (table.passed & table.right).mean(axis=0) / table.seconds.sum(axis=2).mean(axis=0)
    rest = [int(at) for at in np.argsort(-value, kind="stable") if at not in order]
    return [table.configurations[at] for at in order + rest]


def best_single(frame: pl.DataFrame) -> Configuration:
    """Find the configuration that is right most often, the quicker one of equals."""
    table = Table(frame)
    rates, seconds = table.right.mean(axis=0), table.seconds.sum(axis=2).mean(axis=0)
    return table.configurations[int(np.lexsort((seconds, -rates))[0])]


def earned(frame: pl.DataFrame, order: Sequence[Configuration], reuse: bool = True) -> Earned:
    """Tell what an order would have earned on recorded cards.

    A card that nothing passes keeps the output of the first configuration.

    Parameters
    ----------
    frame
        A record, best of other cards than the order was found on.
    order
        Configurations in the order they are tried.
    reuse
        Whether a beginning shared with an earlier configuration is paid only once.
    """
    table = Table(frame)
    place: Mapping[Configuration, int] = {c: at for at, c in enumerate(table.configurations)}
    columns = [place[configuration] for configuration in order]
    right = table.right[:, columns[0]].copy()
    waiting = np.ones(len(right), dtype=bool)
    seconds = np.zeros(len(right))
    for number, at in enumerate(columns):
        price = table.unpaid(at, columns[:number] if reuse else ())
        seconds[waiting] += price[waiting]
        ends = waiting & table.passed[:, at]
        right[ends] = table.right[ends, at]
        waiting &= ~ends
    return Earned(float(right.mean()), float(1 - waiting.mean()), float(seconds.mean()))


def oracle(frame: pl.DataFrame) -> Earned:
    """Tell what the cheapest right path of each card would earn: no policy can do better."""
    table = Table(frame)
    seconds = table.seconds.sum(axis=2)
    good = table.right & table.passed
    cheapest = np.where(good, seconds, np.inf).min(axis=1)
    paid = np.where(good.any(axis=1), cheapest, 0.0)
    rate = float(good.any(axis=1).mean())
    return Earned(rate, rate, float(paid.mean()))
