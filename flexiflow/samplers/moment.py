"""One job at one moment of its course, as the hybrid scores configurations for it.

A *block* holds joint draws of all beliefs about a graph, and serves several jobs. A *moment*
adds what is known of one job: its context, what has failed and held on it so far. It never
changes: after another verdict comes another moment, so that a decision can be explained later
as it was taken.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Configuration
from flexiflow.samplers.base import Decision, JobState
from flexiflow.samplers.counted import price_of
from flexiflow.samplers.knowledge import COMPLETES, Knowledge
from flexiflow.samplers.passing import Among, Case, Draws, Features, Floats, Passing
from flexiflow.samplers.search import Scores, Told, decided, known
from flexiflow.samplers.space import Bools, Ints, Space

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
        self._every: tuple[Among, NDArray[np.intp]] | None = None

    def refresh(self, known: Knowledge, draws: int, seed: int) -> None:
        """Draw anew from what is known now."""
        elsewhere = known.elsewhere(self.passing)
        self.draws = self.passing.refresh(draws, seed, elsewhere, len(known.context))
        self._every = None

    def among(self, configurations: Ints) -> tuple[Among, NDArray[np.intp] | None]:
        """The choices over the scope that configurations make, and which makes which."""
        if self.space.is_everything(configurations):
            if self._every is None:
                code = self.space.code(self.scope, configurations)
                _, first, which = np.unique(code, return_index=True, return_inverse=True)
                rows = self._members(configurations[first])
                self._every = self.passing.among(rows, enumerated=True), which.reshape(-1)
            return self._every
        return self.passing.among(self._members(configurations), enumerated=False), None

    def _members(self, configurations: Ints) -> NDArray[np.intp]:
        columns = [self.rows[i][configurations[:, v]] for i, v in enumerate(self.scope)]
        return np.stack(columns, axis=1)


class Block:
    """Joint draws of all beliefs about one graph."""

    def __init__(self, space: Space, known: Knowledge, draws: int, seed: int) -> None:
        graph = space.graph
        self.space, self.known, self.evidence = space, known, known.evidence
        self.draws = draws if space.small else min(draws, _LARGE_DRAWS)
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

    def _price(self, known: Knowledge) -> None:
        """Seconds and prices of each candidate: of any run, of one that passes or fails."""
        graph = self.space.graph
        keys = [(n.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
        table, seconds = known.seconds.table, known.seconds
        self.seconds = seconds.mean(table.rows(("all", *k) for k in keys))
        self.known_seconds = bool(table.sums.any())
        a, b = known.completes.parameters(known.completes.table.rows(keys))
        self.completes = a / (a + b)
        each = []
        for how in ("pass", "fail"):
            rows_of = table.rows((how, *k) for k in keys)
            sums = table.sums[rows_of]
            each.append((sums[:, 1] + self.seconds) / (sums[:, 0] + 1.0))
        self.price = [price_of(graph, s) for s in (self.seconds, *each)]

    @cached_property
    def everywhere(self) -> Scores:
        """Every configuration on a job of which nothing is known, under every draw."""
        return Moment(
            self, 0, Features(np.zeros(0), np.zeros(0)), {}, (0, 0, 0), frozenset()
        ).index(slice(None), self.space.everything, None)

    def start(self, picked: int, moment: Moment) -> Decision:
        """The first decision of a job without context, from what is computed already."""
        scores = self.everywhere
        at = int(scores.index[picked].argmax())
        mine = slice(picked, picked + 1)
        one = Scores(scores.passes[mine], scores.price[mine], scores.index[mine])
        return decided(moment, picked, self.space.everything, one, at, None, None)


@dataclass(frozen=True)
class Moment:
    """A job as it stands; scores configurations for it.

    Attributes
    ----------
    block, picked
        The joint draws, and which of them is this job's.
    features
        The job's context.
    cases
        What each pass model knows of the job, by its place in the block.
    seen
        How many of the job's failures, broken attempts and holding checks are contained.
    held
        (assertion, choices over its scope) that are known to hold.
    """

    block: Block
    picked: int
    features: Features
    cases: dict[tuple[int, int], Case]
    seen: tuple[int, int, int]
    held: frozenset[tuple[int, tuple[int, ...]]]

    @property
    def space(self) -> Space:
        """The graph's configurations."""
        return self.block.space

    @classmethod
    def begin(cls, block: Block, picked: int, state: JobState) -> Moment:
        """A job as it starts."""
        features = block.known.features(state.context)
        cases = {
            (v, i): check.passing.case(state.seed)
            for v, checks in enumerate(block.checks)
            for i, (_, check) in enumerate(checks)
        }
        return cls(block, picked, features, cases, (0, 0, 0), frozenset()).after(state)

    def after(self, state: JobState) -> Moment:
        """The same job after its latest verdicts."""
        a, b, c = self.seen
        failures, broken, holds = state.failures[a:], state.broken[b:], state.holds[c:]
        if not (failures or broken or holds):
            return self
        seen = (len(state.failures), len(state.broken), len(state.holds))
        cases = {at: copy_of(case) for at, case in self.cases.items()}
        for assertion, picks in holds:
            self._judged(
                cases, assertion, self._named(self.space.graph.scopes[assertion], picks), True
            )
        for assertion, picks in failures:
            named = self._named(self.space.graph.scopes[assertion], picks)
            self._judged(cases, assertion, named, False)
        for node, choice in broken:
            self._judged(cases, None, self._named((node,), (choice,)), False)
        return replace(self, cases=cases, seen=seen, held=self.held.union(holds))

    def _named(self, scope: tuple[int, ...], picks: tuple[int, ...]) -> dict[str, str]:
        graph = self.space.graph
        return {
            graph.nodes[v].name: graph.candidate(v, k).fingerprint
            for v, k in zip(scope, picks, strict=True)
        }

    def _judged(
        self,
        cases: dict[tuple[int, int], Case],
        assertion: int | None,
        configuration: dict[str, str],
        passed: bool,
    ) -> None:
        for (v, i), case in cases.items():
            mine, check = self.block.checks[v][i]
            if mine is not None and mine == assertion and case.item is not None:
                case.item.verdict(check.passing.rows(configuration), passed)
            if not passed:
                check.passing.fail(case, configuration)

    def index(self, draws: slice, among: Ints, unpaid: Bools | None) -> Scores:
        """Score configurations; see :class:`flexiflow.samplers.search.Scorer`.

        A node's price counts only as far as the checks before it are expected to hold.
        """
        block, rows = self.block, self.space.rows_of(among)
        reach: Any = np.ones((1, len(among)))
        price: Any = 0.0
        for v in self.space.graph.order:
            here: Any = block.completes[rows[:, v]]
            checks = block.checks[v]
            for i, (assertion, check) in enumerate(checks):
                chance = self._chance((v, i), assertion, check, draws, among)
                here = chance if assertion is None else here * chance
            whole, passing, failing = (p[rows[:, v]] for p in block.price)
            each = here * passing + (1.0 - here) * failing if checks else whole
            price = price + reach * (each if unpaid is None else each * unpaid[:, v])
            reach = reach * here
        reach, price = np.broadcast_arrays(reach, price)
        return Scores(reach, price, reach / np.maximum(price, 1e-12))

    def _chance(
        self, at: tuple[int, int], assertion: int | None, check: Check, draws: slice, among: Ints
    ) -> Floats:
        """The chance that one check holds, for each configuration; 1 where it has held."""
        case = self.cases.get(at) or check.passing.case()
        assert check.draws is not None
        scored, which = check.among(among)
        chance = check.passing.chances(case, self.features, check.draws, draws, scored)
        if which is not None:
            chance = chance[:, which]
        picks = [p for a, p in self.held if a == assertion]
        if picks:
            same = (among[:, None, list(check.scope)] == np.array(picks)).all(axis=2).any(axis=1)
            chance = np.where(same, 1.0, chance)
        return chance

    def preference(self, draw: int) -> list[Ints]:
        """For each node, its choices by their own chance over their price, best first."""
        space = self.space
        worth = np.ones(space.candidates)
        for checks in self.block.checks:
            for _, check in checks:
                assert check.draws is not None
                for i, u in enumerate(check.scope):
                    own = check.draws.counted[draw, 0, check.rows[i]]
                    worth[space.rows[u]] *= own
        worth = worth / self.block.price[0]
        return [np.argsort(-worth[rows], kind="stable") for rows in space.rows]

    def told(self, draw: int, configuration: Configuration) -> Told:
        """What was drawn for each node: the chance that its checks hold, and its seconds."""
        one = np.array([configuration], dtype=np.int64)
        passes = []
        for v, checks in enumerate(self.block.checks):
            chance = float(self.block.completes[self.space.rows[v][configuration[v]]])
            for i, (assertion, check) in enumerate(checks):
                held = self._chance((v, i), assertion, check, slice(draw, draw + 1), one)
                chance = float(held[0, 0]) * (1.0 if assertion is None else chance)
            passes.append(chance)
        rows = [int(self.space.rows[v][c]) for v, c in enumerate(configuration)]
        seconds = self.block.seconds[rows]
        if not self.block.known_seconds:
            seconds = np.full_like(seconds, np.nan)
        return Told(tuple(passes), known(seconds))


def copy_of(case: Case) -> Case:
    """A case that can be changed without changing the first one."""
    fresh = copy.copy(case)
    fresh.h = case.h.copy()
    fresh.item = copy.copy(case.item)
    return fresh
