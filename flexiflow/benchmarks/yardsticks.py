"""What a recording would have cost a policy that knows all of it, or nothing.

Prices follow from how a workflow runs: nodes in their order, a configuration left at its
first failed run and the job at its first pass, nothing paid twice on one job, and no
configuration tried that is known to fail.

``oracle``
    The cheapest configuration that passes, job by job.
``random order``
    Configurations in a random order, a new one for every job: the expected price. The mean
    over all fixed orders is the same number. Where every failure blames its whole past it is
    exact: a run r is paid if the first configuration, among those that pass (P) and those
    that extend r (E), is one of E, which has probability |E| / |E ∪ P|. Elsewhere it is the
    mean of ``DRAWS`` orders a job.
``best fixed order``
    Found greedily: again and again the configuration with the most newly passed jobs per unit
    of price still to be paid, among the jobs that none has passed yet [1]_. In hindsight it
    is found on the jobs on which it is scored; two-fold, on the other half of them.

References
----------
.. [1] Munagala, K., Babu, S., Motwani, R. & Widom, J. (2005). The pipelined set cover
   problem. ICDT. (The greedy order costs at most four times the best one where jobs cost
   the same.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.benchmarks.recording import Bools, Floats, Ints, Recording, grid

DRAWS = 32
MOST = 10_000  # configurations up to which orders of all of them are looked at
_CELLS = 4_000_000  # numbers in one table


class Paid(NamedTuple):
    """What each job cost, and whether its output was right, `(jobs,)`; None: unknown."""

    price: Floats
    correct: Floats | None


def oracle(recording: Recording) -> Paid:
    """The cheapest configuration that passes; all jobs must be solvable."""
    head = recording.head
    picks = np.zeros((len(recording.jobs), len(recording.nodes)), dtype=np.int64)
    price = np.zeros(len(recording.jobs))
    every = np.arange(len(price))
    if head:
        ways = grid(recording.sizes[:head])
        total = _total(recording, head, ways)
        total[~recording.reached(head, ways)] = np.inf
        best = total.argmin(axis=1)
        picks[:, :head], price = ways[best], total[every, best]
    for v, it in enumerate(recording.nodes[head:], start=head):
        total = np.where(it.passed, it.price, np.inf)
        picks[:, v] = total.argmin(axis=1)
        price = price + total[every, picks[:, v]]
    return Paid(price, recording.correct(picks))


def _total(recording: Recording, nodes: int, configurations: Ints) -> Floats:
    """The price of running each configuration up to a node, `(jobs, n)`."""
    total = np.zeros((len(recording.jobs), len(configurations)))
    for v in range(nodes):
        total += recording.nodes[v].price[:, recording.run_of(v, configurations)]
    return total


def random_order(recording: Recording, rng: np.random.Generator) -> Paid:
    """Configurations in a random order; ``rng`` is only used where there is no closed form."""
    if _has_closed_form(recording):
        parts = [_expected(recording.take(some)) for some in _blocks(recording)]
    else:
        parts = [_drawn(recording.take(some), rng) for some in _blocks(recording)]
    price = np.concatenate([p.price for p in parts])
    correct = [p.correct for p in parts if p.correct is not None]
    return Paid(price, np.concatenate(correct) if correct else None)


def _blocks(recording: Recording) -> Iterator[NDArray[Any]]:
    """The jobs in blocks, so that a table of all configurations stays small."""
    every = np.arange(len(recording.jobs))
    count = -(-len(every) * recording.size // _CELLS)
    return iter(np.array_split(every, max(count, 1)))


def _has_closed_form(recording: Recording) -> bool:
    """Whether a failed run rules out just the configurations that share its whole past."""
    nodes = recording.nodes
    first = next((v for v, it in enumerate(nodes) if it.fails), len(nodes))
    return all(it.chained for v, it in enumerate(nodes) if v >= max(first, 1))


def _expected(recording: Recording) -> Paid:
    every = recording.configurations
    passes = recording.reached(len(recording.nodes), every)
    passing = passes.sum(axis=1, keepdims=True)
    price = np.zeros(len(recording.jobs))
    for v, it in enumerate(recording.nodes):
        run = recording.run_of(v, every)
        order = np.argsort(run, kind="stable")
        starts = np.searchsorted(run[order], np.arange(it.price.shape[1]))
        extend = np.bincount(run)
        both = np.add.reduceat(passes[:, order].astype(np.int64), starts, axis=1)
        chance = extend / (extend + passing - both)
        reached = recording.reached(v, every)[:, order[starts]]
        price += (it.price * reached * chance).sum(axis=1)
    return Paid(price, _mean_correct(recording, passes))


def _mean_correct(recording: Recording, passes: Bools) -> Floats | None:
    """How likely the output is right if each passing configuration is as likely, `(jobs,)`."""
    right = np.zeros(len(recording.jobs))
    for c, configuration in enumerate(recording.configurations):
        told = recording.correct(np.tile(configuration, (len(right), 1)))
        if told is None:
            return None
        right += np.where(passes[:, c], told, 0.0)
    return np.asarray(right / passes.sum(axis=1))


def _drawn(recording: Recording, rng: np.random.Generator) -> Paid:
    jobs, size = len(recording.jobs), recording.size
    price = np.zeros(jobs)
    for _ in range(DRAWS):
        price += walk(recording, rng.permuted(np.tile(np.arange(size), (jobs, 1)), axis=1)).price
    passes = recording.reached(len(recording.nodes), recording.configurations)
    return Paid(price / DRAWS, _mean_correct(recording, passes))


class _Job:
    """How far jobs have come: the runs that are paid for, and those known to fail."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        every = recording.configurations
        self.runs = [recording.run_of(v, every) for v in range(len(recording.nodes))]
        self.paid = [np.zeros(it.price.shape, dtype=bool) for it in recording.nodes]

    def hopeless(self, jobs: Ints, tried: Ints) -> Bools:
        """Whether configurations hold a run that is known to fail."""
        known = np.zeros(np.broadcast_shapes(jobs.shape, tried.shape), dtype=bool)
        for it, runs, paid in zip(self.recording.nodes, self.runs, self.paid, strict=True):
            if it.fails:
                run = runs[tried]
                known |= paid[jobs, run] & ~it.passed[jobs, run]
        return known

    def due(self, jobs: Ints, tried: Ints, pay: bool = False) -> tuple[Floats, Bools]:
        """The price still to be paid for configurations, and whether they pass.

        Parameters
        ----------
        jobs, tried
            Numbers of jobs and of configurations, of shapes that broadcast.
        pay
            Note that they were run; every job must then be there once.
        """
        going = ~self.hopeless(jobs, tried)
        price = np.zeros(going.shape)
        for it, runs, paid in zip(self.recording.nodes, self.runs, self.paid, strict=True):
            run = runs[tried]
            price += np.where(going & ~paid[jobs, run], it.price[jobs, run], 0.0)
            if pay:
                paid[jobs, run] |= going
            going = going & it.passed[jobs, run]
        return price, going


def walk(recording: Recording, orders: Ints) -> Paid:
    """Try configurations in given orders until one passes.

    Parameters
    ----------
    orders
        Numbers of all configurations, `(size,)` for one order, `(jobs, size)` for one a job.
    """
    at, left = _Job(recording), np.arange(len(recording.jobs))
    price = np.zeros(len(left))
    picks = np.zeros(len(left), dtype=np.int64)
    for step in range(orders.shape[-1]):
        tried = np.broadcast_to(orders[..., step], len(recording.jobs))[left]
        due, passed = at.due(left, tried, pay=True)
        price[left] += due
        picks[left] = tried
        left = left[~passed]
        if not len(left):
            break
    return Paid(price, recording.correct(recording.configurations[picks]))


def greedy_order(recording: Recording) -> Ints:
    """The fixed order of all configurations that is greedy on these jobs, `(size,)`."""
    at, left = _Job(recording), np.arange(len(recording.jobs))
    every = np.arange(recording.size)
    order: list[int] = []
    first = np.zeros(len(every))
    while len(left) and len(order) < recording.size:
        price, passes = np.zeros(len(every)), np.zeros(len(every))
        for some in np.array_split(left, -(-len(left) * len(every) // _CELLS)):
            due, good = at.due(some[:, None], every[None, :])
            price += due.sum(axis=0)
            passes += good.sum(axis=0)
        score = passes / np.maximum(price, 1e-300)
        first = first if order else score.copy()
        score[order] = -1.0
        order.append(int(score.argmax()))
        left = left[~at.due(left, np.broadcast_to(order[-1], len(left)), pay=True)[1]]
    # Those that no job was left for are ranked by what they are worth alone.
    rest = sorted(set(every.tolist()) - set(order), key=lambda c: -first[c])
    return np.array(order + rest, dtype=np.int64)


def best_fixed(recording: Recording) -> Paid:
    """The best fixed order in hindsight."""
    return walk(recording, greedy_order(recording))


def best_fixed_two_fold(recording: Recording, order: Ints) -> Paid:
    """The best fixed order of each half of the jobs, scored on the other half.

    Parameters
    ----------
    order
        The jobs' numbers, shuffled: its first and its second half are the two.
    """
    halves = np.array_split(order, 2)
    price = np.zeros(len(order))
    correct: Floats | None = np.full(len(order), np.nan)
    for learn, score in (halves, halves[::-1]):
        paid = walk(recording.take(score), greedy_order(recording.take(learn)))
        price[score] = paid.price
        if paid.correct is None:
            correct = None
        elif correct is not None:
            correct[score] = paid.correct
    return Paid(price, correct)
