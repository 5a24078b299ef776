"""Any Python callable as a candidate: functions, methods, partials, objects with __call__.

An async callable needs no more: what it returns is awaited on the loop thread
(``looping.py``). A callable with a parameter named ``seed`` is given the attempt's seed
where the workflow does not pass one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from flexiflow.candidates import looping
from flexiflow.candidates.base import Options


def seed_place(function: Callable[..., Any]) -> int | None:
    """Say how many positional arguments leave the parameter ``seed`` free.

    None if there is no such parameter, if it takes no keyword, or if a partial has set it.

    Examples
    --------
    >>> seed_place(lambda x, seed=0: x), seed_place(lambda x: x)
    (1, None)
    """
    if isinstance(function, functools.partial) and "seed" in function.keywords:
        return None
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # builtins of C often have no signature
        return None
    for place, parameter in enumerate(parameters):
        if parameter.name == "seed":
            if parameter.kind is parameter.KEYWORD_ONLY:
                return 1_000_000
            return place if parameter.kind is parameter.POSITIONAL_OR_KEYWORD else None
    return None


class Function:
    """Calls the model as it is."""

    expects = "a callable"

    def __init__(self, model: Callable[..., Any], options: Options | None = None) -> None:
        self.model = model
        self.seed_at = seed_place(model)
        if inspect.iscoroutinefunction(model):
            looping.start()  # so that the first attempt's seconds hold the model alone

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it can be called; a class of models that was not made into one cannot."""
        forgotten = isinstance(model, type) and any(hasattr(model, n) for n in _MODEL_METHODS)
        return callable(model) and not forgotten

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.model(*args, **kwargs)


_MODEL_METHODS = ("predict", "forward")
