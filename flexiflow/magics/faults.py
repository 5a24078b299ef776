"""What is wrong with a magic's line, shown at the user's own line."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.magics.words import Word


class Fault(Exception):
    """What is wrong, and at which word; the magic makes a :class:`WrongLine` of it."""

    def __init__(self, message: str, word: Word | None = None) -> None:
        super().__init__(message)
        self.message, self.word = message, word


class WrongLine(BadInput):
    """A magic's line asks for what cannot be done; it shows the line and the word at fault.

    An ordinary exception, so that a notebook that is checked fails; in a notebook its text
    stands in place of a traceback.

    Parameters
    ----------
    message
        What is wrong and what to do.
    line
        The line as it was written, the magic's name included.
    word
        The word at fault, by its place in the line.
    where
        Which line of which cell it is, where that is known.
    """

    def __init__(self, message: str, line: str, word: Word | None = None, where: str = "") -> None:
        shown = f"\n  {where}" if where else ""
        if line:
            shown += f"\n    {line.rstrip()}"
        if line and word is not None:
            shown += f"\n    {' ' * word.start}{'^' * max(len(word.text), 1)}"
        super().__init__(message + shown)


def unknown(what: str, word: Word, known: Iterable[str], more: str = "") -> Fault:
    """The fault of a name that is none of those known, with the nearest of them."""
    there = sorted(known)
    near = difflib.get_close_matches(word.text, there, n=1)
    hint = f"There are: {', '.join(there)}." if there else more or "There are none."
    return Fault(f"{what} {word.text!r}. {f'Did you mean {near[0]!r}?' if near else hint}", word)


def cell_of(shell: Any) -> tuple[int | None, int | None]:
    """The number of the cell that is run and the line it is at, where there is one."""
    frame: Any = sys._getframe()
    while frame is not None and frame.f_globals is not shell.user_ns:
        frame = frame.f_back
    if frame is None:
        return None, None
    numbers = getattr(shell.compile, "_filename_map", {})
    return numbers.get(frame.f_code.co_filename), frame.f_lineno


def place(shell: Any) -> str:
    """The cell and its line in words, empty where there is none."""
    number, line = cell_of(shell)
    return "" if number is None else f"Cell In[{number}], line {line}"
