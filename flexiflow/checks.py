"""Evaluating the user's own expressions on the values of a job: arguments, tests, terms.

An assertion that raises is a failed check: parsing an output inside an assertion is normal.
But a ``NameError`` or an ``ImportError`` is a mistake in the workflow itself, and raised.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Mapping
from typing import Any

from flexiflow.errors import Missing
from flexiflow.graph import Expression, Graph, Objective, Read
from flexiflow.versions import Version, read_only

BUGS = (NameError, ImportError)
REJECTED = " rejected"
"""Among values that were kept with a job: those that failed a check, by step."""


class Extras(dict[str, Any]):
    """The extras of a result; a missing one says which there are."""

    def __missing__(self, key: str) -> Any:
        raise Missing(f"The candidate gave no extra {key!r}. It gave {sorted(self)}.")


class View:
    """What expressions see of a job: its inputs and the present version of each node."""

    def __init__(
        self, graph: Graph, inputs: Mapping[str, Any], thresholds: Mapping[str, float]
    ) -> None:
        self._graph = graph
        self._inputs = {name: read_only(value) for name, value in inputs.items()}
        self._thresholds = thresholds
        self.made: dict[int, Version] = {}
        self.runtime = self.cost = 0.0

    def evaluate(self, expression: Expression) -> Any:
        """The expression's value; whatever it raises is raised."""
        return expression.function(*[self._read(read) for read in expression.reads])

    def has(self, expression: Expression) -> bool:
        """Whether all nodes that it reads have a version."""
        maker = self._graph.maker
        return all(maker[n] in self.made for n in expression.names if n in maker)

    def value(self, name: str) -> Any:
        """The value of an input or of a node's target."""
        node = self._graph.maker.get(name)
        if node is None:
            return self._inputs[name]
        targets = self._graph.nodes[node].targets
        value = self.made[node].value
        return value if len(targets) == 1 else value[targets.index(name)]

    def values(self) -> dict[str, Any]:
        """All names that have a value now."""
        targets = {t: self.value(t) for t, node in self._graph.maker.items() if node in self.made}
        return {**self._inputs, **targets}

    def _read(self, read: Read) -> Any:
        if read.what == "value":
            return self.value(read.name)
        if read.what == "threshold":
            return self._thresholds[read.name]
        if read.what == "runtime":
            return self.runtime
        if read.what == "cost":
            return self.cost
        version = self.made[self._graph.maker[read.name]]
        if read.what == "extras":
            return Extras(version.extras or {})
        if version.confidence is None:
            raise Missing(
                f"The candidate that made {read.name!r} gave no confidence. "
                "Return Result(value, confidence=...) from it."
            )
        return version.confidence


def told(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


NOTE = "This is in the "


def blame_user(error: BaseException, what: str, text: str, line: int) -> BaseException:
    """The user's own error, with a note saying where in the workflow it came from."""
    error.add_note(f"{NOTE}{what} `{text}`, line {line} of the workflow.")
    return error


def features(graph: Graph, view: View, warned: set[str]) -> dict[str, Any]:
    """The job-level features that can be computed now; None where one is missing.

    A feature that raises is missing on this job, and its user is told once.
    """
    found: dict[str, Any] = {}
    for expression in graph.context:
        if not view.has(expression):
            found[expression.text] = None
            continue
        try:
            found[expression.text] = plain_feature(view.evaluate(expression))
        except BUGS as error:
            raise blame_user(error, "context", expression.text, expression.line) from None
        except Exception as error:
            found[expression.text] = None
            if expression.text not in warned:
                warned.add(expression.text)
                warnings.warn(
                    f"The feature `{expression.text}` could not be computed and counts as "
                    f"missing on this job: {told(error)}",
                    stacklevel=2,
                )
    return found


def plain_feature(value: Any) -> Any:
    """A feature as plain numbers or text.

    Examples
    --------
    >>> import numpy as np
    >>> plain_feature(np.float32(0.5)), plain_feature(True), plain_feature(np.arange(2))
    (0.5, True, [0.0, 1.0])
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    item = getattr(value, "tolist", None)
    listed = item() if item is not None else value
    if isinstance(listed, (bool, int, float)):
        return listed
    if isinstance(listed, (list, tuple)):
        if all(isinstance(x, numbers.Real) for x in listed):
            return [float(x) for x in listed]
        raise TypeError("a vector feature must be one-dimensional and numeric")
    raise TypeError(f"a feature must be a number, a category or a short vector, not {value!r:.80}")


def awaited(graph: Graph, values: Mapping[str, Any]) -> set[str]:
    """The names, of those that have a value, that terms waiting for a label will read."""
    late = {i.name for i in graph.inputs if i.late}
    waiting = [o.expression.names for o in graph.objectives if waits(graph, o, values)]
    return set().union(*waiting) & values.keys() - late


def waiting(graph: Graph, view: View, values: Mapping[str, Any]) -> dict[str, Any]:
    """What waiting terms will read: values, and "name confidence" and "name extras" of nodes."""
    found: dict[str, Any] = {}
    for name in sorted(awaited(graph, values)):
        found[name] = values[name]
        made = view.made.get(graph.maker[name]) if name in graph.maker else None
        if made is not None:
            more = {"confidence": made.confidence, "extras": made.extras or None}
            found |= {f"{name} {what}": it for what, it in more.items() if it is not None}
    return found


def worth_of(graph: Graph, view: View, expected: float | None = None) -> float:
    """The objective of the present values, without what has been spent.

    Where a term waits for a label, what is expected of it, or else what is known.
    """
    stated = [o for o in graph.objectives if o.word is None]
    if not stated:
        return 0.0
    terms, _ = terms_of(graph, view, view.values())
    if expected is not None and any(terms[o.text] is None for o in stated):
        return expected
    return sum(o.sign * o.weight * (terms[o.text] or 0.0) for o in stated)


def waits(graph: Graph, objective: Objective, inputs: Mapping[str, Any]) -> bool:
    """Whether a term reads a label that is not there yet."""
    late = {i.name for i in graph.inputs if i.late}
    return any(n in late and inputs[n] is None for n in objective.expression.names)


def terms_of(
    graph: Graph, view: View, inputs: Mapping[str, Any]
) -> tuple[dict[str, float | None], str | None]:
    """The objective's terms as far as they can be computed, and what went wrong."""
    found: dict[str, float | None] = {}
    wrong: str | None = None
    for objective in graph.objectives:
        expression = objective.expression
        found[objective.text] = None
        if waits(graph, objective, inputs) or not view.has(expression):
            continue
        try:
            found[objective.text] = _number(view.evaluate(expression))
        except BUGS as error:
            raise blame_user(error, "objective", objective.text, objective.line) from None
        except Exception as error:
            wrong = f"objective `{objective.text}`: {told(error)}"
    return found, wrong


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a term must be a finite number, not {number}")
    return number


def reward_of(graph: Graph, terms: Mapping[str, float | None]) -> float | None:
    """The weighted sum of the terms; None while one is missing or there are none."""
    total = 0.0
    for objective in graph.objectives:
        term = terms.get(objective.text)
        if term is None:
            return None
        total += objective.sign * objective.weight * term
    return total if graph.objectives else None
