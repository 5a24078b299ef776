"""The errors of FlexiFlow, drawn as a tree.

    FlexiFlowError
      WorkflowSyntaxError   the text of a workflow breaks a rule of the language
      BadInput              a job, a column or an option is not what the workflow asks for
      JobFailed             a job did not pass and ``on_failure="raise"`` was asked for
      WorkerError           the machine failed (a pool died, code could not be shipped)
      StoreError            the store could not read or write
        StoreFull           no space is left; nothing acknowledged was lost
        StoreLocked         another process holds the database
        StoreCorrupt        the file is not a readable store; it is left untouched
      Missing               a value was asked for that a candidate did not give
    Refused                 raised by a candidate: it declines this input
    Unavailable             raised by a candidate: not reachable now, try later

``Refused`` and ``Unavailable`` are for candidates to raise; all others are raised to the user.
"""

from __future__ import annotations


class FlexiFlowError(Exception):
    """Base class of all errors that FlexiFlow raises to its user."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the message alone."""
        return [f"{type(self).__name__}: {self}"]


class WorkflowSyntaxError(FlexiFlowError):
    r"""The text of a workflow breaks a rule of the language.

    Not a subclass of ``SyntaxError``: notebooks would then show every frame of the reader
    in place of the user's own line.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    hint
        What to write instead.
    line, column
        Where, counted from 1 and from 0, in ``source``.
    source
        The text of the whole definition, header included.
    filename
        Where the text came from (a cell, a file).

    Examples
    --------
    >>> print(WorkflowSyntaxError("a loop is not a step", "use any_of(...)", 2, 0,
    ...                           "f(x)\nfor a in x: pass", "cell"))
    a loop is not a step
      cell, line 2
        for a in x: pass
        ^
    use any_of(...)
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        line: int = 1,
        column: int = 0,
        source: str = "",
        filename: str = "<workflow>",
    ) -> None:
        self.message, self.hint = message, hint
        self.line, self.column = line, column
        self.source, self.filename = source, filename
        super().__init__(self._text())

    def _text(self) -> str:
        lines = self.source.splitlines()
        shown = lines[self.line - 1] if 0 < self.line <= len(lines) else ""
        indent = len(shown) - len(shown.lstrip())
        text = self.message + f"\n  {self.filename}, line {self.line}"
        if shown.strip():
            text += f"\n    {shown.strip()}\n    {' ' * max(self.column - indent, 0)}^"
        return text + (f"\n{self.hint}" if self.hint else "")


class BadInput(FlexiFlowError, ValueError):
    """A job, a column or an option is not what was expected."""


class JobFailed(FlexiFlowError):
    """A job did not pass; ``outcome`` holds its best attempt and all its records."""

    def __init__(self, message: str, outcome: object = None) -> None:
        super().__init__(message)
        self.outcome = outcome


class WorkerError(FlexiFlowError):
    """The machine that runs candidates failed; nothing was learned from the attempt."""


class StoreError(FlexiFlowError):
    """The store could not read or write."""


class StoreFull(StoreError):
    """No space is left for the store; what was acknowledged is safe."""


class StoreLocked(StoreError):
    """Another process holds the store's database for too long."""


class StoreCorrupt(StoreError):
    """The file is not a readable store; it was left as it is."""


class Missing(FlexiFlowError):
    """A confidence or an extra was read that the candidate did not give."""


class Refused(Exception):
    """Raise this in a candidate that declines an input (a safety refusal)."""


class Unavailable(Exception):
    """Raise this in a candidate that cannot be reached now (rate limit, connection refused).

    Parameters
    ----------
    message
        What happened.
    retry_after
        Seconds until it is worth asking again, where the service says so.
    """

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
