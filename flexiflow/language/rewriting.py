"""One expression, checked name by name, with parameters in place of what it reads.

Names follow Python's own rules: those of a lambda or a comprehension are local to it and
hide all others. Every other name is a word of the language, an input, a node, or one of the
user's own objects.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flexiflow.graph import Read
from flexiflow.language.alternation import is_alternation
from flexiflow.language.grammar import BELONGS, NODE, REFUSED_EXPRESSIONS, Place
from flexiflow.language.readings import NoteThreshold, Readings
from flexiflow.language.scope import Scope

_Loop = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_CALLED = frozenset({"confidence", "extra", "threshold"})


class Rewriter(Readings, ast.NodeTransformer):
    """Checks one expression and rewrites it; ``visit`` uses the tree up.

    Attributes
    ----------
    words
        The user's own objects that it refers to, in order of appearance.
    """

    def __init__(self, scope: Scope, place: Place, note_threshold: NoteThreshold) -> None:
        super().__init__(scope, place, note_threshold)
        self.words: dict[str, None] = {}

    def visit(self, node: ast.AST) -> Any:
        """Refuse what no expression may hold, then go on as the node's type says."""
        if type(node) in REFUSED_EXPRESSIONS:
            raise self.error(node, *REFUSED_EXPRESSIONS[type(node)])
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put a name in its place: local, word, input, node or the user's own."""
        if self.is_local(node.id):
            return node
        word = self.scope.word(node)
        if word:
            return self._lone_word(node, word)
        origin = self.scope.find(node, self.place)
        if origin == "here":
            self.reads[Read("value", node.id)] = node.id
        elif origin == "bound":
            self.words[node.id] = None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Take ``flexiflow.runtime`` for the word it is."""
        word = self._word(node)
        return self._lone_word(node, word) if word else self._parts(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Read what a called word asks for; refuse a node inside an expression."""
        if is_alternation(node.func):
            raise self.error(
                node,
                f"alternatives are nested in {self.place.called}",
                f"Give the value a name on a line of its own, {NODE}, and use the name here.",
            )
        word = self._word(node.func)
        if word in _CALLED and word in self.place.words:
            return self.read_word(word, node)
        return self._parts(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Refuse bars between models; sets, flags and masks may use them."""
        if is_alternation(node):
            for side in (node.left, node.right):
                if isinstance(side, ast.Name) and self._is_model(side.id):
                    raise self.error(
                        node,
                        f"alternatives are nested in {self.place.called}: {side.id!r} is a model",
                        f"Bars between models stand around all candidates of a node: {NODE}.",
                    )
        return self._parts(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Give all parts of an f-string its own place: Python 3.11 counts theirs wrongly."""
        changed = self._parts(node)
        for part in ast.walk(changed):
            ast.copy_location(part, node)
        return changed

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """Read the defaults outside, the body with the parameters as local names."""
        given = node.args
        given.defaults = [self.visit(d) for d in given.defaults]
        given.kw_defaults = [d and self.visit(d) for d in given.kw_defaults]
        stars = [a for a in (given.vararg, given.kwarg) if a]
        names = [*given.posonlyargs, *given.args, *given.kwonlyargs, *stars]
        with self._locals({a.arg for a in names}):
            node.body = self.visit(node.body)
        return node

    def _loop(self, node: _Loop) -> ast.expr:
        """Read the first iterable outside, all else with the loop's names as local."""
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        with self._locals(_loop_names(node)):
            for loop in node.generators:
                loop.target = self.visit(loop.target)
                loop.iter = loop.iter if loop is first else self.visit(loop.iter)
                loop.ifs = [self.visit(test) for test in loop.ifs]
            if isinstance(node, ast.DictComp):
                node.key, node.value = self.visit(node.key), self.visit(node.value)
            else:
                node.elt = self.visit(node.elt)
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _loop  # noqa: N815 - as ast names them

    def _parts(self, node: ast.expr) -> ast.expr:
        self.generic_visit(node)
        return node

    @contextmanager
    def _locals(self, names: set[str]) -> Iterator[None]:
        self.local.append(names)
        yield
        self.local.pop()

    def _is_model(self, name: str) -> bool:
        if self.is_local(name) or name in self.scope.here:
            return False
        bound = self.scope.namespace.get(name)
        return callable(bound) and not isinstance(bound, type)

    def _word(self, node: ast.expr) -> str | None:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        local = isinstance(root, ast.Name) and self.is_local(root.id)
        return None if local else self.scope.word(node)

    def _lone_word(self, node: ast.Name | ast.Attribute, word: str) -> ast.expr:
        """Read a quantity, keep a declaring word as it is; any other word is out of place."""
        if word not in self.place.words or word in _CALLED:
            message = f"{word!r} does not stand like this in {self.place.called}"
            raise self.error(node, message, BELONGS[word])
        if word == "runtime":
            return self.parameter(node, Read("runtime", ""), word)
        if word == "cost":
            return self.parameter(node, Read("cost", ""), word)
        self.scope.bind_word(node)
        return node


def _loop_names(node: _Loop) -> set[str]:
    targets = (part for loop in node.generators for part in ast.walk(loop.target))
    return {p.id for p in targets if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)}
