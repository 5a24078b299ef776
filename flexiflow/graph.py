"""A workflow as a pure graph: nodes, assertions, objectives, and who influences whom.

The graph is immutable and knows nothing of running. Every expression of the user's text is
compiled once into a function of the names it reads; the graph says in which order nodes
run, when each assertion can be checked, and which nodes it can blame (its *scope*: all
nodes that influence the names it reads).

A node offers *choices*: each candidate once, and again for each re-roll it allows. A
*configuration* is one choice per node, as a tuple of indices in the nodes' order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from flexiflow.candidates.base import Candidate

Configuration = tuple[int, ...]


class Read(NamedTuple):
    """One thing that an expression reads.

    ``what`` is "value" (an input or a node's target), "confidence" or "extras" (of the node
    that makes target ``name``), "threshold" (``name`` is its key in ``Graph.thresholds``),
    "runtime" or "cost" (``name`` is empty).
    """

    what: Literal["value", "confidence", "extras", "threshold", "runtime", "cost"]
    name: str


@dataclass(frozen=True)
class Expression:
    """A piece of the user's text as a function of what it reads.

    ``function`` takes one positional argument per entry of ``reads``, in that order.
    ``words`` names the user's own objects it refers to (bound when it was defined).
    """

    text: str
    line: int
    reads: tuple[Read, ...]
    function: Callable[..., Any] = field(repr=False, compare=False)
    words: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The inputs and targets it depends on, by value, confidence or extra."""
        return frozenset(r.name for r in self.reads if r.what in ("value", "confidence", "extras"))


@dataclass(frozen=True)
class Input:
    """A parameter of the workflow; ``late`` if its default is None (a label, say)."""

    name: str
    required: bool = True
    default: Any = field(default=None, compare=False)

    @property
    def late(self) -> bool:
        """Whether objective terms that read it wait for feedback when it is None."""
        return not self.required and self.default is None


class Choice(NamedTuple):
    """One candidate of a node, and which re-roll of it (0: the first run)."""

    candidate: int
    roll: int


@dataclass(frozen=True)
class Node:
    """A step: the names it makes, its candidates, and the call's arguments."""

    name: str
    targets: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    args: tuple[Expression, ...]
    kwargs: tuple[tuple[str, Expression], ...] = ()
    line: int = 0

    @cached_property
    def arguments(self) -> tuple[Expression, ...]:
        """All its arguments, positional ones first."""
        return (*self.args, *(e for _, e in self.kwargs))

    @cached_property
    def reads(self) -> frozenset[str]:
        """Inputs and targets that its arguments depend on."""
        return frozenset().union(*(a.names for a in self.arguments))

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """Every candidate, first run first, then its re-rolls."""
        return tuple(
            Choice(i, roll)
            for i, c in enumerate(self.candidates)
            for roll in range(c.options.rerolls + 1)
        )

    @cached_property
    def effects(self) -> bool:
        """Whether it acts on the world (sends, writes, pays) and so runs once."""
        return any(c.options.effects for c in self.candidates)


class Cut(NamedTuple):
    """A test that is one comparison with a threshold, ``statistic >= threshold(...)`` say."""

    statistic: Expression  #: what is compared
    holds: Callable[[Any, float], bool]  #: (statistic, the threshold's number) -> the test
    upper: bool  #: whether larger statistics hold
    threshold: str  #: key in ``Graph.thresholds``
    by: Expression | None  #: what has a number of its own for each of its values


@dataclass(frozen=True)
class Assertion:
    """What a good value is: a test over names, with an optional message.

    ``cut`` is there where the test is one comparison with a threshold.
    """

    text: str
    test: Expression
    message: Expression | None
    line: int
    fingerprint: str
    cut: Cut | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Objective:
    """A weighted term to maximise (sign 1) or minimise (sign -1)."""

    text: str
    expression: Expression
    sign: Literal[1, -1]
    weight: float
    line: int

    @property
    def word(self) -> str | None:
        """The word ("runtime", "cost") where the term is just that."""
        reads = self.expression.reads
        plain = len(reads) == 1 and self.expression.text in ("runtime", "cost")
        return reads[0].what if plain else None


@dataclass(frozen=True)
class Graph:
    """A whole workflow, checked by the reader before it is built."""

    name: str
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    assertions: tuple[Assertion, ...] = ()
    objectives: tuple[Objective, ...] = ()
    context: tuple[Expression, ...] = ()
    output: Expression | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    text: str = ""
    doc: str = ""

    def __deepcopy__(self, memo: object) -> Graph:
        """The same: a definition never changes, and its models are not to be copied."""
        return self

    @cached_property
    def maker(self) -> dict[str, int]:
        """Target name -> index of the node that makes it."""
        return {t: i for i, n in enumerate(self.nodes) for t in n.targets}

    @cached_property
    def parents(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the nodes whose values it reads, ascending."""
        make = self.maker
        return tuple(tuple(sorted({make[r] for r in n.reads if r in make})) for n in self.nodes)

    @cached_property
    def lineage(self) -> tuple[tuple[int, ...], ...]:
        """For each node, itself and all nodes that influence it, ascending."""
        found: list[tuple[int, ...]] = []
        for i, parents in enumerate(self.parents):
            found.append(tuple(sorted({i}.union(*(found[p] for p in parents)))))
        return tuple(found)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The nodes in the order they run: as written, effects as late as possible."""
        late: set[int] = set()
        for i, node in enumerate(self.nodes):
            if node.effects or any(p in late for p in self.parents[i]):
                late.add(i)
        first = [i for i in range(len(self.nodes)) if i not in late]
        return (*first, *sorted(late))

    def scope_of(self, expression: Expression) -> tuple[int, ...]:
        """The nodes that influence what an expression reads, ascending."""
        makers = (self.maker[n] for n in expression.names if n in self.maker)
        return tuple(sorted(set().union(*(self.lineage[m] for m in makers))))

    @cached_property
    def makers(self) -> tuple[tuple[int, ...], ...]:
        """For each assertion, the nodes whose values it reads, ascending."""
        make = self.maker
        return tuple(
            tuple(sorted({make[n] for n in a.test.names if n in make})) for a in self.assertions
        )

    @cached_property
    def scopes(self) -> tuple[tuple[int, ...], ...]:
        """For each assertion, the nodes it can blame; empty if it checks the input."""
        return tuple(self.scope_of(a.test) for a in self.assertions)

    @cached_property
    def checks(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the assertions that can be checked once it has run (and not before)."""
        place = {node: at for at, node in enumerate(self.order)}
        due: list[list[int]] = [[] for _ in self.nodes]
        for a, scope in enumerate(self.scopes):
            if scope:
                due[max(scope, key=place.__getitem__)].append(a)
        return tuple(tuple(d) for d in due)

    @cached_property
    def input_checks(self) -> tuple[int, ...]:
        """The assertions that read no node: they check the input."""
        return tuple(a for a, scope in enumerate(self.scopes) if not scope)

    @cached_property
    def size(self) -> int:
        """How many configurations there are."""
        total = 1
        for node in self.nodes:
            total *= len(node.choices)
        return total

    @cached_property
    def digest(self) -> str:
        """Identifies the definition: its text and what its candidates and assertions do."""
        parts = [self.name, self.text]
        parts += [c.name + c.fingerprint for n in self.nodes for c in n.candidates]
        parts += [a.fingerprint for a in self.assertions]
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()

    @cached_property
    def key(self) -> tuple[str, tuple[float, ...]]:
        """The definition and the weights in force: what decisions about it depend on."""
        return self.digest, tuple(o.weight for o in self.objectives)

    def reweighed(self, weights: Mapping[str, float]) -> Graph:
        """The same definition with other weights, by the text of the objective's term."""
        objectives = (replace(o, weight=weights.get(o.text, o.weight)) for o in self.objectives)
        return replace(self, objectives=tuple(objectives))

    def candidate(self, node: int, choice: int) -> Candidate:
        """The candidate behind a choice of a node."""
        return self.nodes[node].candidates[self.nodes[node].choices[choice].candidate]

    def describe(self, configuration: Configuration) -> dict[str, str]:
        """Node name -> candidate name of a configuration."""
        return {n.name: self.candidate(i, configuration[i]).name for i, n in enumerate(self.nodes)}
