"""The best choices at all nodes, by our own search where it can, else by an integer programme.

The search of :mod:`.search` gives the whole exact front at once; a solver gives it point by
point. Of a graph with branches a partial plan has seconds along several paths, hardly any beats
another, and the search would grow without bound. So branches are joined first, see
:mod:`.reducing`: a graph of series and parallels becomes a chain, and so do small graphs that
are neither. On random graphs of 10 nodes with 20 variants in batches of 1 to 64 the front of
some 75 plans takes 0.1 s, with branches or without, and 0.2 s where two branches are four nodes
long; HiGHS takes 2 to 6 s for some 20 of them. With 20 nodes it is 1 s for 200 plans, and 5 s
where two branches are nine nodes long; HiGHS takes 6 to 30 s. Accuracies that are multiplied and
then weighed against cost are no linear objective for it at all.

HiGHS remains for graphs too entangled to be joined (where each node reads any two of the three
before it, say, from some eight nodes on) and for branches so long that joining them takes more
than finding one plan: there it takes 10 to 200 ms for a plan. ``python -m flexiflow.benchmarks
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

# Pairs of choices that joining may look at, some two million a second:
_WORK = 30e6  # for a whole front, for points of which a solver takes as long
_ONE = 1e6  # for the most accurate plan
_QUICK = 0.1e6  # for the cheapest


def front(
    stages: Sequence[Choices], paths: Paths, order: Sequence[int], sla: float,
    budget: float | None = None, had: tuple[Floats, Floats] | None = None,
) -> Front:  # fmt: skip
    """As :func:`searched`; where that is too much, :func:`.programme.front`."""
    try:
        return searched(stages, paths, order, sla, budget, had)
    except TooMany:
        return programme.front(stages, paths, order, sla, budget)


def searched(
    stages: Sequence[Choices], paths: Paths, order: Sequence[int], sla: float,
    budget: float | None = None, had: tuple[Floats, Floats] | None = None,
) -> Front:  # fmt: skip
    """As :func:`.search.front`, with branches joined first.

    Raises
    ------
    TooMany
        If the graph is too entangled.
    """
    small = reduced(stages, paths, order, sla, budget, _WORK)
    if small is None:
        return Front(np.zeros(0), np.zeros(0), np.zeros((0, len(stages)), dtype=np.intp))
    found = search.front(small.stages, small.paths, small.order, sla, budget, had)
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
    small = reduced(stages, paths, order, sla, budget, _WORK if weighed else _ONE)
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
