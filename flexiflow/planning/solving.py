"""The best choices at all nodes, by our own search where it can, else by an integer programme.

The search of :mod:`.search` gives the whole exact front at once; a solver gives it point by
point. On random chains of 10 nodes with 20 variants in batches of 1 to 64 the search takes 0.1 s
for all of some 80 plans, and HiGHS 3 s for 25 of them; accuracies that are multiplied and then
weighed against cost are no linear objective at all. In graphs with branches a partial plan has
seconds along several paths, hardly any beats another, and the search grows without bound from
some eight nodes on: there HiGHS takes 10 to 200 ms for a plan. ``python -m flexiflow.benchmarks
planning`` measures both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from flexiflow.planning import programme, search
from flexiflow.planning.choices import Choices
from flexiflow.planning.curves import Floats
from flexiflow.planning.reducing import reduced
from flexiflow.planning.search import Front
from flexiflow.planning.thinning import Ints, TooMany

Paths = Sequence[frozenset[int]]

_WORK = 10e6  # pairs of choices that are looked at before there is a search
_QUICK = 0.2e6  # the same for the cheapest plan, which an integer programme finds in 10 ms


def front(
    stages: Sequence[Choices], paths: Paths, order: Sequence[int], sla: float,
    budget: float | None = None, had: tuple[Floats, Floats] | None = None,
) -> Front:  # fmt: skip
    """As :func:`.search.front`; where that is too much, :func:`.programme.front`."""
    small = reduced(stages, paths, order, sla, budget, _WORK)
    if small is None:
        return Front(np.zeros(0), np.zeros(0), np.zeros((0, len(stages)), dtype=np.intp))
    try:
        found = search.front(small.stages, small.paths, small.order, sla, budget, had)
    except TooMany:
        return programme.front(stages, paths, order, sla, budget)
    return replace(found, picks=small.picks(found.picks))


def cheapest(
    stages: Sequence[Choices], paths: Paths, order: Sequence[int], sla: float,
    budget: float | None = None,
) -> Ints | None:  # fmt: skip
    """Each node's choice in the cheapest plan within the bounds; None if nothing fits."""
    flat = [replace(s, gain=np.zeros_like(s.gain)) for s in stages]
    small = reduced(flat, paths, order, sla, budget, _QUICK)
    if small is None:
        return None
    try:
        picks = search.cheapest(small.stages, small.paths, small.order, sla, budget)
    except TooMany:
        return programme.cheapest(stages, paths, order, sla, budget)
    return None if picks is None else small.picks(picks[None])[0]


def above(
    stages: Sequence[Choices], paths: Paths, order: Sequence[int], sla: float,
    budget: float | None, worth: Callable[[Floats, Floats], Floats],
    gain: Callable[[Floats, Floats], Floats], least: float, weighed: bool,
) -> Iterator[Front]:  # fmt: skip
    """As :func:`.search.above`; where that is too much, what :func:`.programme.front` finds.

    ``weighed`` says whether cost counts: if not, the most accurate plan is all that is asked.
    """
    small = reduced(stages, paths, order, sla, budget, _WORK)
    if small is None:
        return
    told = (small.stages, small.paths, small.order, sla, budget, worth, gain, least)
    try:
        for found in search.above(*told):
            yield replace(found, picks=small.picks(found.picks))
    except TooMany:
        points = programme.POINTS if weighed else 1
        found = programme.front(stages, paths, order, sla, budget, points)
        if len(found):
            yield found
