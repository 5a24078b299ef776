"""What one expression reads, and the words that read more than a value."""

from __future__ import annotations

import ast
from collections.abc import Callable

from flexiflow.graph import Read
from flexiflow.language.grammar import BELONGS, BY, Place
from flexiflow.language.scope import Scope

NoteThreshold = Callable[[ast.Call, ast.expr, str | None], str]


class Readings(ast.NodeTransformer):
    """Notes what an expression reads, and puts parameters in its place.

    Parameters
    ----------
    scope
        The names of the workflow.
    place
        Where the expression stands: which words it may hold.
    note_threshold
        Notes (the call, where it starts, its name) and returns its key.

    Attributes
    ----------
    reads
        What the expression reads -> the name of its parameter, in order of appearance.
    """

    def __init__(self, scope: Scope, place: Place, note_threshold: NoteThreshold) -> None:
        self.scope, self.place, self.note_threshold = scope, place, note_threshold
        self.error = scope.source.error
        self.reads: dict[Read, str] = {}
        self.local: list[set[str]] = []

    def parameter(self, node: ast.expr, read: Read, name: str) -> ast.expr:
        """Note a reading, and give the parameter that stands in place of ``node``."""
        self.reads[read] = name
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def is_local(self, name: str) -> bool:
        """Whether a lambda or a comprehension around this place makes the name."""
        return any(name in names for names in self.local)

    def read_word(self, word: str, call: ast.Call) -> ast.expr:
        """Turn ``confidence(...)``, ``extra(...)`` or ``threshold(...)`` into parameters."""
        if word == "confidence":
            return self._read_confidence(call)
        return self._read_extra(call) if word == "extra" else self._read_threshold(call)

    def _read_confidence(self, call: ast.Call) -> ast.expr:
        """Turn ``confidence(text)`` into a number."""
        name = self._node_of(call, "confidence")
        if len(call.args) != 1 or call.keywords:
            raise self.error(call, "confidence takes one name", BELONGS["confidence"])
        return self.parameter(call, Read("confidence", name), f"confidence({name})")

    def _read_extra(self, call: ast.Call) -> ast.expr:
        """Turn ``extra(text, "boxes")`` into an item of the node's extras."""
        name = self._node_of(call, "extra")
        given = _given(call, ("node", "key", "default"))
        key = given.get("key") if given else None
        if given is None or key is None or _text(key) is None:
            message = "extra takes a node's name, a key in quotes, and a default if you like"
            raise self.error(call, message, 'Write extra(x, "boxes") or extra(x, "boxes", None).')
        extras = self.parameter(call, Read("extras", name), f"extras({name})")
        if "default" not in given:
            return ast.copy_location(ast.Subscript(extras, key, ast.Load()), call)
        get = ast.copy_location(ast.Attribute(extras, "get", ast.Load()), call)
        default: ast.expr = self.visit(given["default"])
        return ast.copy_location(ast.Call(get, [key, default], []), call)

    def _read_threshold(self, call: ast.Call) -> ast.expr:
        """Turn ``threshold(0.75)`` into a number that can be moved."""
        given = _given(call, ("start", "name", "by"))
        if given is None or "start" not in given:
            message = "threshold takes the number it starts at, and a name if you like"
            raise self.error(call, message, 'Write threshold(0.75) or threshold(0.75, "sure").')
        if "by" in given:  # taken out before, where it belongs
            message = "by= is read where the assertion is one comparison with the threshold"
            raise self.error(call, message, BY)
        name = given.get("name")
        if name and not _text(name):
            message = "the name of a threshold is a text in quotes"
            raise self.error(name, message, 'Write threshold(0.75, "sure").')
        key = self.note_threshold(call, given["start"], _text(name) if name else None)
        return self.parameter(call, Read("threshold", key), f"threshold({key})")

    def _node_of(self, call: ast.Call, word: str) -> str:
        """Give the name of the node that a word is asked of."""
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Name) or self.is_local(first.id):
            message = f"{word} is asked of a node, by its name"
            raise self.error(first or call, message, BELONGS[word])
        origin = self.scope.find(first, self.place)
        if origin != "here" or first.id in self.scope.inputs:
            what = "an input" if origin == "here" else "no node of this workflow"
            message = f"{first.id!r} is {what}: no candidate made it, so it has no {word}"
            raise self.error(first, message, BELONGS[word])
        return first.id


def _text(node: ast.expr) -> str | None:
    written = node.value if isinstance(node, ast.Constant) else None
    return written if isinstance(written, str) else None


def _given(call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.expr] | None:
    """Match a call's arguments with the names of parameters; None if they do not fit."""
    if len(call.args) > len(names) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in names or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    return given
