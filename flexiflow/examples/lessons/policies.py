"""What each policy would have earned on a record, from what one does today to what is best.

    single       one path for every job, checks unused
    sequential   whole paths one after the other until one passes, each from scratch
    best order   the same with the best order and with intermediates reused; the order is found
                 on one half of the jobs, labels and all, and scored on the other: a yardstick
    oracle       the cheapest right path of each job: no policy can do better

Seconds are those in the models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flexiflow.examples.lessons.record import Bools, Floats, Ints, Record


class Fared(NamedTuple):
    """How a policy fared on each job, each array of shape (runs, jobs)."""

    name: str
    right: Floats
    passed: Bools
    seconds: Floats  #: in the models
    tries: Floats  #: paths begun
    learning: float = 0.0  #: seconds a job in all but the models


def single(record: Record, at: int, name: str | None = None) -> Fared:
    """One path for every job; its output is taken whatever the checks say."""
    every = np.ones((1, len(record.jobs)))
    passed, total = record.passed[:, at], record.total[:, at]
    label = record.names[at] if name is None else name
    return Fared(label, record.right[None, :, at], passed[None], total[None], every)


def by_accuracy(record: Record) -> list[int]:
    """Rank the paths by how often they are right, the quicker one of equals first."""
    rates, seconds = record.right.mean(axis=0), record.total.mean(axis=0)
    return [int(at) for at in np.lexsort((seconds, -rates))]


def in_order(record: Record, order: Sequence[int], name: str, reuse: bool) -> Fared:
    """Try paths in an order until one passes; a path is left at its first failed check.

    A job that nothing passes keeps the output of the first path.

    Parameters
    ----------
    reuse
        Whether what was computed on this job for an earlier path is paid only once.
    """
    jobs = len(record.jobs)
    right = record.right[:, order[0]].copy()
    waiting = np.ones(jobs, dtype=bool)
    seconds, tries = np.zeros(jobs), np.zeros(jobs)
    paid = np.zeros((jobs, int(record.runs.max()) + 1), dtype=bool)
    for at in order:
        due = _due(record, at, paid if reuse else None)
        seconds[waiting] += due[waiting]
        tries[waiting] += 1
        ends = waiting & record.passed[:, at]
        right[ends] = record.right[ends, at]
        waiting &= ~ends
        if not waiting.any():
            break
    return Fared(name, right[None], ~waiting[None], seconds[None], tries[None])


def _due(record: Record, at: int, paid: Bools | None) -> Floats:
    """Seconds of a path up to its first failed check; ``paid`` is brought up to date."""
    jobs = np.arange(len(record.jobs))
    due, going = np.zeros(len(jobs)), np.ones(len(jobs), dtype=bool)
    for v in range(len(record.nodes)):
        going = going & record.ran[:, at, v]
        run = record.runs[:, at, v]
        new = going if paid is None else going & ~paid[jobs, run]
        due += np.where(new, record.seconds[:, at, v], 0.0)
        if paid is not None:
            paid[jobs[going], run[going]] = True
        going = going & record.good[:, at, v]
    return due


def greedy_order(record: Record) -> list[int]:
    """Find the best fixed order by conditional greedy search.

    Next comes the path that brings, on the jobs not passed so far, the most right passes per
    second still to be paid; those that bring none follow in the order of what they are worth
    alone.
    """
    earns = np.where(record.passed, record.right, 0.0)
    order: list[int] = []
    left = np.ones(len(record.jobs), dtype=bool)
    paid = np.zeros((len(left), int(record.runs.max()) + 1), dtype=bool)
    while left.any() and len(order) < len(record.configurations):
        score = np.zeros(len(record.configurations))
        for at in range(len(score)):
            if at not in order:
                price = _due(record, at, paid.copy())[left].sum()
                score[at] = earns[left, at].sum() / max(price, 1e-12)
        best = int(score.argmax())
        if score[best] <= 0:
            break
        order.append(best)
        _due(record, best, paid)
        left &= ~record.passed[:, best]
    worth = earns.mean(axis=0) / np.maximum(record.total.mean(axis=0), 1e-12)
    rest = [int(at) for at in np.argsort(-worth, kind="stable") if at not in order]
    return order + rest


def two_fold(record: Record, name: str, seed: int = 0) -> Fared:
    """The best order of each half of the jobs, scored on the other half, with reuse."""
    jobs = len(record.jobs)
    halves = np.array_split(np.random.default_rng(seed).permutation(jobs), 2)
    arrays = [np.zeros((1, jobs)) for _ in range(4)]
    for learn, score in (halves, halves[::-1]):
        if not len(learn):
            learn = score
        found = in_order(record.take(score), greedy_order(record.take(learn)), name, reuse=True)
        for array, part in zip(arrays, found[1:5], strict=True):
            array[:, score] = part
    right, passed, seconds, tries = arrays
    return Fared(name, right, passed.astype(bool), seconds, tries)


def oracle(record: Record, name: str = "oracle") -> Fared:
    """The cheapest right path of each job; where none is right, the cheapest one."""
    best = record.right.max(axis=1, keepdims=True)
    picks: Ints = np.where(record.right == best, record.total, np.inf).argmin(axis=1)
    jobs = np.arange(len(picks))
    right, passed = record.right[jobs, picks], record.passed[jobs, picks]
    seconds = record.total[jobs, picks]
    return Fared(name, right[None], passed[None], seconds[None], np.ones((1, len(picks))))
