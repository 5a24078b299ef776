"""The help of the magics, as one text and for each command."""

from __future__ import annotations

from collections.abc import Sequence

from flexiflow.magics.commands import COMMANDS, Command
from flexiflow.magics.options import CELL, Option

_CELL = """\
Define a workflow in a cell of its own. The first line is its header, the rest its body:

    %%flexiflow id_cards(image, label=None)
    picture = (original | sharpened)(image)             a node: candidates between bars
    text = (tesseract | rapidocr)(picture)
    assert has_valid_date(text), "no valid date"        what a good output is
    context(brightness(image))                          what is known of the job
    maximize(exact_match(text, label))                  label may come later
    minimize(runtime, weight=0.1)
    return text                                         default: the last node

`%%` must be on the cell's first line: a comment above it makes it an ordinary cell, which
cannot be read. The workflow is then a Python object of that name: id_cards(image=...),
id_cards.run(cards), id_cards.log(), id_cards.explain(). A cell that is run again goes on with
what was learned.

Options follow the header (or stand before it):

    %%flexiflow id_cards(image, label=None) --max-attempts 6 --over cards --live --seed 1

"""
_EQUAL = """
In Python: @flexiflow.workflow(store=..., sampler=Hybrid(device=...), max_attempts=6, ...) for
what holds for all its jobs, id_cards.run(cards, live=True, seed=1, ...) for the run.
"""
_LINES = """
JOBS is any expression; an option's value with blanks in it goes into brackets or quotes. NAME
is a workflow; where a run is meant also a run, as in `%flexiflow pause id_cards_run`.

"""
_END = """
%flexiflow help COMMAND tells its options and what to write in Python. The Tab key completes
commands, options, workflows, nodes, candidates, job ids and files.
"""


def _row(left: str, right: str, width: int) -> str:
    gap = " " * (width - len(left)) if len(left) < width else "\n" + " " * (width + 4)
    return f"    {left}{gap}{right}\n"


def _table(options: Sequence[Option]) -> str:
    return "".join(_row(option.usage, option.about, 28) for option in options)


def _lines() -> str:
    return "".join(_row(f"%flexiflow {c.usage}", c.about, 38) for c in COMMANDS.values())


HELP = _CELL + _table(CELL) + _EQUAL + _LINES + _lines() + _END
"""All of it; the docstring of the magic."""


def of_command(command: Command) -> str:
    """The help of one command."""
    options = f"\n{_table(command.options)}" if command.options else ""
    return f"%flexiflow {command.usage}\n{command.about}\n{options}\nIn Python: {command.python}\n"
