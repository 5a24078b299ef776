"""The node-level expert: it counts how often each candidate passed, and how configurations did.

A candidate's chance is a Beta whose prior mean is pooled in two levels: over the other
candidates of its node, then over the same candidate at other nodes [1]_. Over several nodes
the chances are joined as independent odds,

    logit p(c) = logit p + sum over the nodes v of (logit p(c_v) - logit p),

and p(c) is in turn the prior mean of the Beta of the whole configuration. First tries on a
job and tries after a failure are counted apart: they are chances of different jobs.

References
----------
.. [1] Hong, J., Kveton, B., Zaheer, M. & Ghavamzadeh, M. (2022). Hierarchical Bayesian
   bandits. AISTATS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_NEAR = 1e-4  # chances are kept this far from 0 and 1
_ELSEWHERE = 8.0  # verdicts that the same candidate's record at other nodes can weigh
FIRST, LATER = 0, 1
"""The two stages of a job: nothing has failed on it yet, or something has."""


class Draws(NamedTuple):
    """Joint draws of two experts, `(n, 2, rows)` each."""

    counted: Floats
    recent: Floats


class Among(NamedTuple):
    """Configurations to be scored.

    Attributes
    ----------
    rows
        Rows of their members, `(N, nodes)`.
    node_of
        The node of each member.
    whole
        Their own counts by two experts, as :meth:`Counting.counts_of` gives them.
    kept
        Where they are enumerated, their chances under every draw, by expert and stage, as
        they were when first asked for.
    """

    rows: Ints
    node_of: Ints
    whole: tuple[Floats | None, Floats | None]
    kept: dict[tuple[int, int], Floats] | None


class Counting:
    """Counts of failures and passes by stage, member and configuration.

    Parameters
    ----------
    discount
        What is kept of the old evidence of whatever is counted, at each count; 1 keeps all.
    strength
        Weight of a prior mean, in verdicts.

    Attributes
    ----------
    members
        `(2, rows, 2)`: stage, member, (failures, passes).
    elsewhere
        Failures and passes of the same candidate at other nodes, `(rows, 2)`; they set only
        its prior mean.
    whole
        The same of configurations: rows of their members -> `(2, 2)`.
    overall
        The same of all configurations together, `(2, 2)`.
    """

    def __init__(self, discount: float, strength: float) -> None:
        self.discount, self.strength = discount, strength
        self.members = np.zeros((2, 0, 2))
        self.elsewhere = np.zeros((0, 2))
        self.whole: dict[tuple[int, ...], Floats] = {}
        self._node_of: list[int] = []
        self._nodes = np.zeros((2, 0, 2))  # sums over the members of each node
        self.overall = np.zeros((2, 2))

    def grow(self, node: int) -> None:
        """Make room for one more member, at a node of the scope."""
        self.members = np.concatenate([self.members, np.zeros((2, 1, 2))], axis=1)
        self.elsewhere = np.vstack([self.elsewhere, np.zeros(2)])
        self._node_of.append(node)
        more = max(node + 1 - self._nodes.shape[1], 0)
        self._nodes = np.concatenate([self._nodes, np.zeros((2, more, 2))], axis=1)

    def count(self, rows: tuple[int, ...], stage: int, passed: bool) -> None:
        """Count one verdict on a configuration, given by its members' rows."""
        if len(rows) > 1:
            found = self.whole.get(rows)
            if found is None:
                found = self.whole[rows] = np.zeros((2, 2))
            self._add(found[stage], passed)
            self._add(self.overall[stage], passed)
        for row in rows:
            counts, node = self.members[stage, row], self._nodes[stage, self._node_of[row]]
            if self.discount != 1.0:
                node -= (1.0 - self.discount) * counts
            self._add(counts, passed)
            node[1 if passed else 0] += 1.0

    def _add(self, counts: Floats, passed: bool) -> None:
        if self.discount != 1.0:
            counts *= self.discount
        counts[1 if passed else 0] += 1.0

    def hoped(self) -> Floats:
        """The members' prior means, `(2, rows)`."""
        s, node_of = self.strength, np.array(self._node_of, dtype=np.intp)
        others = self._nodes[:, node_of] - self.members
        pooled = (others[..., 1] + 0.5 * s) / (others.sum(axis=-1) + s)
        seen = self.elsewhere.sum(axis=1)
        part = np.minimum(1.0, _ELSEWHERE / np.maximum(seen, 1.0))
        return np.asarray((s * pooled + part * self.elsewhere[:, 1]) / (s + part * seen))

    def hope(self, row: int, stage: int) -> float:
        """The prior mean of one member, as :meth:`hoped` has it."""
        s = self.strength
        lost, won = self.members[stage, row].tolist()
        failed, passed = self._nodes[stage, self._node_of[row]].tolist()
        failed, passed = failed - lost, passed - won
        pooled = (passed + 0.5 * s) / (failed + passed + s)
        lost, won = self.elsewhere[row].tolist()
        part = min(1.0, _ELSEWHERE / max(lost + won, 1.0))
        return float((s * pooled + part * won) / (s + part * (lost + won)))

    def chance(self, rows: tuple[int, ...], stage: int) -> float:
        """The expected chance of one configuration."""
        s, each = self.strength, []
        for row in rows:
            failed, passed = self.members[stage, row].tolist()
            each.append((s * self.hope(row, stage) + passed) / (s + failed + passed))
        if len(rows) == 1:
            return float(each[0])
        middle = log_odds(self._middle(stage))
        total = middle + sum(log_odds(p) - middle for p in each)
        joined = 1.0 / (1.0 + math.exp(-total))
        found = self.whole.get(rows)
        if found is None:
            return joined
        failed, passed = found[stage].tolist()
        return float((s * joined + passed) / (s + failed + passed))

    def draw(self, n: int, temperature: float, rng: np.random.Generator) -> Floats:
        """Draw the members' chances, `(n, 2, rows)`; see ``Tuning`` for the temperature."""
        s, hoped = self.strength, self.hoped()
        a = s * hoped + self.members[..., 1]
        b = s * (1.0 - hoped) + self.members[..., 0]
        return rng.beta(a / temperature, b / temperature, size=(n, *a.shape))

    def chances(
        self,
        drawn: Floats,
        stage: int,
        among: Ints,
        whole: Floats | None,
        overall: Floats | None = None,
    ) -> Floats:
        """Chances of configurations under draws of the members' chances, `(n, N)`.

        Parameters
        ----------
        drawn
            `(n, 2, rows)`.
        among
            Rows of the members of each configuration, `(N, nodes)`.
        whole
            The counts of each configuration, as :meth:`counts_of` gives them.
        overall
            The counts of all configurations together; default: as they are now.
        """
        if among.shape[1] == 1:
            return np.asarray(drawn[:, stage, among[:, 0]])
        joined = self._join(drawn[:, stage], among, stage, overall)
        if whole is None:
            return joined
        s, counts = self.strength, whole[stage]
        return np.asarray((s * joined + counts[:, 1]) / (s + counts.sum(axis=1)))

    def counts_of(self, at: Mapping[tuple[int, ...], int], size: int) -> Floats | None:
        """The counts of enumerated configurations, `(2, size, 2)`; None if there are none."""
        if not self.whole:
            return None
        found = np.zeros((2, size, 2))
        for rows, counts in self.whole.items():
            if rows in at:
                found[:, at[rows]] = counts
        return found

    def _join(self, p: Floats, among: Ints, stage: int, overall: Floats | None = None) -> Floats:
        """The chances of configurations, `(n, N)`, from those of all members, `(n, rows)`."""
        middle = log_odds(self._middle(stage, overall))
        apart = logit(p) - middle
        total = middle + apart[:, among[:, 0]]
        for v in range(1, among.shape[1]):
            total += apart[:, among[:, v]]
        return np.asarray(1.0 / (1.0 + np.exp(-total)))

    def _middle(self, stage: int, overall: Floats | None = None) -> float:
        """The chance of any configuration."""
        failed, passed = (self.overall if overall is None else overall)[stage].tolist()
        return float((passed + 0.5 * self.strength) / (passed + failed + self.strength))

    def merge(self, other: Counting, rows: Ints) -> None:
        """Add what another worker has counted; ``rows`` are its members' rows here."""
        self.members[:, rows] += other.members
        self._sum()
        self.overall += other.overall
        for theirs, counts in other.whole.items():
            mine = tuple(int(rows[r]) for r in theirs)
            self.whole[mine] = self.whole.get(mine, 0.0) + counts

    def state(self) -> dict[str, Any]:
        """The counts as plain lists."""
        return {
            "members": self.members.tolist(),
            "elsewhere": self.elsewhere.tolist(),
            "all": self.overall.tolist(),
            "whole": [[list(rows), counts.tolist()] for rows, counts in self.whole.items()],
        }

    def load(self, state: Mapping[str, Any], rows: int, nodes: int) -> None:
        """Take over saved counts of so many members and nodes.

        Raises
        ------
        ValueError
            If they are not finite counts of these shapes.
        """
        self.members = checked(state["members"], (2, rows, 2))
        self.elsewhere = checked(state["elsewhere"], (rows, 2))
        self._sum()
        self.overall = checked(state["all"], (2, 2))
        self.whole = {}
        for who, counts in state["whole"]:
            key = tuple(int(r) for r in who)
            if len(key) != nodes or not all(0 <= r < rows for r in key):
                raise ValueError(f"a configuration of {nodes} members out of {rows}, not {key}")
            self.whole[key] = checked(counts, (2, 2))

    def _sum(self) -> None:
        self._nodes[:] = 0.0
        for row, node in enumerate(self._node_of):
            self._nodes[:, node] += self.members[:, row]


def checked(values: Any, shape: tuple[int, ...], least: float = 0.0) -> Floats:
    """Saved numbers as an array of a shape.

    Raises
    ------
    ValueError
        If they have another shape, or are not finite and ``least`` or more.
    """
    found = np.array(values, dtype=float).reshape(shape)
    if not (np.isfinite(found).all() and (found >= least).all()):
        raise ValueError(f"finite numbers, {least} or more, expected in a table of {shape}")
    return found


def log_odds(p: float) -> float:
    """The log odds of a chance; finite, however near to 0 or 1 it is."""
    kept = min(max(p, _NEAR), 1.0 - _NEAR)
    return math.log(kept / (1.0 - kept))


def logit(p: Floats) -> Floats:
    """The log odds of each chance of an array; finite."""
    kept = np.minimum(np.maximum(p, _NEAR), 1.0 - _NEAR)  # sooner than np.clip on small ones
    return np.asarray(np.log(kept / (1.0 - kept)))
