"""The names of a workflow: inputs, nodes, the user's own objects, the words.

Names are bound when the workflow is defined: ``bound`` is a snapshot of exactly those of
the user's objects that the text refers to, and the globals of all its compiled expressions.
"""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Literal

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.language.grammar import Place
from flexiflow.language.source import Source
from flexiflow.language.words import WORDS

_WORD_OF = {id(word): name for name, word in WORDS.items()}

Origin = Literal["here", "bound", "built in"]


class Scope:
    """Which names a text may use, and what each of them is.

    Parameters
    ----------
    source
        The text, for errors.
    namespace
        The user's own objects.
    inputs
        Names of the inputs.
    targets
        Name that a node makes -> the line that makes it, for the whole text.
    below
        Name -> the line below the workflow that defines it, where that is known.
    """

    def __init__(
        self,
        source: Source,
        namespace: Mapping[str, Any],
        inputs: tuple[str, ...],
        targets: Mapping[str, int],
        below: Mapping[str, int],
    ) -> None:
        self.source, self.namespace = source, namespace
        self.inputs, self.targets, self.below = inputs, targets, below
        self.here = frozenset({*inputs, *targets})
        self.made: set[str] = set()
        given = namespace.get("__builtins__", builtins)
        self.builtins: Mapping[str, Any] = given if isinstance(given, Mapping) else vars(given)
        self.bound: dict[str, Any] = {"__builtins__": given}
        if "__name__" in namespace:  # the module that the compiled functions belong to
            self.bound["__name__"] = namespace["__name__"]

    def word(self, node: ast.AST) -> str | None:
        """Which word of the language a name (or ``module.name``) is, if any."""
        if isinstance(node, ast.Name):
            if node.id in WORDS:
                return node.id
            if node.id in self.here:
                return None
            return _WORD_OF.get(id(self.namespace.get(node.id)))
        if isinstance(node, ast.Attribute) and node.attr in WORDS:
            module = self.module(node.value)
            return _WORD_OF.get(id(getattr(module, node.attr, None)))
        return None

    def module(self, node: ast.AST) -> ModuleType | None:
        """Give the module that a dotted name stands for, if it is one; runs no user code."""
        if isinstance(node, ast.Attribute):
            parent = self.module(node.value)
            found = vars(parent).get(node.attr) if parent else None
        elif isinstance(node, ast.Name) and node.id not in self.here:
            found = self.namespace.get(node.id)
        else:
            return None
        return found if isinstance(found, ModuleType) else None

    def bind_word(self, node: ast.expr) -> None:
        """Bind what ``any_of``, ``flexiflow.any_of`` or another name of it begins with."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if isinstance(node, ast.Name):
            own = node.id in WORDS
            self.bound[node.id] = WORDS[node.id] if own else self.namespace[node.id]

    def find(self, node: ast.Name, place: Place) -> Origin:
        """Say what a name is; bind it if it is the user's own object.

        Raises
        ------
        WorkflowSyntaxError
            If there is no such name, not yet, or not in this place.
        """
        name = node.id
        if name in self.here:
            self._check_here(node, place)
            return "here"
        if name in self.namespace:
            self.bound[name] = self.namespace[name]
            return "bound"
        if name in self.builtins:
            return "built in"
        raise self._unknown(node)

    def _check_here(self, node: ast.Name, place: Place) -> None:
        name, error = node.id, self.source.error
        what = "an input" if name in self.inputs else "a node of this workflow"
        if place.fixed:
            raise error(
                node,
                f"{place.called} is fixed when the workflow is defined: "
                f"it cannot read {name!r}, which is {what}",
                f"Pass {name} in the call, (a | b)({name}), or read it inside a function."
                if place.called == "a candidate"
                else "Write a number, or a name from above the workflow.",
            )
        if name in self.targets and name not in self.made:
            line = self.targets[name]
            raise error(
                node,
                f"{name!r} is read before it exists",
                "It is made by this very line; read an input or an earlier node."
                if line == node.lineno
                else f"It is made on line {line}; move this below.",
            )

    def _unknown(self, node: ast.Name) -> WorkflowSyntaxError:
        name = node.id
        if name in self.below:
            return self.source.error(
                node,
                f"unknown name {name!r}: it is defined later, on line {self.below[name]}",
                "Names are bound when the workflow is defined; move the workflow below it.",
            )
        known = {*self.inputs, *self.made, *self.builtins, *WORDS}
        known |= {n for n in self.namespace if isinstance(n, str)}
        close = difflib.get_close_matches(name, known, n=1)
        return self.source.error(
            node,
            f"unknown name {name!r}",
            f"Did you mean {close[0]!r}?"
            if close
            else "Define it above the workflow, or make it an input in the header.",
        )
