"""The notebook's door: ``%%flexiflow`` defines a workflow, ``%flexiflow`` runs and asks it.

Everything a magic does has an equal in plain Python: a workflow defined in a cell is an
ordinary :class:`flexiflow.Workflow` in the notebook's namespace.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from flexiflow.checks import NOTE
from flexiflow.errors import BadInput
from flexiflow.magics.completing import NAME, Completer
from flexiflow.magics.defining import define
from flexiflow.magics.doing import do
from flexiflow.magics.faults import Fault, WrongLine, place
from flexiflow.magics.manual import HELP
from flexiflow.magics.naming import Names
from flexiflow.magics.words import Word

_OURS = "flexiflow."
_MISPLACED = "%flexiflow"  # what IPython makes of %%flexiflow where it is not the first line


@magics_class
class FlexiFlowMagics(Magics):  # type: ignore[misc]  # IPython's classes carry no types
    """``%%flexiflow`` and ``%flexiflow``."""

    @no_var_expand  # type: ignore[untyped-decorator]  # IPython's decorators carry no types
    @line_cell_magic  # type: ignore[untyped-decorator]  # nor does this one
    def flexiflow(self, line: str, cell: str | None = None) -> Any:  # noqa: D102  # set below
        __tracebackhide__ = True  # what follows is read by IPython and by pytest
        name = "%flexiflow" if cell is None else "%%flexiflow"
        try:
            if cell is None:
                return do(Names(self.shell), line)
            return define(self.shell, line, cell)
        except Fault as fault:
            wrong = self._wrong(fault.message, name, line, fault.word)
        except BadInput as error:
            if type(error) is not BadInput:
                raise
            wrong = self._wrong(str(error), name, line)
        except Exception as error:
            if any(note.startswith(NOTE) for note in getattr(error, "__notes__", ())):
                raise error.with_traceback(_below_ours(error)) from None
            raise
        raise wrong from None

    flexiflow.__doc__ = HELP

    def _wrong(self, message: str, name: str, line: str, word: Word | None = None) -> WrongLine:
        at = None if word is None else Word(word.text, word.start + len(name) + 1)
        return WrongLine(f"{message} See %flexiflow help.", f"{name} {line}", at, place(self.shell))

    def misplaced(self, line: str) -> None:
        """Refuse a cell whose ``%%flexiflow`` is not its first line.

        Raises
        ------
        WrongLine
            Always.
        """
        message = "%%flexiflow must be on the first line of its cell. Move what is above it away."
        raise WrongLine(message, f"%%flexiflow {line}", None, place(self.shell))


def _below_ours(error: BaseException) -> TracebackType | None:
    """Where the traceback of an error in the user's own code leaves the frames of ours."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.tb_next
    return frame


def load_ipython_extension(shell: Any) -> None:
    """Make ``%%flexiflow`` and ``%flexiflow`` known; ``%load_ext flexiflow`` calls this."""
    unload_ipython_extension(shell)
    magics = FlexiFlowMagics(shell)
    shell.register_magics(magics)
    shell.magics_manager.magics["line"][_MISPLACED] = magics.misplaced
    shell.Completer.custom_matchers.append(Completer(shell).match)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics and their completions away; ``%unload_ext flexiflow`` calls this."""
    for known in shell.magics_manager.magics.values():
        for name in ("flexiflow", _MISPLACED):
            known.pop(name, None)
    matchers = shell.Completer.custom_matchers
    ours = [m for m in matchers if getattr(m, "matcher_identifier", None) == NAME]
    for matcher in ours:
        matchers.remove(matcher)
