"""One job at one moment of its course, as the hybrid scores configurations for it.

A *block* holds joint draws of all beliefs about a graph, and serves several jobs. A *moment*
adds what is known of one job: its context, what has failed and held on it so far. It never
changes: after another verdict comes another moment, so that a decision can be explained later
as it was taken.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flexiflow.graph import Configuration
from flexiflow.samplers.base import Decision, JobState
from flexiflow.samplers.block import Block, Check
from flexiflow.samplers.passing import Case, Features, Floats
from flexiflow.samplers.search import Scores, Told, put
from flexiflow.samplers.space import Bools, Ints, Space


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

    @property
    def later(self) -> bool:
        """Whether something has failed on the job."""
        return bool(self.seen[0] or self.seen[1])

    @classmethod
    def begin(cls, block: Block, picked: int, state: JobState) -> Moment:
        """A job as it starts."""
        features = block.known.features(state.context)
        cases = {}
        for v, checks in enumerate(block.checks):
            for i, (_, check) in enumerate(checks):
                case = cases[v, i] = check.passing.case(state.seed)
                case.pinned = check.passing.pin()
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
        block, runs = self.block, self.block.runs(among)
        reach = np.ones((len(range(*draws.indices(block.draws))), len(among)))
        price, nodes = np.zeros_like(reach), [reach] * len(block.checks)
        for v in self.space.graph.order:
            here: Any = runs[v].completes
            checks = block.checks[v]
            if checks and checks[0][0] is None:
                here = self._chance((v, 0), None, checks[0][1], draws, among)
            if unpaid is not None:  # what has run has completed, or is out
                here = np.where(unpaid[:, v], here, 1.0)
            for i, (assertion, check) in enumerate(checks):
                if assertion is not None:
                    here = here * self._chance((v, i), assertion, check, draws, among)
            each = runs[v].price
            if checks:
                each = here * runs[v].passing + (1.0 - here) * runs[v].failing
            price = price + reach * (each if unpaid is None else each * unpaid[:, v])
            nodes[v] = here
            reach = reach * here
        index = block.index(draws, among, reach, price, self.later, self.features.x)
        return Scores(reach, price, index, tuple(nodes))

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

    def told(self, draw: int, configuration: Configuration, nodes: tuple[float, ...]) -> Told:
        """What was drawn for each node: the chance that its checks hold, and its seconds."""
        rows, seconds = self.space.rows, self.block.known_seconds
        return Told(nodes, tuple(seconds[rows[v][c]] for v, c in enumerate(configuration)))


def copy_of(case: Case) -> Case:
    """A case that can be changed without changing the first one."""
    fresh = copy.copy(case)
    fresh.h = case.h.copy()
    fresh.item = copy.copy(case.item)
    return fresh


def start(moment: Moment) -> Decision:
    """The first decision of a job without context, from scores that its block keeps."""
    block, picked = moment.block, moment.picked
    scores = block.everywhere
    if scores is None:
        scores = block.everywhere = moment.index(slice(None), block.space.everything, None)
    at = int(scores.index[picked].argmax())
    return put(
        moment, picked, block.space.everything, scores, picked, at, lambda: block.why(picked)
    )
