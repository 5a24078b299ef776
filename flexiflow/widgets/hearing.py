"""Who hears what a page says, where ipykernel answers pages in threads of their own."""

from __future__ import annotations

from typing import Any


def answer_where_asked(comm: Any) -> None:
    """Let a page be heard while a cell runs.

    From version 7.4 on ipykernel hands what a page says to the shell that spoke to it last,
    whatever the page asked for. Here that is a thread, which speaks for the shell of the
    cells, and that one is busy as long as a cell runs.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None
