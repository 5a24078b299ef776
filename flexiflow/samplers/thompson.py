"""Thompson sampling with one Beta per candidate and assertion: the node-level sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.posteriors import BetaBeliefs, Floats, SecondsBeliefs
from flexiflow.records import TEACHES, Outcome
from flexiflow.samplers.lifted import Beliefs, Lifted
from flexiflow.samplers.space import Space


class Thompson(Lifted):
    """Draw each candidate's pass probability from its Beta and divide by the price to pay [1]_.

    A candidate's pass probability is that of completing (no exception, no timeout) times one
    factor for each assertion that can blame its node. The verdict of an assertion counts for
    every candidate of the configuration it judged: node-level knowledge cannot tell who spoiled
    it. Seconds are expected values. Where ``minimize(runtime)`` or ``minimize(cost)`` is stated
    the price weighs them so; otherwise it is the seconds.

    Parameters
    ----------
    temperature
        Scales the variance of the draws; 1 is the full posterior, below 1 explores less.

    References
    ----------
    .. [1] Thompson, W. R. (1933). On the likelihood that one unknown probability exceeds
       another in view of the evidence of two samples. Biometrika 25.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        if not 0 < temperature <= 1:
            raise BadInput(f"temperature must be above 0 and at most 1. Got {temperature!r}.")
        self.temperature = temperature
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
                self.seconds.update(key, attempt.seconds)
            for verdict in outcome.verdicts:
                for node, fingerprint in verdict.configuration.items():
                    key4 = (job.workflow, verdict.fingerprint, node, fingerprint)
                    self.passes.update(key4, verdict.result)
            self.evidence += len(outcome.attempts) + len(outcome.verdicts)

    def believe(self, space: Space, draws: int, seed: int) -> Beliefs:
        """Draw pass probabilities; see :class:`Beliefs` for the shapes."""
        rng = np.random.default_rng(seed)
        graph = space.graph
        keys = [(graph.name, n.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
        rows = self.completes.table.rows(keys)
        a, b = self.completes.parameters(rows)
        passes = np.tile(a / (a + b), (draws, 1))
        for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
            if not scope:
                continue
            columns = [
                space.offsets[v] + i for v in scope for i in range(len(graph.nodes[v].candidates))
            ]
            judged = self.passes.table.rows(
                (graph.name, assertion.fingerprint, *keys[c][1:]) for c in columns
            )
            passes[:, columns] *= self.passes.sample(judged, draws, rng, self.temperature)
        seconds = self.seconds.mean(self.seconds.table.rows(keys))
        known = seconds if self.seconds.table.sums.any() else np.full_like(seconds, np.nan)
        return Beliefs(passes, known, price_of(graph, seconds))

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
        fresh = Thompson(self.temperature)
        try:
            fresh.evidence = int(state["evidence"])
            for name in ("passes", "completes", "seconds"):
                getattr(fresh, name).table.load(state[name])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                f"A saved state of Thompson could not be read: {error!r}. "
                "Reset the beliefs or rebuild them from the log."
            ) from error
        self.evidence = fresh.evidence
        self.passes, self.completes, self.seconds = fresh.passes, fresh.completes, fresh.seconds
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
