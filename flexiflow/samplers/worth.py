"""What a passed output is worth: the objective's terms, learned where labels arrive.

Not every pass is right. Where terms such as ``maximize(exact_match(text, label))`` are known,
at the end of a job or from a later label, their mean over passed outputs is learned for each
candidate and each configuration,

    term(c) = mean + sum over the nodes v of (mean of c_v - mean),

each candidate's mean shrunken towards the mean of all, and the configuration's own mean
towards that sum. With a term that is 1 for a right output and 0 for a wrong one this is the
precision of a pass. What passes on a first try and what passes after a failure are told apart,
since jobs on which something has failed are harder: the candidate that is best on the others
need not be best there. Draws are normal, with the term's pooled variance over the count.

Where jobs have a context, a regression on it stands beside these means
(:mod:`flexiflow.samplers.regression`): which output is right may depend on the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.graph import Graph
from flexiflow.samplers.counting import checked
from flexiflow.samplers.cutting import Prices
from flexiflow.samplers.regression import Normal, Regression
from flexiflow.samplers.situated import Drawn
from flexiflow.samplers.space import Ints, Space

Floats = NDArray[np.float64]
Member = tuple[str, str]
Placed = tuple[Ints, Floats]
"""Numbers of configurations, `(n,)`, and their counts and sums, `(n, 2, 2)`."""

PRICES = frozenset({"runtime", "cost"})
"""Terms that say what was paid."""

_STRENGTH = 4.0  # weight of what a mean is shrunken to, in labels


class Worth:
    """Running sums of one term over passed outputs, on first tries and on later ones.

    Attributes
    ----------
    total
        Count, sum and sum of squares over all, `(2, 3)`.
    members
        (node, fingerprint) -> count and sum, `(2, 2)`.
    whole
        Configuration, as its sorted members -> count and sum, `(2, 2)`.
    regression
        The same by the job's context; None while no job had one.
    """

    def __init__(self) -> None:
        self.total = np.zeros((2, 3))
        self.members: dict[Member, Floats] = {}
        self.whole: dict[tuple[Member, ...], Floats] = {}
        self.regression: Regression | None = None

    def learn(
        self,
        configuration: Mapping[str, str],
        value: float,
        later: bool,
        x: Floats,
        before: float | None = None,
        statistic: float = 0.0,
    ) -> None:
        """Learn the term of one passed output on a job with context `x`.

        Parameters
        ----------
        before
            What it was held to be until now, if anything: it is put right.
        statistic
            What it held against a threshold, if anything.
        """
        if len(x) and self.regression is None and before is None:
            self.regression = Regression()
        if self.regression is not None and before is None:
            plainly = self._plainly(configuration, later)
            self.regression.add(configuration, x, later, value, plainly, statistic)
        elif self.regression is not None and before is not None:
            self.regression.correct(configuration, x, later, before, value, statistic)
        if before is not None:
            self.add(configuration, before, -1.0, later)
        self.add(configuration, value, later=later)

    def _plainly(self, configuration: Mapping[str, str], later: bool) -> Normal:
        """Mean and variance of the next reading of a configuration, whatever its context."""
        mean, means = self.means()
        count, _, squares = self.total.sum(axis=0)
        variance = max(squares / max(count, 1.0) - mean * mean, 1e-9 * squares, 1e-12)
        level, spread = means[int(later)], 1.0
        for member in configuration.items():
            sums = self.members.get(member, np.zeros((2, 2)))
            added, weight = _added(sums[None], means)
            level += added[0, int(later)]
            spread += 1.0 / weight[0, int(later)]
        return float(level), float(variance * spread)

    def add(
        self,
        configuration: Mapping[str, str],
        value: float,
        times: float = 1.0,
        later: bool = False,
    ) -> None:
        """Add the term of one passed output to the means; ``times=-1`` takes it back."""
        self.total[int(later)] += times * np.array([1.0, value, value * value])
        seen = np.zeros((2, 2))
        seen[int(later)] = times, times * value
        for member in configuration.items():
            self.members[member] = self.members.get(member, 0.0) + seen
        key = tuple(sorted(configuration.items()))
        self.whole[key] = self.whole.get(key, 0.0) + seen

    def of_candidates(self, space: Space, draws: int, rng: np.random.Generator) -> Floats:
        """What each candidate of a graph adds to the mean, drawn, `(2, draws, candidates)`.

        The first index says whether something has failed on the job before.
        The draws are not tempered: a passed output ends its job, so unlike the chance of a
        pass, what others would have been worth is found out by exploring alone.
        """
        mean, means = self.means()
        count, _, squares = self.total.sum(axis=0)
        variance = max(squares / max(count, 1.0) - mean * mean, 0.0)
        keys = [(n.name, c.fingerprint) for n in space.graph.nodes for c in n.candidates]
        sums = np.array([self.members.get(key, np.zeros((2, 2))) for key in keys])
        added, weight = _added(sums, means)
        drawn = added + np.sqrt(variance / weight) * rng.normal(size=(draws, len(keys), 1))
        return np.asarray(np.moveaxis(drawn, 2, 0))

    def here(self, member: Member, x: Floats, later: bool = False) -> float | None:
        """The term expected of a candidate's passed output on a job with context `x`.

        That of the other nodes' candidates is taken as usual; None where it has no label.
        """
        sums = self.members.get(member)
        if sums is None or not sums[:, 0].any():
            return None
        _, means = self.means()
        plain = float(means[int(later)] + _added(sums[None], means)[0][0, int(later)])
        told = self.regression.here(member, x, later) if self.regression and len(x) else None
        if self.regression is None or told is None:
            return plain
        return plain + self.regression.weight * (told - plain)

    def means(self) -> tuple[float, Floats]:
        """The mean over all passed outputs, and those of first and of later tries, `(2,)`."""
        count, total, _ = self.total.sum(axis=0)
        mean = total / max(count, 1.0)
        return mean, (self.total[:, 1] + _STRENGTH * mean) / (self.total[:, 0] + _STRENGTH)

    def of_configurations(
        self, space: Space, added: Floats, among: Ints, later: bool, placed: Placed | None = None
    ) -> Floats:
        """The term expected of configurations, `(draws, N)`, from drawn candidates.

        Parameters
        ----------
        placed
            What :meth:`placed` gives, where it was asked for before.
        """
        stage = int(later)
        found = self.means()[1][stage] + added[:, space.rows_of(among)].sum(axis=-1)
        if space.is_everything(among):
            at, sums = self.placed(space) if placed is None else placed
            own = sums[:, stage, 0] + _STRENGTH
            found[:, at] = (_STRENGTH * found[:, at] + sums[:, stage, 1]) / own
        return np.asarray(found)

    def placed(self, space: Space) -> Placed:
        """Where configurations with sums of their own stand in the graph, and their sums."""
        graph = space.graph
        choices = [
            {c.fingerprint: [k for k, ch in enumerate(n.choices) if n.candidates[ch.candidate] is c]
             for c in n.candidates}
            for n in graph.nodes
        ]  # fmt: skip
        shape, at, sums = space.sizes, [], []
        for key, seen in self.whole.items():
            named = dict(key)
            picks = [
                which.get(named.get(n.name, ""), [])
                for n, which in zip(graph.nodes, choices, strict=True)
            ]
            for place in product(*picks):
                at.append(int(np.ravel_multi_index(place, shape)))
                sums.append(seen)
        return np.array(at, dtype=np.int64), np.array(sums, dtype=float).reshape(-1, 2, 2)

    def in_context(self, space: Space, draws: int, rng: np.random.Generator) -> Drawn | None:
        """Drawn weights of the regression on the context; None where there is none."""
        return None if self.regression is None else self.regression.drawn(space, draws, rng)

    def merge(self, other: Worth, entries: Sequence[int] = ()) -> None:
        """Add what another worker has learned; exact.

        Parameters
        ----------
        entries
            Where each entry of the other's contexts stands in this one's.
        """
        if other.regression is not None:
            self.regression = self.regression or Regression()
            self.regression.merge(other.regression, entries)
        self.total += other.total
        for member, seen in other.members.items():
            self.members[member] = self.members.get(member, 0.0) + seen
        for key, seen in other.whole.items():
            self.whole[key] = self.whole.get(key, 0.0) + seen

    def state(self) -> dict[str, Any]:
        """The sums as plain lists."""
        return {
            "total": self.total.tolist(),
            "members": [[*key, seen.tolist()] for key, seen in self.members.items()],
            "whole": [[[list(m) for m in key], seen.tolist()] for key, seen in self.whole.items()],
            "regression": None if self.regression is None else self.regression.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over saved sums; a ValueError says what is wrong with them."""
        lowest = -np.finfo(float).max
        self.total = checked(state["total"], (2, 3), lowest)
        for node, fingerprint, seen in state["members"]:
            self.members[str(node), str(fingerprint)] = checked(seen, (2, 2), lowest)
        for key, seen in state["whole"]:
            whole = tuple((str(n), str(f)) for n, f in key)
            self.whole[whole] = checked(seen, (2, 2), lowest)
        saved = state.get("regression")  # earlier versions knew none
        if saved is not None:
            self.regression = Regression()
            self.regression.load(saved)


def _added(sums: Floats, means: Floats) -> tuple[Floats, Floats]:
    """What candidates add to the mean of each stage, and its weight, `(candidates, 2)`."""
    counts, left = sums[..., 0], sums[..., 1] - sums[..., 0] * means  # (candidates, stages)
    weight = counts + _STRENGTH
    elsewhere = (left / weight)[:, ::-1]  # by what the candidate gave on jobs of the other kind
    return (left + _STRENGTH * elsewhere) / weight, weight


def stated(graph: Graph) -> dict[str, float]:
    """Term -> its signed weight, of the terms that say what an output is worth."""
    return {o.text: o.sign * o.weight for o in graph.objectives if o.word is None}


def prices(graph: Graph) -> Prices:
    """The objective as thresholds are weighed by it."""
    spent = dict.fromkeys(PRICES, 0.0)
    for o in graph.objectives:
        if o.word is not None:
            spent[o.word] -= o.sign * o.weight
    return Prices(stated(graph), spent["runtime"], spent["cost"])


def priced(graph: Graph) -> bool:
    """Whether ``minimize(runtime)`` or ``minimize(cost)`` says what an attempt costs."""
    return any(o.word is not None and o.sign < 0 and o.weight for o in graph.objectives)


def expected(
    worths: Mapping[str, Worth], graph: Graph, x: Floats
) -> dict[str, dict[Member, float]]:
    """Term -> (node, name) -> what a candidate's passed output is expected to be worth."""
    every = [(n.name, c.name, c.fingerprint) for n in graph.nodes for c in n.candidates]
    found: dict[str, dict[Member, float]] = {}
    for term in stated(graph):
        if (worth := worths.get(term)) is not None:
            told = {(node, name): worth.here((node, it), x) for node, name, it in every}
            found[term] = {who: value for who, value in told.items() if value is not None}
    return {term: told for term, told in found.items() if told}
