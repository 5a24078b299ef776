"""The planner's own search beside HiGHS, on the same random problems.

Chains, graphs of diamonds (*branched*), and two chains between the first node and the last
(*forked*); seconds as expected. HiGHS is asked for one plan (the most accurate, then the cheapest
of these), for a front of 25 points by the epsilon-constraint method, and with ten nodes and ten
variants for the whole front.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from flexiflow.benchmarks import planning_instances
from flexiflow.benchmarks.planning_instances import branched, chain, demand, forked, ms
from flexiflow.planning import Problem, plan, programme, solving
from flexiflow.planning.choices import choices
from flexiflow.planning.search import Front
from flexiflow.planning.thinning import TooMany

_WHOLE = 1_000_000  # points: all there are
_SMALL = 700  # offers up to which HiGHS is asked for whole fronts


def compared(instances: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Both solvers on some problems of each size and shape.

    Yields
    ------
    A row each: ``nodes``, ``variants``, ``shape``, ``instances``; the median milliseconds of the
    processor of a ``plan`` and of the ``search`` for the whole front, and the median number of
    its ``plans`` (None where it is given up); the milliseconds of HiGHS for one ``solver plan``,
    for its ``points`` (median number) and for the ``solver front`` as a whole; and ``apart``, by
    how much the accuracies of both ever differ for the same cost, relative.
    """
    _timed(chain(1, 1, seed))  # so that the solver is loaded
    for nodes, variants in planning_instances.SIZES:
        for shape, make in (("chain", chain), ("branched", branched), ("forked", forked)):
            each = [_timed(make(nodes, variants, seed + k)) for k in range(instances)]
            row = {"nodes": nodes, "variants": variants, "shape": shape, "instances": instances}
            yield row | {name: _middle(name, [one[name] for one in each]) for name in each[0]}


def _middle(name: str, values: Sequence[float | None]) -> float | None:
    known = [x for x in values if x is not None]
    if not known:
        return None
    return max(known) if name == "apart" else float(np.median(known))


def _timed(problem: Problem) -> dict[str, float | None]:
    asked = demand(problem)
    told = (choices(problem, asked), problem.paths, problem.order, asked.sla)
    fronts: list[Front] = []
    row: dict[str, float | None] = {"plan ms": ms(lambda: plan(problem, asked, None))}
    try:
        row["search ms"] = ms(lambda: fronts.append(solving.searched(*told)))
        row["plans"] = float(len(fronts[-1]))
    except TooMany:
        row["search ms"] = row["plans"] = None
    row["solver plan ms"] = ms(lambda: fronts.append(programme.front(*told, points=1)))
    row["solver points ms"] = ms(lambda: fronts.append(programme.front(*told)))
    row["points"] = float(len(fronts[-1]))
    row["solver front ms"] = None
    if sum(len(s.offers) for s in problem.steps) <= _SMALL:
        row["solver front ms"] = ms(lambda: fronts.append(programme.front(*told, points=_WHOLE)))
    row["apart"] = (
        None if row["search ms"] is None else max(apart(fronts[0], those) for those in fronts[1:])
    )
    return row


def apart(whole: Front, points: Front) -> float:
    """By how much points differ from a whole front at their cost, in accuracies, relative.

    Examples
    --------
    >>> picks = np.zeros((2, 1), dtype=np.intp)
    >>> whole = Front(np.array([1.0, 2.0]), np.log([0.5, 0.8]), picks)
    >>> round(apart(whole, Front(np.array([2.0]), np.log([0.6]), picks[:1])), 6)
    0.25
    """
    at = np.searchsorted(whole.cost, points.cost * (1.0 + 1e-9), side="right") - 1
    return float(np.abs(np.expm1(points.gain - whole.gain[at])).max(initial=0.0))
