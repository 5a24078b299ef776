"""The options of the magics: what they are called, what they take, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from flexiflow.magics.faults import Fault, unknown
from flexiflow.magics.words import Word, split

Kind = Literal["flag", "whole", "number", "choice", "column", "jobs", "value", "store"]


class Option(NamedTuple):
    """One option of a magic."""

    name: str
    kind: Kind
    takes: str  #: what follows it, as help writes it; empty for a flag
    about: str
    of: tuple[str, ...] = ()  #: what may follow, for a choice

    @property
    def key(self) -> str:
        """The keyword in Python."""
        return self.name.replace("-", "_")

    @property
    def usage(self) -> str:
        """How it is written."""
        return f"--{self.name} {self.takes}".rstrip()


OF_JOBS = (
    Option("max-attempts", "whole", "N", "candidates tried on a job, at most"),
    Option("max-seconds", "number", "S", "seconds spent on a job, at most"),
    Option("stop-when", "value", "WORTH", "what a pass is worth: a job ends when it pays no more"),
    Option("on-failure", "choice", "return|raise", "what a job that did not pass does",
           ("return", "raise")),
    Option("on-refusal", "choice", "stop|switch", "what a job does when a candidate declines",
           ("stop", "switch")),
    Option("cooldown", "number", "S", "seconds an unavailable candidate is left alone"),
)  # fmt: skip
OF_RUNS = (
    Option("live", "flag", "", "show a dashboard, and go on with the notebook meanwhile"),
    Option("wait", "flag", "", "wait for the end of the run"),
    Option("no-wait", "flag", "", "do not wait for it: NAME_run.wait() does later"),
    Option("seed", "whole", "N", "draw the same again"),
    Option("workers", "whole", "N", "jobs that run at the same time"),
    Option("ids", "column", "COLUMN", "the jobs' column that names them"),
    Option("resume", "flag", "", "with --ids: leave out jobs that have been run"),
    Option("progress", "flag", "", "show a bar"),
    Option("no-progress", "flag", "", "show none"),
)
RUN = (
    *OF_RUNS,
    *OF_JOBS,
    Option("sampler", "value", "SAMPLER", "who chooses, for this run only: Fixed(), say"),
    Option("store", "store", "PLACE", "where records go, for this run only"),
)
CELL = (
    Option("over", "jobs", "JOBS", "run over these at once; the run is left in NAME_run"),
    *OF_RUNS,
    *OF_JOBS,
    Option("store", "store", "PLACE", "where records go: a file, a database URL, or a store"),
    Option("device", "choice", "auto|cpu|cuda", "where what is learned of contexts is computed",
           ("auto", "cpu", "cuda")),
)  # fmt: skip


def by_name(options: Sequence[Option], text: str) -> Option | None:
    """The option that a word is, ``--max-attempts`` or ``--max_attempts``, if there is one."""
    name = text.removeprefix("--").partition("=")[0].replace("_", "-")
    return next((o for o in options if o.name == name), None)


def read_options(
    words: Sequence[Word], options: Sequence[Option]
) -> tuple[dict[str, tuple[Option, Word]], list[Word]]:
    """Part the options from the other words.

    Returns
    -------
    Name -> the option and the word it took (its own, for a flag); and the words left.

    Raises
    ------
    Fault
        If an option is unknown, given twice, or lacks its value.
    """
    found: dict[str, tuple[Option, Word]] = {}
    left: list[Word] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.text.startswith("--"):
            left.append(word)
            continue
        option = by_name(options, word.text)
        if option is None:
            raise unknown("There is no option", word, [f"--{o.name}" for o in options])
        if option.name in found:
            raise Fault(f"--{option.name} is given twice.", word)
        found[option.name] = option, _taken(option, word, waiting)
    for one, other in (("wait", "no-wait"), ("progress", "no-progress")):
        if one in found and other in found:
            raise Fault(f"--{one} and --{other} cannot both be.", found[other][1])
    return found, left


def _taken(option: Option, word: Word, waiting: list[Word]) -> Word:
    """The word that an option takes, off those that wait."""
    name, equals, value = word.text.partition("=")
    if option.kind == "flag":
        if equals:
            raise Fault(f"{name} takes no value.", word)
        return word
    if equals and value:
        return Word(value, word.start + len(name) + 1)
    if equals or not waiting or waiting[0].text.startswith("--"):
        raise Fault(f"{name} needs a value: {option.usage}.", word)
    return waiting.pop(0)


def plain(option: Option, word: Word) -> Any:
    """The value of an option that needs no notebook to be read.

    Raises
    ------
    Fault
        If the word is no such value.
    """
    if option.kind == "flag":
        return True
    if option.kind in ("whole", "number"):
        return number(word, f"--{option.name}", whole=option.kind == "whole")
    if option.kind == "choice" and word.text not in option.of:
        raise unknown(f"--{option.name} cannot be", word, option.of)
    return unquoted(word.text)


def number(word: Word, what: str, whole: bool = False) -> float | int:
    """The number that a word is.

    Raises
    ------
    Fault
        If it is none, or not a whole one where that is asked for.
    """
    try:
        return int(word.text) if whole else float(word.text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise Fault(f"{what} must be {kind}. Got {word.text!r}.", word) from None


def unquoted(text: str) -> str:
    """A text without the quotes around all of it.

    Examples
    --------
    >>> unquoted("'my cards'"), unquoted("a == 'b'")
    ('my cards', "a == 'b'")
    """
    whole = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if whole and len(split(text)) == 1 and text[0] not in text[1:-1] else text
