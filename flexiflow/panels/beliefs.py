"""What is believed of each candidate, whatever the sampler: pass probability, seconds, order.

What a sampler believes is read under the lock that guards it, which takes well under a
millisecond, and worked out afterwards; nothing of it is changed, so a run goes the same with
someone looking on or not.

* The hybrid: see :mod:`flexiflow.panels.experts`.
* Samplers that count at the nodes: the product of their Betas, of completing and of each
  assertion that can blame the node.
* Samplers without beliefs: Beta(1, 1) and the attempts in the log.

The order is that in which a fresh job would be offered the candidates of a node: by the best
configuration that has them, over the joint draws on which the next decisions rest. Where
there are no draws, or too many configurations to list, it is that of pass probability over
seconds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from flexiflow.panels import experts, tally
from flexiflow.panels.betas import SHARE, Floats, Z, interval, matched, moments
from flexiflow.panels.places import Places
from flexiflow.panels.shares import shares
from flexiflow.samplers import Hybrid, JobState, Sampler
from flexiflow.samplers.base import Stateless
from flexiflow.samplers.counted import Counted
from flexiflow.samplers.lifted import Lifted
from flexiflow.samplers.moment import Moment
from flexiflow.samplers.search import orders

Orders = list[list[int]]
Work = Callable[[], Any]


@dataclass(frozen=True)
class Beliefs:
    """What is believed of a graph's candidates, all nodes' one after the other.

    Attributes
    ----------
    a, b
        The Beta of each pass probability, or the one with its mean and variance,
        `(candidates,)`.
    passes
        Mean and ends of its 80 % interval, `(candidates, 3)`.
    seconds
        The same of the expected seconds of one run; NaN where none was seen.
    order
        Per node, its candidates in the order in which a fresh job would be offered them.
    context
        The contextual expert's weight, `(candidates,)`; NaN where no context is used.
    part
        Mean and variance of each candidate's part in the chance that all checks hold, which is
        the product of these over the nodes, `(candidates, 2)`; see :mod:`.shares`.
    """

    places: Places
    a: Floats
    b: Floats
    passes: Floats
    seconds: Floats
    order: Orders
    context: Floats
    part: Floats

    def steered(self, pins: Mapping[str, str], bans: Mapping[str, Sequence[str]]) -> Beliefs:
        """With what is pinned at a node first in its order, and what is banned there last."""
        order: Orders = []
        for v, offered in enumerate(self.order):
            name, names = self.places.graph.nodes[v].name, self.places.candidates[v]
            pinned, banned = pins.get(name), bans.get(name, ())
            order.append(sorted(offered, key=lambda k: _rank(names[k], pinned, banned)))
        return replace(self, order=order)

    def node(self, v: int) -> dict[str, Any]:
        """One node's beliefs, as the dashboard reads them."""
        part = self._part(v)
        return {
            "pass": self.passes[part].astype(np.float32),
            "seconds": self.seconds[part].astype(np.float32),
            "order": np.array(self.order[v], dtype=np.uint8),
            "context": self.context[part].astype(np.float32),
        }

    def posterior(self, v: int) -> dict[str, Any]:
        """The parameters of one node's Betas."""
        part = self._part(v)
        return {"a": self.a[part].astype(np.float32), "b": self.b[part].astype(np.float32)}

    def _part(self, v: int) -> slice:
        start = self.places.offsets[v]
        return slice(start, start + self.places.sizes[v])


def read(
    sampler: Sampler,
    places: Places,
    counts: Floats,
    contexts: Sequence[Mapping[str, Any]] = (),
    lock: AbstractContextManager[Any] | None = None,
) -> Beliefs:
    """Read what a sampler believes of a workflow's candidates.

    Parameters
    ----------
    counts
        What the log says of them, as :attr:`flexiflow.panels.tally.Tally.counts`.
    contexts
        Those of the latest jobs, over which the pass probabilities are averaged.
    lock
        Guards the sampler; held only while its numbers are copied.
    """
    if lock is None:
        work = _taken(sampler, places, counts, contexts)
    else:
        with lock:
            work = _taken(sampler, places, counts, contexts)
    mean, variance, part, runs, seconds, context, offered = work()
    a, b = matched(mean, variance)
    wide = np.exp(Z * np.sqrt(tally.variation(counts) / np.maximum(runs, 1.0)))
    lasting = np.where(runs > 0, seconds, np.nan)
    ends = np.column_stack([lasting, lasting / wide, lasting * wide])
    order = offered() or _by_rate(places, mean, seconds)
    return Beliefs(places, a, b, interval(a, b), ends, order, context, part)


def _taken(
    sampler: Sampler, places: Places, counts: Floats, contexts: Sequence[Mapping[str, Any]]
) -> Work:
    """Copy what is needed; the rest of the work, to be done without the lock."""
    state = JobState(places.graph, 0, context=dict(contexts[-1]) if contexts else {})
    if isinstance(sampler, (Hybrid, Lifted)) and sampler.block(places.graph) is None:
        sampler = copy.deepcopy(sampler)  # nothing was drawn yet: look at a copy that has
        sampler.propose([JobState(places.graph, 0, context=dict(state.context))])
    if isinstance(sampler, Hybrid):
        return _of_hybrid(sampler, places, state, contexts)
    if isinstance(sampler, Counted):
        return _of_counted(sampler, places)
    return _of_log(sampler, places, state, counts)


def _rank(name: str, pinned: str | None, banned: Sequence[str]) -> int:
    """Pinned, free or banned, in this order; among equals the order stays."""
    return 0 if name == pinned else 2 if name in banned else 1


def _of_hybrid(
    sampler: Hybrid, places: Places, state: JobState, contexts: Sequence[Mapping[str, Any]]
) -> Work:
    known = sampler.about(places.graph.name)
    checks = experts.marginals(known, places, contexts)
    mean, variance = experts.completing(known, places)
    keys = [("all", n.name, c.fingerprint) for n in places.graph.nodes for c in n.candidates]
    rows = known.seconds.table.rows(keys)
    runs, seconds = known.seconds.runs(rows), known.seconds.mean(rows)
    block = sampler.block(places.graph)
    moment = Moment.begin(block, 0, state) if block is not None and block.space.small else None

    def work() -> Any:
        whole, square = mean.copy(), variance + mean**2
        part = np.column_stack([whole, square])
        context, parts = np.zeros(places.size), np.zeros(places.size)
        for check in checks:
            found = check()
            whole[found.at] *= found.mean
            square[found.at] *= found.variance + found.mean**2
            part[found.at] *= _parts(places, *found[:3], found.usage)
            there = ~np.isnan(found.contextual)
            context[np.array(found.at)[there]] += found.contextual[there]
            parts[np.array(found.at)[there]] += 1.0
        share = np.where(parts > 0, context / np.maximum(parts, 1.0), np.nan)
        offered = partial(_offered, moment, places)
        return whole, square - whole**2, _varied(part), runs, seconds, share, offered

    return work


def _offered(moment: Moment | None, places: Places) -> Orders | None:
    """The order of each node's candidates by the mean index over the draws."""
    if moment is None:
        return None
    every = moment.space.everything
    scores = moment.index(slice(None), every, None)
    return _candidates(places, orders(moment.space, every, scores.index.mean(axis=0)))


def _of_counted(sampler: Counted, places: Places) -> Work:
    graph = places.graph
    keys = [(graph.name, n.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
    completes = sampler.completes
    mean, variance = moments(*completes.parameters(completes.table.rows(keys)))
    square = variance + mean**2
    part = np.column_stack([mean, square])
    for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
        at = [places.offsets[v] + k for v in scope for k in range(places.sizes[v])]
        if at:
            judged = [(graph.name, assertion.fingerprint, *keys[c][1:]) for c in at]
            a, b = sampler.passes.parameters(sampler.passes.table.rows(judged))
            m, v = moments(a, b)
            mean[at] *= m
            square[at] *= v + m * m
            part[at] *= _parts(places, at, m, v, a + b)
    rows = sampler.seconds.table.rows(keys)
    runs, seconds = sampler.seconds.runs(rows), sampler.seconds.mean(rows)
    none = np.full(places.size, np.nan)
    block = sampler.block(places.graph)

    def offered() -> Orders | None:
        if block is None or not block.space.small:
            return None
        every, index = block.space.everything, block.scores.index.mean(axis=0)
        return _candidates(places, orders(block.space, every, index))

    return lambda: (mean, square - mean**2, _varied(part), runs, seconds, none, offered)


def _of_log(sampler: Sampler, places: Places, state: JobState, counts: Floats) -> Work:
    mean, variance = moments(1.0 + counts[:, tally.PASSES], 1.0 + counts[:, tally.FAILURES])
    runs, known = counts[:, tally.RUNS], tally.mean_seconds(counts)
    seconds = np.where(runs > 0, known, np.nanmean(known) if runs.any() else 1.0)
    first: Orders | None = None
    if isinstance(sampler, Stateless):  # proposing twice the same changes nothing
        decision = sampler.propose([state])[0]
        if decision is not None:
            told = decision.explain().orders
            found = [(c, *order) for c, order in zip(decision.configuration, told, strict=True)]
            first = _candidates(places, found)
    none = np.full(places.size, np.nan)
    part = np.column_stack([mean, variance])
    return lambda: (mean, variance, part, runs, seconds, none, lambda: first)


def _parts(
    places: Places, at: Sequence[int], mean: Floats, variance: Floats, usage: Floats
) -> Floats:
    """What candidates add to the chance of a check: mean and mean square, `(n, 2)`."""
    node = np.searchsorted(places.offsets, at, side="right")
    starts = np.flatnonzero(np.diff(node)) + 1  # of each node but the first, which are in order
    each = shares(np.split(mean, starts), np.split(usage, starts))
    scale = np.concatenate(each) / np.maximum(mean, 1e-12)
    return np.column_stack([mean * scale, (variance + mean**2) * scale**2])


def _varied(part: Floats) -> Floats:
    """Mean and variance from mean and mean square, `(n, 2)`."""
    mean, square = part.T
    return np.column_stack([mean, square - mean**2])


def _candidates(places: Places, choices: Sequence[Sequence[int]]) -> Orders:
    """Orders of choices as orders of candidates: each where it comes first."""
    found: Orders = []
    for v, offered in enumerate(choices):
        known = places.graph.nodes[v].choices
        found.append(list(dict.fromkeys(known[c].candidate for c in offered)))
    return found


def _by_rate(places: Places, mean: Floats, seconds: Floats) -> Orders:
    rate = mean / np.maximum(seconds, 1e-12)
    ends = zip(places.offsets, places.sizes, strict=True)
    return [np.argsort(-rate[o : o + n], kind="stable").tolist() for o, n in ends]


__all__ = ["SHARE", "Beliefs", "read"]
