"""One assertion's pass model: what is known of its holding, over the choices of its scope.

Four experts predict whether the assertion will hold for a configuration on a job:

* the *contextual* one (:mod:`flexiflow.samplers.contextual`): the job's features, the
  failures already seen on this very job, and pairs of candidates;
* two *node-level* ones (:mod:`flexiflow.samplers.counting`), of which one forgets, for
  candidates that change;
* *blame* (:mod:`flexiflow.samplers.blame`), where the scope has several nodes; there the
  contextual one begins from what blame says.

Their predictions are averaged by weights that follow their predictive likelihood, with a
fixed share [1]_ so that a weight can come back, and at a learning rate below one [2]_:
verdicts come from candidates that were chosen, so they flatter an expert that explains the
choices over one that makes them. Where the scope is one node each candidate has weights of
its own.

References
----------
.. [1] Herbster, M. & Warmuth, M. (1998). Tracking the best expert. Machine Learning 32.
.. [2] Grünwald, P. & van Ommen, T. (2017). Inconsistency of Bayesian inference for
   misspecified linear models, and a proposal for repairing it. Bayesian Analysis 12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.samplers import contextual_state
from flexiflow.samplers.blame import Blame, Item
from flexiflow.samplers.contextual import Contextual
from flexiflow.samplers.counting import (
    FIRST,
    LATER,
    Among,
    Counting,
    Draws,
    checked,
    log_odds,
    logit,
)
from flexiflow.samplers.tuning import Tuning
from flexiflow.samplers.weights import Weights

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Member = tuple[str, str]
"""A candidate at a node: (node, fingerprint)."""

CONTEXTUAL, COUNTED, RECENT, BLAMED = range(4)


class Features(NamedTuple):
    """A job's context as entries and their Fourier features."""

    x: Floats
    r: Floats


class Pinned(NamedTuple):
    """What a job's decisions rest on, as it was when the job began."""

    experts: Floats
    weights: Weights
    overall: tuple[Floats, Floats]


class Case:
    """One job before one assertion: what has failed so far, and what blame makes of it."""

    def __init__(self, nodes: int, places: int, item: Item | None) -> None:
        self.h = np.zeros((nodes, places))
        self.stage = FIRST
        self.item = item
        self.pinned: Pinned | None = None
        self.phi: Floats | None = None  # of the contextual expert, once it was asked

    def failed(self, node: int, place: int) -> None:
        """Note that a member was in a configuration that failed."""
        self.h[node, place] = 1.0
        self.stage, self.phi = LATER, None


class Passing:
    """The pass model of one assertion.

    Parameters
    ----------
    nodes
        The nodes of its scope.
    tuning
        The constants.
    device
        Where the contextual expert lives.

    Attributes
    ----------
    members
        (node, fingerprint) -> row: the candidates met so far.
    weights
        Of the experts, `(rows, 4)`; one row for all where the scope has several nodes.
    """

    def __init__(self, nodes: Sequence[str], tuning: Tuning, device: str = "cpu") -> None:
        self.nodes, self.tuning = tuple(nodes), tuning
        self.single = len(self.nodes) == 1
        self.members: dict[Member, int] = {}
        self.place: list[int] = []  # of each member, among those of its node
        self.node_of: list[int] = []  # of each member, its node's place in the scope
        self.counted = Counting(1.0, tuning.strength)
        self.recent = Counting(tuning.discount, tuning.strength)
        self.blame = None if self.single else Blame(tuning.strength)
        self.contextual = Contextual(self.single, tuning, device)
        self.unjudged: set[int] = set()  # members of which nothing was learned yet
        self._prior = self._fresh_weights()[0].tolist()
        self.entries = 0  # of the context, as last seen
        self.weights = np.zeros((0, 4)) if self.single else self._fresh_weights()

    def _fresh_weights(self) -> Floats:
        prior = np.array(self.tuning.prior)
        if self.single:
            prior[CONTEXTUAL] += prior[BLAMED]
            prior[BLAMED] = 0.0
        return np.asarray(prior / prior.sum())[None, :]

    def member(self, node: str, fingerprint: str) -> int:
        """The row of a candidate; a new one where it was not met yet."""
        row = self.members.get((node, fingerprint))
        if row is None:
            row = self.members[node, fingerprint] = len(self.members)
            at = self.nodes.index(node)
            self.place.append(self.node_of.count(at))
            self.node_of.append(at)
            self.unjudged.add(row)
            self.counted.grow(at)
            self.recent.grow(at)
            if self.blame is not None:
                self.blame.grow()
            if self.single:
                self.weights = np.vstack([self.weights, self._fresh_weights()])
        return row

    def rows(self, configuration: Mapping[str, str]) -> tuple[int, ...]:
        """The rows of a configuration, node -> fingerprint."""
        return tuple([self.member(node, configuration[node]) for node in self.nodes])

    def case(self, seed: int = 0) -> Case:
        """A new job, on which nothing has failed yet."""
        item = None if self.blame is None else self.blame.item(seed)
        return Case(len(self.nodes), max(self.place, default=-1) + 1, item)

    def fail(self, case: Case, configuration: Mapping[str, str]) -> None:
        """Note a configuration that failed on the job, whatever assertion failed it."""
        for node, fingerprint in configuration.items():
            if node in self.nodes:
                row = self.member(node, fingerprint)
                if self.place[row] >= case.h.shape[1]:
                    more = self.place[row] + 1 - case.h.shape[1]
                    case.h = np.pad(case.h, ((0, 0), (0, more)))
                case.failed(self.node_of[row], self.place[row])
        case.stage = LATER

    def introduce(self, rows: Sequence[int], elsewhere: Floats) -> None:
        """Begin with members where their neighbours are, and they themselves at other nodes.

        Parameters
        ----------
        rows
            Members of which nothing was learned yet.
        elsewhere
            Failures and passes of each member's candidate at other nodes, `(members, 2)`.
        """
        self.contextual.fit(self.node_of, self.place, self.entries)
        for row in rows:
            for counting in (self.counted, self.recent):
                counting.elsewhere[row] = elsewhere[row]
            if self.single:
                self.contextual.hope(row, log_odds(self.counted.hope(row, FIRST)))

    def learn(self, case: Case, rows: tuple[int, ...], job: Features, passed: bool) -> None:
        """Learn one verdict on a job; failures are noted by ``fail``, after it."""
        self.entries = len(job.x)
        self.contextual.fit(self.node_of, self.place, self.entries)
        phi, offset, predicted = self.contextual.case(case.h, *job), 0.0, [0.0] * 4
        if case.item is not None:
            predicted[BLAMED] = blamed = case.item.chance(rows)
            offset = log_odds(blamed)
            case.item.verdict(rows, passed)
        predicted[CONTEXTUAL] = self.contextual.learn(phi, self.node_of, rows, passed, offset)
        predicted[COUNTED] = self.counted.chance(rows, case.stage)
        predicted[RECENT] = self.recent.chance(rows, case.stage)
        self._reweigh(rows, predicted if passed else [1.0 - p for p in predicted])
        self.unjudged.difference_update(rows)
        self.counted.count(rows, case.stage, passed)
        self.recent.count(rows, case.stage, passed)

    def _reweigh(self, rows: tuple[int, ...], likelihood: Sequence[float]) -> None:
        at = rows[0] if self.single else 0
        rate, share = self.tuning.rate, self.tuning.share
        both = zip(self.weights[at].tolist(), likelihood, strict=True)
        grown = [weight * max(chance, 1e-6) ** rate for weight, chance in both]
        kept = (1.0 - share) / sum(grown)
        self.weights[at] = [kept * g + share * p for g, p in zip(grown, self._prior, strict=True)]

    def ended(self, case: Case, tried: Sequence[int]) -> None:
        """Learn blame from a job that has ended; ``tried`` are the rows that were judged."""
        if self.blame is not None and case.item is not None and tried:
            self.blame.learn(case.item, tried)

    def refresh(self, draws: int, seed: int, entries: int) -> Draws:
        """Draw from all beliefs."""
        self.entries = entries
        self.contextual.fit(self.node_of, self.place, entries)
        self.contextual.refresh(draws, seed)
        rng, t = np.random.default_rng(seed), self.tuning.tempered_counts
        return Draws(self.counted.draw(draws, t, rng), self.recent.draw(draws, t, rng))

    def pin(self) -> Pinned:
        """The beliefs as they are now, for all decisions and explanations of one job."""
        overall = self.counted.overall.copy(), self.recent.overall.copy()
        return Pinned(self.weights.copy(), self.contextual.weights(), overall)

    def chances(
        self, case: Case, job: Features, draws: Draws, picked: slice, among: Among
    ) -> Floats:
        """The chance of each configuration under some draws, `(draws, N)`; of one job a case."""
        experts, drawn_weights, overall = case.pinned or self.pin()
        weights = experts[among.rows[:, 0]].T if self.single else experts.T
        picked = slice(*picked.indices(len(draws.counted)))
        if case.phi is None:
            case.phi = self.contextual.case(case.h, *job)
        blamed = offset = None
        if case.item is not None:
            blamed = case.item.chances(among.rows)
            offset = logit(blamed)
        logits = drawn_weights.logits(case.phi, among.node_of, picked, among.rows, offset)
        total = weights[CONTEXTUAL] * (0.5 + 0.5 * np.tanh(0.5 * logits))  # never overflows
        for k, expert in enumerate((COUNTED, RECENT)):
            total += weights[expert] * self._count(k, case, draws[k], overall[k], picked, among)
        if blamed is not None:
            total += weights[BLAMED] * blamed
        return np.asarray(total)

    def _count(
        self, k: int, case: Case, drawn: Floats, overall: Floats, picked: slice, among: Among
    ) -> Floats:
        """What a node-level expert makes of configurations under some draws, `(draws, N)`."""
        counting, stage = (self.counted, self.recent)[k], case.stage
        whole, kept = among.whole[k], among.kept
        if kept is None:
            return counting.chances(drawn[picked], stage, among.rows, whole, overall)
        if (k, stage) not in kept:
            kept[k, stage] = counting.chances(drawn, stage, among.rows, whole, overall)
        return kept[k, stage][picked]

    def among(self, rows: Ints, enumerated: bool) -> Among:
        """Configurations to be scored, given by their members' rows, `(N, nodes)`.

        Those that are enumerated can be scored under one set of draws only.
        """
        whole: tuple[Floats | None, Floats | None] = None, None
        if enumerated and not self.single:
            at = {tuple(row): k for k, row in enumerate(rows.tolist())}
            whole = self.counted.counts_of(at, len(rows)), self.recent.counts_of(at, len(rows))
        node_of = np.array(self.node_of, dtype=np.intp)
        return Among(rows, node_of, whole, {} if enumerated else None)


def state_of(passing: Passing) -> dict[str, Any]:
    """A pass model as plain lists."""
    return {
        "nodes": list(passing.nodes),
        "members": [list(m) for m in passing.members],
        "weights": passing.weights.tolist(),
        "counted": passing.counted.state(),
        "recent": passing.recent.state(),
        "blame": None if passing.blame is None else passing.blame.state(),
        "contextual": contextual_state.state_of(passing.contextual),
    }


def load_passing(passing: Passing, state: Mapping[str, Any]) -> None:
    """Fill an empty pass model from a saved one; a ValueError says what is wrong with it."""
    if tuple(state["nodes"]) != passing.nodes:
        raise ValueError(f"a pass model of {passing.nodes} expected, not {state['nodes']}")
    for node, fingerprint in state["members"]:
        passing.member(str(node), str(fingerprint))
    rows = len(passing.members)
    passing.weights = checked(state["weights"], passing.weights.shape)
    for name in ("counted", "recent"):
        getattr(passing, name).load(state[name], rows, len(passing.nodes))
    if passing.blame is not None:
        passing.blame.load(state["blame"], rows)
    seen = passing.counted.members.sum(axis=(0, 2))
    passing.unjudged = {row for row in range(rows) if not seen[row]}
    contextual_state.load(passing.contextual, state["contextual"], rows)
