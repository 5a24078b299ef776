"""FlexiFlow: workflows whose steps name several models and learn which to try first.

A step names candidates, assertions say what a good output is. For every job candidates are
tried in a learned order, outputs are checked, failures switch in place or roll back, and
nothing is computed twice. See :func:`workflow`, or ``%load_ext flexiflow`` in a notebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flexiflow.candidates import (
    Result,
    any_of,
    candidate,
    chat,
    endpoint,
    memory_bound,
    named,
    onnx,
)
from flexiflow.comparing import compare
from flexiflow.defining import workflow
from flexiflow.errors import (
    BadInput,
    FlexiFlowError,
    JobFailed,
    Refused,
    StoreError,
    Unavailable,
    WorkerError,
    WorkflowSyntaxError,
)
from flexiflow.flow import Workflow
from flexiflow.language.words import (
    confidence,
    context,
    cost,
    extra,
    maximize,
    minimize,
    runtime,
    threshold,
)
from flexiflow.records import Attempt, Job, Outcome, Verdict
from flexiflow.run import Run
from flexiflow.samplers import (
    KLUCB,
    UCB,
    EpsilonGreedy,
    Fixed,
    Greedy,
    Hybrid,
    Random,
    Sampler,
    Thompson,
)
from flexiflow.stores import MemoryStore, Store

if TYPE_CHECKING:
    from flexiflow.stores import SQLStore

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - sorted as plain text, capitals within a name or not
    "Attempt",
    "BadInput",
    "EpsilonGreedy",
    "Fixed",
    "FlexiFlowError",
    "Greedy",
    "Hybrid",
    "Job",
    "JobFailed",
    "KLUCB",
    "MemoryStore",
    "Outcome",
    "Random",
    "Refused",
    "Result",
    "Run",
    "SQLStore",
    "Sampler",
    "Store",
    "StoreError",
    "Thompson",
    "UCB",
    "Unavailable",
    "Verdict",
    "WorkerError",
    "Workflow",
    "WorkflowSyntaxError",
    "any_of",
    "candidate",
    "chat",
    "compare",
    "confidence",
    "context",
    "cost",
    "endpoint",
    "extra",
    "load_ipython_extension",
    "maximize",
    "memory_bound",
    "minimize",
    "named",
    "onnx",
    "runtime",
    "threshold",
    "unload_ipython_extension",
    "workflow",
]


def load_ipython_extension(shell: Any) -> None:
    """Make ``%%flexiflow`` and ``%flexiflow`` known to a notebook's shell."""
    from flexiflow.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics and their completions away again."""
    from flexiflow.magics import unload_ipython_extension as unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the built extension, for who works on it."""
    return [{"src": "labextension", "dest": "flexiflow"}]


def _meet_the_page() -> None:
    """In a kernel, let JupyterLab's side panel ask about the notebook's workflows."""
    from flexiflow.sidebar import attach_if_in_kernel

    attach_if_in_kernel()


def __getattr__(name: str) -> Any:
    if name == "SQLStore":  # opening a database is the only reason to load SQLAlchemy
        from flexiflow.stores import SQLStore

        return SQLStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_meet_the_page()
