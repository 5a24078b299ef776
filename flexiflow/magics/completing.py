"""The Tab key in lines of ``%flexiflow`` and in the first line of ``%%flexiflow`` cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.completer import context_matcher

from flexiflow.flow import Workflow
from flexiflow.magics.commands import COMMANDS, Command
from flexiflow.magics.ids import latest_ids
from flexiflow.magics.naming import named
from flexiflow.magics.options import CELL, Option, by_name, read_options
from flexiflow.magics.words import Word, split
from flexiflow.run import Run

NAME = "flexiflow"  # of the matcher
_LINE = re.compile(r"(?:\s*[\w\s,.\[\]'\"*]*=)?\s*%flexiflow\s+(.*)", re.DOTALL)
_CELL = re.compile(r"%%flexiflow\s+(.*)", re.DOTALL)
_FILES = 200
_OTHERS = {"IPCompleter.file_matcher", "IPCompleter.magic_matcher", "IPCompleter.python_matcher"}


class Offer(NamedTuple):
    """What may stand at the cursor.

    Attributes
    ----------
    fragment
        What is written of it already.
    open
        Whether other completers may add to it: an expression is being written.
    """

    fragment: str
    texts: Sequence[str]
    kind: str
    open: bool = False


_NOTHING = Offer("", (), "")


class Completer:
    """Offers what may come next; it never raises, and reads no more than it must.

    Parameters
    ----------
    shell
        The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    @context_matcher(identifier=NAME)  # type: ignore[untyped-decorator]  # it carries no types
    def match(self, context: Any) -> dict[str, Any]:
        """What IPython asks at the Tab key: completions for the text up to the cursor."""
        from IPython.core.completer import SimpleCompletion

        try:
            offer = self.offer(context.text_until_cursor, context.cursor_line)
        except Exception:  # a broken completer would show its traceback at each key
            offer = _NOTHING
        found = [SimpleCompletion(text=text, type=offer.kind) for text in offer.texts]
        suppress: bool | set[str] = set(_OTHERS) if offer.open else True
        return {
            "completions": found,
            "matched_fragment": offer.fragment,
            "suppress": suppress if found else False,
            "ordered": True,
        }

    def offer(self, text: str, line: int = 0) -> Offer:
        """What may stand at the end of a line's text.

        Parameters
        ----------
        text
            The line, up to the cursor.
        line
            Which line of the cell it is, from 0.
        """
        if (cell := _CELL.match(text)) is not None:
            return self._header(cell[1]) if line == 0 else _NOTHING
        if (asked := _LINE.match(text)) is not None:
            return self._command(asked[1])
        return _NOTHING

    def _header(self, text: str) -> Offer:
        """In the first line of a cell: options, behind the header or before it."""
        words, last = _parted(text)
        if option := _awaited(words, last, CELL):
            return self._value(option, last, None, ())
        return _options(words, last, CELL) if not last or last.startswith("--") else _NOTHING

    def _command(self, text: str) -> Offer:
        words, last = _parted(text)
        if not words:
            return _of(last, COMMANDS, "keyword")
        command = COMMANDS.get(words[0].text)
        if command is None:
            return _NOTHING
        words = words[1:]
        option = _awaited(words, last, command.options)
        plain = _without_options(words, command.options)
        about = self._shell.user_ns.get(plain[0].text) if plain else None
        if option is not None:
            return self._value(option, last, about, plain[1:])
        if last.startswith("--"):
            return _options(words, last, command.options)
        return self._word(command, plain, last, about) or _options(words, last, command.options)

    def _word(self, command: Command, words: Sequence[Word], last: str, about: Any) -> Offer | None:
        """What a command's next word may be; None where no more words come."""
        place = len(words)
        if "term" in command.roles and place >= command.roles.index("term"):
            return _term(words, last, about)
        if place >= len(command.roles):
            if not command.many:
                return None
            place = len(command.roles) - 1
        role = command.roles[place]
        space = self._shell.user_ns
        if role in ("any", "workflow"):
            kinds = (Workflow,) if role == "workflow" else (Workflow, Run)
            before = {word.text for word in words}
            return _of(last, [n for n in named(space, kinds) if n not in before], "instance")
        if role == "jobs":
            return _variables(last, space)
        if role == "file":
            return _of(last, _files(last), "path")
        if role == "command":
            return _of(last, COMMANDS, "keyword")
        return _of(last, _within(role, words, about), "param")

    def _value(self, option: Option, last: str, about: Any, words: Sequence[Word]) -> Offer:
        """What may follow an option."""
        _, equals, value = last.partition("=") if last.startswith("--") else ("", "", last)
        fragment = value if equals or not last.startswith("--") else ""
        if option.kind == "choice":
            return _of(fragment, option.of, "param")
        if option.kind == "store":
            return _of(fragment, _files(fragment), "path")
        if option.kind == "column":
            jobs = self._shell.user_ns.get(words[0].text) if words else None
            return _of(fragment, _columns(jobs), "param")
        if option.kind in ("jobs", "value"):
            return _variables(fragment, self._shell.user_ns)
        return Offer(fragment, (), "")


def _parted(text: str) -> tuple[list[Word], str]:
    """The words that are finished, and what is written of the one at the cursor."""
    words = split(text)
    if words and words[-1].end == len(text):
        return words[:-1], words[-1].text
    return words, ""


def _awaited(words: Sequence[Word], last: str, options: Sequence[Option]) -> Option | None:
    """The option whose value is being written."""
    if last.startswith("--"):
        option = by_name(options, last) if "=" in last else None
    else:
        before = words[-1].text if words else ""
        named_so = before.startswith("--") and "=" not in before
        option = by_name(options, before) if named_so else None
    return None if option is None or option.kind == "flag" else option


def _without_options(words: Sequence[Word], options: Sequence[Option]) -> list[Word]:
    known = [w for w in words if not w.text.startswith("--") or by_name(options, w.text)]
    if known and known[-1].text.startswith("--"):
        known.pop()  # its value is being written, or it is a flag
    return read_options(known, options)[1]


def _options(words: Sequence[Word], last: str, options: Sequence[Option]) -> Offer:
    """The options that are not given yet."""
    given = {option.name for w in words if (option := by_name(options, w.text)) is not None}
    return _of(last, [f"--{o.name}" for o in options if o.name not in given], "param")


def _of(fragment: str, texts: Iterable[str], kind: str) -> Offer:
    return Offer(fragment, [text for text in texts if text.startswith(fragment)], kind)


def _term(words: Sequence[Word], last: str, about: Any) -> Offer:
    """Terms of the objective, which may hold blanks."""
    begun = " ".join([*(word.text for word in words[1:]), last])
    terms = _graph(about).objectives if isinstance(about, (Workflow, Run)) else ()
    rest = [o.text[len(begun) - len(last) :] for o in terms if o.text.startswith(begun)]
    return Offer(last, rest, "param")


def _within(role: str, words: Sequence[Word], about: Any) -> list[str]:
    """Nodes, candidates, thresholds or job ids of a workflow or run."""
    if not isinstance(about, (Workflow, Run)):
        return []
    graph = _graph(about)
    if role == "node":
        return [node.name for node in graph.nodes]
    if role == "candidate":
        here = [node for node in graph.nodes if node.name == words[1].text]
        return [candidate.name for node in here for candidate in node.candidates]
    if role == "threshold":
        return list(graph.thresholds)
    return latest_ids(about) if role == "job" else []


def _graph(about: Workflow | Run) -> Any:
    return about.steering.graph


def _variables(fragment: str, space: dict[str, Any]) -> Offer:
    """Variables that may be jobs; within an expression it is left to others."""
    if fragment and not fragment.isidentifier():
        return Offer(fragment, (), "")
    names = [n for n, it in list(space.items()) if n[:1] != "_" and n != "In" and _iterable(it)]
    return _of(fragment, names, "instance")._replace(open=bool(fragment))


def _iterable(it: Any) -> bool:
    """Whether something may be jobs, told by its type alone: nothing of it is run."""
    kind = type(it)
    if isinstance(it, (str, bytes, dict, type)):
        return False
    return hasattr(kind, "__iter__") or hasattr(kind, "collect_schema")


def _columns(jobs: Any) -> list[str]:
    """The columns of a frame, or the keys of a list's first dictionary."""
    if type(jobs).__name__ == "DataFrame":
        return [str(column) for column in jobs.columns]
    first = jobs[0] if isinstance(jobs, (list, tuple)) and jobs else None
    return [str(key) for key in first] if isinstance(first, dict) else []


def _files(fragment: str) -> list[str]:
    """Files and folders whose names begin so; hidden ones only where they are asked for."""
    folder, slash, name = fragment.rpartition("/")
    found = []
    for place in Path(f"{folder}{slash}" or ".").expanduser().iterdir():
        if place.name.startswith(name) and place.name.startswith(".") <= name.startswith("."):
            text = f"{folder}{slash}{place.name}{'/' * place.is_dir()}"
            if not any(c.isspace() for c in text):
                found.append(text)
        if len(found) == _FILES:
            break
    return sorted(found)
