"""FrugalML [1]_ on recorded answers: the published yardstick for thresholds on confidence.

It is fitted once, on jobs for which is known whether *every* service is right (to ask them all
there is paid by nobody here), and asks at most two: a base service, and where that is not sure
enough of the class it gives, an add-on whose answer stands. Thresholds and add-ons are those of
the class. The policies are those of the paper, the search is our own: every confidence that was
seen is tried as a threshold, and instead of a budget a right answer has a worth. Plans between
which the paper draws lots lie on the line between two of these.

References
----------
.. [1] Chen, L., Zaharia, M. & Zou, J. (2020). FrugalML: how to use ML prediction APIs more
   accurately and cheaply. NeurIPS. https://arxiv.org/abs/2006.07512
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from flexiflow.benchmarks.answers import Answers
from flexiflow.benchmarks.recording import Bools, Floats, Ints


class AddOn(NamedTuple):
    """Whom to ask after the base service, and up to which confidence of it."""

    service: int
    upto: float


class Plan(NamedTuple):
    """A base service, and its classes' add-ons; classes without one are always accepted."""

    base: int
    addons: Mapping[str, AddOn]

    def answers(self, it: Answers, jobs: Ints) -> tuple[Bools, Floats]:
        """Whether the answers to some jobs are right, and what they cost, two `(n,)`."""
        right, cost = it.correct[jobs, self.base].copy(), it.cost[jobs, self.base].copy()
        for given, (service, upto) in self.addons.items():
            asked = (it.label[jobs, self.base] == given) & (it.confidence[jobs, self.base] <= upto)
            right[asked] = it.correct[jobs[asked], service]
            cost[asked] += it.cost[jobs[asked], service]
        return right, cost


def plan(it: Answers, jobs: Ints, worth: float) -> Plan:
    """The plan that brings most on some jobs, a right answer being worth so much.

    Examples
    --------
    >>> known = Answers("two", ("quick", "careful"), np.full((4, 2), "cat"),
    ...                 np.array([[0.9, 1.0], [0.8, 1.0], [0.4, 1.0], [0.3, 1.0]]),
    ...                 np.array([[True, True], [True, False], [False, True], [False, True]]),
    ...                 np.full((4, 2), (0.0, 1.0)))
    >>> plan(known, np.arange(4), worth=3.0)
    Plan(base=0, addons={'cat': AddOn(service=1, upto=0.4)})
    >>> plan(known, np.arange(4), worth=0.5)
    Plan(base=0, addons={})
    """
    found = [_from(it, jobs, worth, base) for base in range(it.correct.shape[1])]
    return max(found, key=lambda made: made[0])[1]


def _from(it: Answers, jobs: Ints, worth: float, base: int) -> tuple[float, Plan]:
    """The best plan with a base service, and what it brings."""
    value = worth * it.correct[jobs] - it.cost[jobs]
    total, addons = float(value[:, base].sum()), dict[str, AddOn]()
    for given in np.unique(it.label[jobs, base]):
        mine = np.flatnonzero(it.label[jobs, base] == given)
        mine = mine[np.argsort(it.confidence[jobs[mine], base], kind="stable")]
        sure = it.confidence[jobs[mine], base]
        # The base service was paid before the add-on, whose answer takes the place of its own.
        more = value[mine] - worth * it.correct[jobs[mine], base, None]
        brought = np.cumsum(more, axis=0)
        brought[np.append(sure[1:] == sure[:-1], False)] = -np.inf  # equal ones go together
        brought[:, base] = -np.inf
        at, service = np.unravel_index(int(brought.argmax()), brought.shape)
        if brought[at, service] > 0.0:
            total += float(brought[at, service])
            addons[str(given)] = AddOn(int(service), float(sure[at]))
    return total, Plan(base, addons)
