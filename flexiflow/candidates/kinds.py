"""The kinds of candidate, in the order they are tried, and the filling of the seam.

A kind is made with the model and its options; ``hold`` finds the first that accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flexiflow.candidates.base import Options
from flexiflow.candidates.endpoint import Remote
from flexiflow.candidates.estimator import Estimator
from flexiflow.candidates.function import Function
from flexiflow.candidates.module import Module
from flexiflow.candidates.onnx import Onnx
from flexiflow.candidates.workflow import Workflow
from flexiflow.errors import BadInput

KINDS: tuple[Any, ...] = (Module, Workflow, Onnx, Remote, Estimator, Function)
"""Classes that fill the seam ``base.Kind``; the first that accepts a model runs it."""


class Together:
    """Runs a list of inputs at once: each argument is a list, so is the answer."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.seed_at = getattr(kind, "seed_at", None)

    def __call__(self, *args: list[Any], **kwargs: Any) -> Any:
        """Run them by the kind's own way of stacking, or hand the lists to the model."""
        stacked = getattr(self.kind, "together", None)
        return self.kind(*args, **kwargs) if stacked is None else stacked(args, kwargs)


def hold(model: Any, options: Options) -> Callable[..., Any]:
    """Fill the seam with the first kind that accepts the model.

    Raises
    ------
    BadInput
        No kind does.
    """
    for kind in KINDS:
        if kind.accepts(model):
            made: Callable[..., Any] = kind(model, options)
            return Together(made) if options.batch else made
    if isinstance(model, type):
        raise BadInput(
            f"A candidate must be a model, not a class of models. Got the class "
            f"{model.__name__}. Make one of it: {model.__name__}(...)"
        )
    known = ", ".join(kind.expects for kind in KINDS)
    raise BadInput(
        f"A candidate must be one of: {known}. "
        f"Got an object of type {type(model).__name__} instead. Wrap it in a function."
    )
