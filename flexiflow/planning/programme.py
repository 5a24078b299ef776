"""The same choices as an integer programme, solved by HiGHS.

Each choice is a variable of 0 or 1; of each node one is taken. In a chain the seconds of all
nodes are one row. In other graphs each node has a time at which it begins, not before those
that it reads have ended, so that paths need not be listed. Points of the front are found one by
one: the most accurate plan within a cost, and the cheapest that is as accurate (the
epsilon-constraint method [1]_).

References
----------
.. [1] Haimes, Y. Y., Lasdon, L. S. & Wismer, D. A. (1971). On a bicriterion formulation of the
   problems of integrated system identification and system optimization. IEEE Transactions on
   Systems, Man, and Cybernetics 1(3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Floats
from flexiflow.planning.search import Front
from flexiflow.planning.thinning import Ints

POINTS = 25  #: of a front, about
_FINE = 100.0  # rows and objectives are scaled to, so that the solver's 1e-6 is 1e-8 of each
_SLACK = 1e-9  # relative, on bounds: sums are off by roundings
_CLOSE = 1e-6  # of costs, relative: plans that are no nearer are told apart


class Programme:
    """The choices at all nodes within a latency bound.

    Parameters
    ----------
    stages, paths, order, sla
        As for :func:`flexiflow.planning.search.front`.
    """

    def __init__(
        self,
        stages: Sequence[Choices],
        paths: Sequence[frozenset[int]],
        order: Sequence[int],
        sla: float,
    ) -> None:
        self._cost, self._gain, latency = (
            np.concatenate([getattr(s, what) for s in stages])
            for what in ("cost", "gain", "latency")
        )
        sizes = [len(s.cost) for s in stages]
        self._of = np.repeat(np.arange(len(stages)), sizes)
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._range = {"cost": _span(stages, "cost"), "gain": _span(stages, "gain")}
        edges = _edges(paths, order)
        self._starts = len(stages) if len(paths) > 1 else 0
        taken = latency / sla * _FINE  # seconds of a choice, the bound being _FINE
        one = (self._of == np.arange(len(stages))[:, None]).astype(float)
        self._rows: list[tuple[Floats, float, float]] = [(row, 1.0, 1.0) for row in self._wide(one)]
        most = _FINE * (1.0 + _SLACK)
        if not self._starts:
            self._rows.append((self._wide(taken[None])[0], -math.inf, most))
            return
        at = np.eye(len(stages))
        for v, w in edges:  # what v takes, and it begins, is before w begins
            self._rows.append((np.concatenate([taken * one[v], at[v] - at[w]]), -math.inf, 0.0))
        for v in range(len(stages)):
            self._rows.append((np.concatenate([taken * one[v], at[v]]), -math.inf, most))

    def most(self, budget: float | None = None) -> Ints | None:
        """Each node's choice in a plan that adds most within a cost; None if nothing fits."""
        return self._solved("gain", -self._gain, self._cost, "cost", budget)

    def cheapest(self, gain: float | None = None) -> Ints | None:
        """Each node's choice in a plan that costs least and adds so much; None if none does."""
        least = None if gain is None else -gain
        return self._solved("cost", self._cost, -self._gain, "gain", least)

    def told(self, picks: Ints) -> tuple[float, float]:
        """Cost and gain of a plan."""
        at = self._first + picks
        return float(self._cost[at].sum()), float(self._gain[at].sum())

    def _solved(
        self, of: str, least: Floats, bounded: Floats, by: str, most: float | None
    ) -> Ints | None:
        optimize, sparse = import_module("scipy.optimize"), import_module("scipy.sparse")
        rows = list(self._rows)
        if most is not None:
            scale = _FINE / self._range[by]
            bound = most * scale + _SLACK * max(_FINE, abs(most) * scale)
            rows.append((self._wide(bounded[None] * scale)[0], -math.inf, bound))
        matrix = sparse.csr_array(np.stack([row for row, _, _ in rows]))
        whole = self._wide(np.ones((1, len(self._of))))[0]
        done: Any = optimize.milp(
            self._wide(least[None] * (_FINE / self._range[of]))[0],
            constraints=optimize.LinearConstraint(
                matrix, [low for _, low, _ in rows], [high for _, _, high in rows]
            ),
            bounds=optimize.Bounds(0.0, np.where(whole > 0, 1.0, _FINE)),
            integrality=whole,
            options={"mip_rel_gap": 0.0},  # none silences a line that HiGHS 1.12 prints at times
        )
        if done.x is None:
            return None
        chosen = np.flatnonzero(done.x[: len(self._of)] > 0.5)
        return np.asarray(chosen - self._first, dtype=np.intp)

    def _wide(self, rows: Floats) -> Floats:
        """Rows over the choices, with nothing for the times at which nodes begin."""
        return np.hstack([rows, np.zeros((len(rows), self._starts))])


def front(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None = None,
    points: int = POINTS,
) -> Front:
    """Plans of the front from the most accurate down, their costs apart where there are many.

    Parameters
    ----------
    stages, paths, order, sla, budget
        As for :func:`flexiflow.planning.search.front`.
    points
        At most about so many; with 1 the most accurate alone. Each is exactly on the front;
        of those that are closer in cost than the front's whole range over this number some are
        left out.
    """
    programme = Programme(stages, paths, order, sla)
    found: list[tuple[float, float, Ints]] = []
    bound, step = budget, 0.0
    while (best := programme.most(bound)) is not None:
        picks = programme.cheapest(programme.told(best)[1])
        picks = best if picks is None else picks
        cost, gain = programme.told(picks)
        found.append((cost, gain, picks))
        if points == 1:
            break
        if not step:
            cheap = programme.cheapest()
            least = cost if cheap is None else programme.told(cheap)[0]
            step = max((cost - least) / (points - 1), _CLOSE * cost, _CLOSE)
        bound = cost - step
    found.reverse()
    cost_of, gain_of = (np.array([plan[k] for plan in found], dtype=float) for k in (0, 1))
    rows = [picks for _, _, picks in found] or np.zeros((0, len(stages)))
    return Front(cost_of, gain_of, np.array(rows, dtype=np.intp))


def cheapest(
    stages: Sequence[Choices],
    paths: Sequence[frozenset[int]],
    order: Sequence[int],
    sla: float,
    budget: float | None = None,
) -> Ints | None:
    """Each node's choice in the cheapest plan within the bounds; None if nothing fits."""
    programme = Programme(stages, paths, order, sla)
    picks = programme.cheapest()
    if picks is None or budget is None or programme.told(picks)[0] <= budget * (1.0 + _SLACK):
        return picks
    return None


def _span(stages: Sequence[Choices], of: str) -> float:
    """By how much plans can differ in cost or gain; 1 where they cannot."""
    return float(sum(np.ptp(getattr(s, of)) for s in stages)) or 1.0


def _edges(paths: Sequence[frozenset[int]], order: Sequence[int]) -> list[tuple[int, int]]:
    """Nodes that follow one another on some path."""
    at = {v: k for k, v in enumerate(order)}
    each = [sorted(path, key=at.__getitem__) for path in paths]
    return sorted({pair for path in each for pair in pairwise(path)})
