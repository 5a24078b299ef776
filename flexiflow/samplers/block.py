"""Joint draws of all that the hybrid believes about one graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers.ahead import applies, looked_ahead
from flexiflow.samplers.base import Explanation
from flexiflow.samplers.counted import price_of
from flexiflow.samplers.counting import Among, Draws
from flexiflow.samplers.knowledge import COMPLETES, Knowledge
from flexiflow.samplers.passing import Floats, Passing
from flexiflow.samplers.search import Scores, starts
from flexiflow.samplers.search import known as told
from flexiflow.samplers.space import Ints, Space
from flexiflow.samplers.worth import priced, stated

_LARGE_DRAWS = 16


class Check:
    """One pass model as it applies to a graph: an assertion, or completing at a node."""

    def __init__(self, space: Space, scope: tuple[int, ...], passing: Passing) -> None:
        self.space, self.scope, self.passing = space, scope, passing
        graph = space.graph
        self.rows = [
            np.array(
                [
                    passing.member(graph.nodes[v].name, graph.candidate(v, k).fingerprint)
                    for k in range(len(graph.nodes[v].choices))
                ],
                dtype=np.intp,
            )
            for v in scope
        ]
        self.draws: Draws | None = None
        self._every: tuple[Among, NDArray[np.intp] | None] | None = None

    def refresh(self, known: Knowledge, draws: int, seed: int) -> None:
        """Draw anew from what is known now."""
        known.introduce(self.passing)
        self.draws = self.passing.refresh(draws, seed, len(known.context))
        self._every = None

    def among(self, configurations: Ints) -> tuple[Among, NDArray[np.intp] | None]:
        """The choices over the scope that configurations make, and which makes which."""
        if self.space.is_everything(configurations):
            if self._every is None:
                code = self.space.code(self.scope, configurations)
                _, first, which = np.unique(code, return_index=True, return_inverse=True)
                rows = self._members(configurations[first])
                which = which.reshape(-1)
                same = np.array_equal(which, np.arange(len(first)))
                self._every = self.passing.among(rows, enumerated=True), None if same else which
            return self._every
        return self.passing.among(self._members(configurations), enumerated=False), None

    def _members(self, configurations: Ints) -> NDArray[np.intp]:
        columns = [self.rows[i][configurations[:, v]] for i, v in enumerate(self.scope)]
        return np.stack(columns, axis=1)


class Runs(NamedTuple):
    """What is believed of running one node of N configurations, `(N,)` each."""

    completes: Floats  #: chance of a value
    price: Floats  #: of any run
    passing: Floats  #: price of a run that passes
    failing: Floats  #: price of a run that fails


class Block:
    """Joint draws of all beliefs about one graph."""

    def __init__(self, space: Space, known: Knowledge, draws: int, seed: int) -> None:
        graph = space.graph
        self.space, self.known, self.evidence = space, known, known.evidence
        self.draws = draws if space.small else min(draws, _LARGE_DRAWS)
        self.everywhere: Scores | None = None  # as a job without context starts
        self._why: list[Explanation] | None = None  # the same, by draw
        self._runs: list[Runs] | None = None  # of every configuration
        names = [n.name for n in graph.nodes]
        self.checks: list[list[tuple[int | None, Check]]] = [[] for _ in graph.nodes]
        for v, due in enumerate(graph.checks):
            completing = known.passing.get((f"{COMPLETES} {names[v]}", names[v]))
            if completing is not None:
                self.checks[v].append((None, Check(space, (v,), completing)))
            for a in due:
                scope = graph.scopes[a]
                key = (graph.assertions[a].fingerprint, *(names[u] for u in scope))
                self.checks[v].append((a, Check(space, scope, known.model(key[0], key[1:]))))
        for checks in self.checks:
            for _, check in checks:
                check.refresh(known, self.draws, seed)
        self._price(known)
        self._value(known, seed)

    def _price(self, known: Knowledge) -> None:
        """Seconds and prices of each candidate: of any run, of one that passes or fails."""
        graph = self.space.graph
        keys = [(n.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
        table, seconds = known.seconds.table, known.seconds
        self.seconds = seconds.mean(table.rows(("all", *k) for k in keys))
        seen = self.seconds if table.sums.any() else np.full_like(self.seconds, np.nan)
        self.known_seconds = told(seen)
        a, b = known.completes.parameters(known.completes.table.rows(keys))
        self.completes = a / (a + b)
        each = []
        for how in ("pass", "fail"):
            rows_of = table.rows((how, *k) for k in keys)
            sums = table.sums[rows_of]
            each.append((sums[:, 1] + self.seconds) / (sums[:, 0] + 1.0))
        self.price = [price_of(graph, s) for s in (self.seconds, *each)]

    def runs(self, among: Ints) -> list[Runs]:
        """What is believed of running each node's candidates; kept for all configurations."""
        everything = self.space.is_everything(among)
        if everything and self._runs is not None:
            return self._runs
        values = (self.completes, *self.price)
        found = [Runs(*(x[rows] for x in values)) for rows in self.space.rows_of(among).T]
        if everything:
            self._runs = found
        return found

    def why(self, draw: int) -> Explanation:
        """Why a job without context starts as it does; every job with this draw is told so."""
        if self._why is None:
            assert self.everywhere is not None
            self._why = starts(self.space, self.everywhere.index)
        return self._why[draw]

    def _value(self, known: Knowledge, seed: int) -> None:
        """Draw what each candidate adds to each term of the objective that was ever seen."""
        graph, rng = self.space.graph, np.random.default_rng(seed + 1)
        self.priced = priced(graph)
        self.worth = [
            (
                weight,
                worth,
                worth.of_candidates(self.space, self.draws, rng),
                worth.placed(self.space) if self.space.small else None,
                worth.in_context(self.space, self.draws, rng),
            )
            for term, weight in stated(graph).items()
            if (worth := known.worth.get(term)) is not None and worth.total[:, 0].any()
        ]
        cut = known.cutoffs.get(graph.assertions[0].fingerprint) if applies(graph) else None
        self.ahead = looked_ahead(graph, cut, self.seconds, self.draws, seed + 2)

    def index(
        self, draws: slice, among: Ints, chance: Floats, price: Floats, later: bool, x: Floats
    ) -> Floats:
        """What the best configuration has most of; see :mod:`flexiflow.samplers.hybrid`."""
        rate = chance / np.maximum(price, 1e-12)
        if not self.worth:
            return rate
        if self.ahead is not None and self.priced:
            moved = self._moved(rate, draws, among, later, x)
            return self.ahead.scores(draws, among[:, 0], later, moved)
        value = np.zeros_like(rate)
        for weight, worth, added, placed, here in self.worth:
            term = worth.of_configurations(
                self.space, added[int(later), draws], among, later, placed
            )
            if here is not None and len(x):
                situated = here.of_configurations(draws, self.space.rows_of(among), x, later)
                term = term + here.weight * (situated - term)
            value += weight * term
        if self.priced:
            return np.asarray(value - price / np.maximum(chance, 1e-12))
        good = (value > 0).all(axis=1, keepdims=True)  # of each draw, whichever others are asked
        return np.asarray(np.where(good, value * rate, rate))

    def _moved(self, rate: Floats, draws: slice, among: Ints, later: bool, x: Floats) -> Floats:
        """How much more outputs are worth here than usual, on a workflow of one node."""
        total, rows = np.zeros_like(rate), self.space.rows_of(among)
        for weight, _, _, _, here in self.worth:
            if here is not None and len(x):
                situated = here.of_configurations(draws, rows, x, later)
                total += weight * here.weight * (situated - here.usual[draws][:, rows[:, 0]])
        return total
