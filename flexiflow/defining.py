"""The decorator: a function whose body is written in the language becomes a workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from flexiflow.flow import Workflow
from flexiflow.language import read_function


@overload
def workflow(function: Callable[..., Any]) -> Workflow: ...
@overload
def workflow(**options: Any) -> Callable[[Callable[..., Any]], Workflow]: ...
def workflow(
    function: Callable[..., Any] | None = None, **options: Any
) -> Workflow | Callable[[Callable[..., Any]], Workflow]:
    """Make a workflow of a function whose body is written in the language.

    The body is read, not run; see the README for the statements it may hold. With options
    (``sampler``, ``store``, ``on_failure`` and those of :meth:`Workflow.run`) write
    ``@flexiflow.workflow(max_attempts=5)``.

    Raises
    ------
    WorkflowSyntaxError
        Where the body breaks a rule of the language, at the user's own line.
    """
    if function is None:
        return lambda f: Workflow(read_function(f), namespace=f.__globals__, **options)
    return Workflow(read_function(function), namespace=function.__globals__, **options)
