"""What the best fixed order of configurations would have brought, estimated from the log.

The direct method [1]_: a model of what a configuration brings is learned from the log and the
policy is evaluated on the model. Here the model is a table of conditional rates: the chance
that a configuration passes a job on which a set S of others has failed, from the jobs on which
just that happened; where these are few it leans on the rate after as many failures of any
kind, that on the rate after one fewer, and so on, each with the weight of two observations.
Seconds and price are the conditional means of what was really paid, so that intermediates
that earlier tries had made count nothing.

The order is found by conditional greedy on the same table: next comes what newly passes most
per price, given that all before it failed [2]_. Its value follows by going down the order. The
interval is that of the order's value, the order given, under the Bayesian bootstrap over jobs
[3]_; that the order was chosen on the same jobs flatters it a little.

What is assumed: given the set that has failed, what came next did not depend on how hard the
job was otherwise. A sampler that uses the context, or a strong prior, breaks this to a degree.
An order goes on until all its configurations have failed, without a budget.

References
----------
.. [1] Dudik, M., Langford, J. & Li, L. (2011). Doubly robust policy evaluation and learning.
   ICML. (The direct method is the first half of it.)
.. [2] Munagala, K., Babu, S., Motwani, R. & Widom, J. (2005). The pipelined set cover
   problem. ICDT.
.. [3] Rubin, D. (1981). The Bayesian bootstrap. Annals of Statistics 9.
"""

from __future__ import annotations

import copy
import random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.panels.betas import Floats
from flexiflow.panels.places import Try
from flexiflow.panels.sums import FEWEST, Estimates, of_draws

JOBS = 500  # an even sample of this many is kept
_ITEMS = 16  # configurations in an order
_STAGES = 4  # none, one, two, or more tries before
_LEAN = 2.0  # weight, in observations, of the coarser rate
_RESAMPLED = 100

Choice = tuple[int, ...]
Course = tuple[tuple[Try, float], ...]
"""A job's tries, each with its price."""


class Events(NamedTuple):
    """The tries of the sampled jobs, one row for each configuration that a try speaks for."""

    items: list[Choice]
    job: NDArray[np.intp]
    item: NDArray[np.intp]
    stage: NDArray[np.intp]
    failed: NDArray[np.int64]  #: a bit for each item that had failed
    told: Floats  #: 1, passed, seconds, price, `(4, rows)`


class FixedOrder:
    """An even sample of the jobs' courses, and the best order they speak for."""

    def __init__(self) -> None:
        self._jobs = 0
        self._courses: list[tuple[Course, float | None]] = []
        self._ids: list[str] = []
        self._dice = random.Random(0)

    def room(self) -> int | None:
        """Where the next job will be kept; None if it will not.

        Each job of the run is kept with the same probability (Vitter's algorithm R).
        """
        self._jobs += 1
        if self._jobs <= JOBS:
            return self._jobs - 1
        at = int(self._dice.random() * self._jobs)
        return at if at < JOBS else None

    def keep(self, at: int, course: Course, value: float | None, job_id: str = "") -> None:
        """Keep a job where there is room: its tries, and what its pass was worth, price apart."""
        self._courses[at : at + 1] = [(course, value)]
        self._ids[at : at + 1] = [job_id]

    def label(self, job_id: str, value: float | None) -> None:
        """Correct what the pass of a job was worth, if the job is in the sample."""
        if job_id in self._ids:
            at = self._ids.index(job_id)
            self._courses[at] = self._courses[at][0], value

    def copy(self) -> FixedOrder:
        """One that stays as it is."""
        fresh = copy.copy(self)
        fresh._courses = list(self._courses)
        return fresh

    def best(self, valued: bool, priced: bool) -> tuple[list[Choice], Estimates] | None:
        """The best order found, with what it would have brought; None while jobs are few.

        Parameters
        ----------
        valued
            Whether an objective is stated, by which passes have a value.
        priced
            Whether it has a price; else what newly passes most per second comes next.
        """
        if len(self._courses) < FEWEST:
            return None
        events = _events([course for course, _ in self._courses])
        if not events.items:
            return None
        jobs = len(self._courses)
        order = _greedy(events, jobs, priced)
        draws = np.random.default_rng(0).standard_exponential((_RESAMPLED, jobs))
        weights = np.vstack([np.ones(jobs), draws / draws.mean(axis=1, keepdims=True)])
        value = self._values(events) if valued else None
        seconds, passed, worth = _value(events, order, weights, value)
        told = Estimates(
            float(jobs),
            of_draws(float(seconds[0]), seconds[1:]),
            of_draws(float(passed[0]), passed[1:]),
            None if worth is None else of_draws(float(worth[0]), worth[1:]),
        )
        return [events.items[k] for k in order], told

    def _values(self, events: Events) -> Floats | None:
        """The mean value of a pass of each item; None if some pass waits for a label."""
        sums = np.zeros((len(events.items), 2))
        at = {item: k for k, item in enumerate(events.items)}
        for course, value in self._courses:
            if course and course[-1][0].passed:
                if value is None:
                    return None
                k = at.get(course[-1][0].choice)
                if k is not None:
                    sums[k] += 1.0, value
        everyone = sums[:, 1].sum() / max(sums[:, 0].sum(), 1.0)
        return np.asarray((sums[:, 1] + everyone) / (sums[:, 0] + 1.0))


def _events(courses: list[Course]) -> Events:
    tried: dict[Choice, int] = {}
    for course in courses:
        for one, _ in course:
            if min(one.choice) >= 0:
                tried[one.choice] = tried.get(one.choice, 0) + 1
    items = sorted(tried, key=lambda c: (-tried[c], c))[:_ITEMS]
    meant: dict[Choice, list[int]] = {}
    rows: list[tuple[float, ...]] = []
    for j, course in enumerate(courses):
        failed = 0
        for stage, (one, price) in enumerate(course):
            if one.choice not in meant:
                meant[one.choice] = [k for k, c in enumerate(items) if _begins(one.choice, c)]
            for k in meant[one.choice]:
                if not failed >> k & 1:
                    told = (1.0, float(one.passed), one.seconds, price)
                    rows.append((j, k, min(stage, _STAGES - 1), failed, *told))
            if not one.passed:
                for k in meant[one.choice]:
                    failed |= 1 << k
    table = np.array(rows, dtype=float).reshape(-1, 8)
    whole = table[:, :4].astype(np.int64)
    return Events(items, whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], table[:, 4:].T)


def _begins(part: Choice, whole: Choice) -> bool:
    return all(p in (w, -1) for p, w in zip(part, whole, strict=True))


def _rates(events: Events, here: NDArray[np.bool_], weights: Floats) -> Floats:
    """Sums over some of the rows, by job weights: `(4, draws)`."""
    told, job = events.told[:, here], events.job[here]
    return np.asarray(told @ weights[:, job].T)


def _leaning(sums: Floats, coarse: Floats) -> Floats:
    """Rates `(3, draws)` of passes, seconds and price that lean on coarser ones."""
    return np.asarray((sums[1:] + _LEAN * coarse) / (sums[0] + _LEAN))


class _Table:
    """Conditional rates under rows of job weights, `(draws, jobs)`."""

    def __init__(self, events: Events, weights: Floats) -> None:
        self._events, self._weights = events, weights
        sums = _rates(events, np.ones(len(events.job), dtype=bool), weights)
        self._anyone: Floats = sums[1:] / np.maximum(sums[0], 1e-12)
        self._anyone[0] = 0.5
        self._staged: dict[tuple[int, int], Floats] = {}

    def after(self, item: int, stage: int, failed: int) -> Floats:
        """What an item brings after a set has failed: passes, seconds, price, `(3, draws)`."""
        events = self._events
        here = (events.item == item) & (events.failed == failed)
        return _leaning(_rates(events, here, self._weights), self._later(item, stage))

    def _later(self, item: int, stage: int) -> Floats:
        """The same after so many failures of any kind."""
        if stage < 0:
            return self._anyone
        if (item, stage) not in self._staged:
            here = (self._events.item == item) & (self._events.stage == stage)
            coarse = self._later(item, stage - 1)
            self._staged[item, stage] = _leaning(_rates(self._events, here, self._weights), coarse)
        return self._staged[item, stage]


def _greedy(events: Events, jobs: int, priced: bool) -> list[int]:
    """The order by conditional greedy: the most new passes per price come next."""
    table, failed, order = _Table(events, np.ones((1, jobs))), 0, list[int]()
    left = list(range(len(events.items)))
    while left:
        stage = min(len(order), _STAGES - 1)
        told = [table.after(k, stage, failed)[:, 0] for k in left]
        rate = [p / max(price if priced else seconds, 1e-12) for p, seconds, price in told]
        best = left.pop(int(np.argmax(rate)))
        order.append(best)
        failed |= 1 << best
    return order


def _value(
    events: Events, order: list[int], weights: Floats, value: Floats | None
) -> tuple[Floats, Floats, Floats | None]:
    """Seconds, pass rate and worth of an order under each row of job weights, `(draws,)`."""
    table, reach, failed = _Table(events, weights), np.ones(len(weights)), 0
    seconds, worth = np.zeros(len(weights)), np.zeros(len(weights))
    for place, item in enumerate(order):
        stage = min(place, _STAGES - 1)
        passes, lasting, price = table.after(item, stage, failed)
        seconds += reach * lasting
        if value is not None:
            worth += reach * (passes * value[item] - price)
        reach = reach * (1.0 - passes)
        failed |= 1 << item
    return seconds, 1.0 - reach, None if value is None else worth
