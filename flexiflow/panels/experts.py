"""How likely each candidate is to pass, by what the hybrid sampler knows, job apart.

A candidate passes if all checks that can blame its node hold, and it completes. What the pass
model of a check says of a candidate is its marginal: over the other nodes' candidates, as
often as they were judged so far, and over the contexts of the latest jobs, before anything
has failed on the job. The experts are mixed by their weights. The draws on which decisions
rest are tempered; what is shown has the full variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flexiflow.panels.betas import Floats, moments
from flexiflow.panels.places import Places
from flexiflow.samplers.counting import FIRST, logit
from flexiflow.samplers.knowledge import COMPLETES, Knowledge
from flexiflow.samplers.passing import BLAMED, CONTEXTUAL, COUNTED, RECENT, Features, Passing
from flexiflow.samplers.weights import Weights

_DRAWS = 64
_CONFIGURATIONS = 512  # of a scope that are looked at


class Marginal(NamedTuple):
    """What one check says of some candidates, all arrays `(n,)`."""

    at: list[int]  #: places among all candidates
    mean: Floats
    variance: Floats
    contextual: Floats  #: the contextual expert's weight
    usage: Floats  #: the share of the verdicts on its node that each was judged in


def marginals(
    known: Knowledge, places: Places, contexts: Sequence[Mapping[str, Any]]
) -> list[Callable[[], Marginal]]:
    """What each check of a workflow says of the candidates it can blame.

    To be called under the lock that guards the sampler; what it returns is to be called
    outside, and changes nothing.
    """
    graph, found = places.graph, list[Callable[[], Marginal]]()
    seen = list({id(f): f for f in _features(known, contexts)}.values())
    for v, node in enumerate(graph.nodes):
        completing = known.passing.get((f"{COMPLETES} {node.name}", node.name))
        if completing is not None:
            found.append(_of(completing, places, (v,), seen))
    for assertion, scope in zip(graph.assertions, graph.scopes, strict=True):
        key = (assertion.fingerprint, *(graph.nodes[v].name for v in scope))
        passing = known.passing.get(key) if scope else None
        if passing is not None:
            found.append(_of(passing, places, scope, seen))
    return found


def completing(known: Knowledge, places: Places) -> tuple[Floats, Floats]:
    """Mean and variance of the chance to complete, of candidates that no check says it of."""
    keys = [(n.name, c.fingerprint) for n in places.graph.nodes for c in n.candidates]
    table = known.completes
    mean, variance = moments(*table.parameters(table.table.rows(keys)))
    for v, node in enumerate(places.graph.nodes):
        if (f"{COMPLETES} {node.name}", node.name) in known.passing:
            part = slice(places.offsets[v], places.offsets[v] + places.sizes[v])
            mean[part], variance[part] = 1.0, 0.0
    return mean, variance


def _features(known: Knowledge, contexts: Sequence[Mapping[str, Any]]) -> list[Features]:
    if not len(known.context):
        return [known.features({})]
    return [known.features(context) for context in contexts] or [known.features({})]


def _of(
    passing: Passing, places: Places, scope: tuple[int, ...], seen: list[Features]
) -> Callable[[], Marginal]:
    rows, at = _members(passing, places, scope)
    if not all(rows) or passing.contextual.logistic is None:
        places_of = [places.offsets[v] + k for v in scope for k in range(places.sizes[v])]
        return lambda: _nothing(places_of)
    if passing.single:
        return _of_one(passing, np.array(rows[0]), at[0], seen)
    return _of_several(passing, rows, at, seen)


def _members(
    passing: Passing, places: Places, scope: tuple[int, ...]
) -> tuple[list[list[int]], list[list[int]]]:
    """Rows in the pass model, and places, of each node's candidates that it has met."""
    rows, at = list[list[int]](), list[list[int]]()
    for v in scope:
        node = places.graph.nodes[v]
        found = [passing.members.get((node.name, c.fingerprint)) for c in node.candidates]
        met = [(row, places.offsets[v] + k) for k, row in enumerate(found) if row is not None]
        rows.append([row for row, _ in met])
        at.append([place for _, place in met])
    return rows, at


def _nothing(at: list[int]) -> Marginal:
    even = np.full(len(at), 0.5)
    return Marginal(at, even, np.full(len(at), 1.0 / 12.0), np.full(len(at), np.nan), even)


def _of_one(
    passing: Passing, rows: Any, at: list[int], seen: list[Features]
) -> Callable[[], Marginal]:
    """The marginals of a check of one node: the counting experts in closed form."""
    pinned = passing.pin()
    experts, weights = pinned.experts, pinned.weights
    phis = [_phi(passing, features) for features in seen]
    each = []
    for counting in (passing.counted, passing.recent):
        s, hoped = counting.strength, counting.hoped()[FIRST, rows]
        lost, won = counting.members[FIRST, rows].T
        each.append((s * hoped + won, s * (1.0 - hoped) + lost))
    tempered, node_of = passing.tuning.tempered, np.array(passing.node_of)

    def mixed() -> Marginal:
        chances = _drawn(weights, tempered, phis, node_of, rows[:, None])
        parts = [(CONTEXTUAL, chances.mean(axis=0), chances.var(axis=0))]
        parts += [(e, *moments(*ab)) for e, ab in zip((COUNTED, RECENT), each, strict=True)]
        mean = sum(experts[rows, e] * m for e, m, _ in parts)
        square = sum(experts[rows, e] * (v + m * m) for e, m, v in parts)
        share = _share(experts[rows, CONTEXTUAL], passing)
        variance = np.asarray(square - mean**2)
        return Marginal(at, np.asarray(mean), variance, share, np.ones(len(at)))

    return mixed


def _of_several(
    passing: Passing, rows: list[list[int]], at: list[list[int]], seen: list[Features]
) -> Callable[[], Marginal]:
    """The marginals of a check of several nodes, from joint draws without temper."""
    pinned = passing.pin()
    experts, weights = pinned.experts, pinned.weights
    phis = [_phi(passing, features) for features in seen]
    picks = _configurations([len(r) for r in rows])
    among = np.stack([np.array(r)[picks[:, v]] for v, r in enumerate(rows)], axis=1)
    share, rng = _usage(passing, rows), np.random.default_rng(0)
    drawn = [
        (
            *(expert, counting, counting.draw(_DRAWS, 1.0, rng)),
            counting.counts_of(_index(among, counting.whole), len(among)),
            counting.overall.copy(),
        )
        for expert, counting in ((COUNTED, passing.counted), (RECENT, passing.recent))
    ]
    item = passing.case().item
    blamed = None if item is None else item.chances(among)
    offset = None if blamed is None else logit(blamed)
    tempered, node_of = passing.tuning.tempered, np.array(passing.node_of)

    def mixed() -> Marginal:
        total = experts[0, CONTEXTUAL] * _drawn(weights, tempered, phis, node_of, among, offset)
        for expert, counting, draws, counts, whole in drawn:
            chances = counting.chances(draws[: len(total)], FIRST, among, counts, whole)
            total = total + experts[0, expert] * chances
        if blamed is not None:
            total = total + experts[0, BLAMED] * blamed
        flat, means = [p for part in at for p in part], list[Floats]()
        for v, part in enumerate(at):
            others = np.prod([share[u][picks[:, u]] for u in range(len(at)) if u != v], axis=0)
            for k in range(len(part)):
                mine = (picks[:, v] == k) * others
                means.append(total @ (mine / max(mine.sum(), 1e-300)))
        each = np.array(means)
        weight = _share(np.full(len(flat), experts[0, CONTEXTUAL]), passing)
        return Marginal(flat, each.mean(axis=1), each.var(axis=1), weight, np.concatenate(share))

    return mixed


def _phi(passing: Passing, features: Features) -> Floats:
    return passing.contextual.case(passing.case().h, *features)


def _drawn(
    weights: Weights,
    tempered: float,
    phis: list[Floats],
    node_of: Any,
    among: Any,
    offset: Floats | None = None,
) -> Any:
    """Chances by the contextual expert, over the contexts, `(draws, N)`; without temper.

    Each drawn deviation is used with both signs, so that the mean is not off by chance.
    """
    drawn = np.zeros((1, *weights.mean.shape))
    if weights.deviations is not None:  # there are none where a check is newer than all draws
        drawn = weights.deviations[: _DRAWS // 2] / np.sqrt(tempered)
    free = weights._replace(deviations=np.concatenate([drawn, -drawn]))
    total = np.zeros((2 * len(drawn), len(among)))
    for phi in phis:
        logits = free.logits(phi, node_of, slice(None), among, offset)
        total += 0.5 + 0.5 * np.tanh(0.5 * logits)
    return total / len(phis)


def _share(weights: Floats, passing: Passing) -> Floats:
    """The contextual expert's weight; NaN where no context is used."""
    return np.asarray(weights.copy() if passing.entries else np.full(len(weights), np.nan))


def _usage(passing: Passing, rows: list[list[int]]) -> list[Floats]:
    """Per node, the share of the verdicts that each candidate was judged in."""
    judged = passing.counted.members.sum(axis=(0, 2))
    each = [judged[r] + 1.0 for r in rows]
    return [e / e.sum() for e in each]


def _configurations(sizes: list[int]) -> Any:
    """Choices over a scope, `(N, nodes)`: all of them, or as many of each candidate by lot."""
    total = 1
    for size in sizes:
        total *= size
    if total <= _CONFIGURATIONS:
        return np.indices(sizes).reshape(len(sizes), -1).T
    rng = np.random.default_rng(0)
    most = max(_CONFIGURATIONS, max(sizes))
    return np.stack([rng.permutation(np.arange(most) % size) for size in sizes], axis=1)


def _index(among: Any, whole: Mapping[tuple[int, ...], Any]) -> dict[tuple[int, ...], int]:
    """Where each configuration is; none where so many were counted that looking takes long."""
    if len(whole) > _CONFIGURATIONS:
        return {}
    return {tuple(row): k for k, row in enumerate(among.tolist())}
