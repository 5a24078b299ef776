"""What the node-level samplers count: completions, verdicts and seconds of each candidate.

A candidate's pass probability is that of completing (no exception, no timeout) times one
factor for each assertion that can blame its node. The verdict of an assertion counts for
every candidate of the configuration it judged: node-level knowledge cannot tell who spoiled
it. The samplers differ only in what they make of the counts: a draw, a mean or a bound.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.posteriors import BetaBeliefs, Floats, SecondsBeliefs, Table
from flexiflow.records import TEACHES, Outcome
from flexiflow.samplers.lifted import Beliefs, Lifted
from flexiflow.samplers.space import Space

Rows = NDArray[np.intp]


class Counted(Lifted):
    """Base of the samplers that count how each candidate fared at its node.

    Attributes
    ----------
    passes
        Verdicts, by (workflow, assertion, node, candidate).
    completes
        Runs that ended with a value, by (workflow, node, candidate).
    seconds
        Seconds of a run, by (workflow, node, candidate).
    """

    def __init__(self) -> None:
        super().__init__()
        self.passes = BetaBeliefs()
        # A model that was never seen to raise is trusted to run: one failure weighs heavily.
        self.completes = BetaBeliefs(mean=0.95, strength=2.0)
        self.seconds = SecondsBeliefs()

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Learn one thing from each attempt that was run and from each verdict."""
        for outcome in outcomes:
            job = outcome.job
            if not job.teaches:
                continue
            for attempt in outcome.attempts:
                if attempt.memo or attempt.kind not in TEACHES:
                    continue
                key = (job.workflow, attempt.node, attempt.fingerprint)
                self.completes.update(key, attempt.version is not None)
                self.seconds.update(key, attempt.seconds, attempt.cold)
            for verdict in outcome.verdicts:
                for node, fingerprint in verdict.configuration.items():
                    key4 = (job.workflow, verdict.fingerprint, node, fingerprint)
                    self.passes.update(key4, verdict.result)
            self.evidence += len(outcome.attempts) + len(outcome.verdicts)

    @abstractmethod
    def passing(self, rows: Rows, draws: int, rng: np.random.Generator) -> Floats:
        """Chance that an assertion holds, by rows of ``passes``, `(draws, len(rows))`."""

    def completing(self, rows: Rows) -> Floats:
        """Chance that a run ends with a value, by rows of ``completes``, `(len(rows),)`."""
        a, b = self.completes.parameters(rows)
        return np.asarray(a / (a + b))

    def lasting(self, space: Space, rows: Rows) -> Floats:
        """Seconds that a run is priced at, by rows of ``seconds``, `(candidates,)`."""
        return self.seconds.mean(rows)

    def believe(self, space: Space, draws: int, seed: int) -> Beliefs:
        """Make the beliefs of a graph's candidates; see :class:`Beliefs` for the shapes."""
        rng = np.random.default_rng(seed)
        graph = space.graph
        keys = [(graph.name, n.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
        passes = np.tile(self.completing(self.completes.table.rows(keys)), (draws, 1))
        for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
            if not scope:
                continue
            columns = [
                space.offsets[v] + i for v in scope for i in range(len(graph.nodes[v].candidates))
            ]
            judged = self.passes.table.rows(
                (graph.name, assertion.fingerprint, *keys[c][1:]) for c in columns
            )
            passes[:, columns] *= self.passing(judged, draws, rng)
        rows = self.seconds.table.rows(keys)
        expected = self.seconds.mean(rows)
        known = expected if self.seconds.table.sums.any() else np.full_like(expected, np.nan)
        return Beliefs(passes, known, price_of(graph, self.lasting(space, rows)))

    @property
    def state(self) -> dict[str, Any]:
        """What was learned, as plain lists; setting it checks it."""
        return {
            "evidence": self.evidence,
            "passes": self.passes.table.state(),
            "completes": self.completes.table.state(),
            "seconds": self.seconds.table.state(),
        }

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        try:
            evidence = int(state["evidence"])
            tables = {"passes": Table(2), "completes": Table(2), "seconds": Table(4)}
            for name, table in tables.items():
                table.load(state[name])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                f"A saved state of {type(self).__name__} could not be read: {error!r}. "
                "Reset the beliefs or rebuild them from the log."
            ) from error
        self.evidence = evidence
        self.passes.table = tables["passes"]
        self.completes.table = tables["completes"]
        self.seconds.table = tables["seconds"]
        self.forget_draws()


def price_of(graph: Graph, seconds: Floats) -> Floats:
    """The price of one run of each candidate, `(candidates,)`, always above 0.

    It is the weighed sum of seconds and declared cost that ``minimize`` states, and the
    seconds alone where it states neither.
    """
    weigh = {"runtime": 0.0, "cost": 0.0}
    for objective in graph.objectives:
        if objective.word is not None and objective.sign < 0:
            weigh[objective.word] += objective.weight
    if not any(weigh.values()):
        weigh["runtime"] = 1.0
    cost = np.array([c.options.cost for n in graph.nodes for c in n.candidates])
    return np.asarray(
        np.maximum(weigh["runtime"] * seconds + weigh["cost"] * cost, SecondsBeliefs.LEAST)
    )


def number(name: str, value: object, fits: Callable[[float], bool], words: str) -> float:
    """A sampler's parameter, checked.

    Raises
    ------
    BadInput
        If it is not a number that fits; ``words`` say which numbers do.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not fits(value):
        raise BadInput(f"{name} must be {words}. Got {value!r}.")
    return float(value)
