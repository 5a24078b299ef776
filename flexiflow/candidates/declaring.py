"""The words with which a user declares candidates: candidate, named, any_of."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flexiflow.candidates.base import OPTION_NAMES, Alternatives, Declared, Named, Options
from flexiflow.errors import BadInput


def candidate(model: Any = None, *, name: str | None = None, **options: Any) -> Declared:
    """Say how a model is to be run: its time limit, its price, its device.

    Parameters
    ----------
    model
        Any object that can be a candidate; left out with ``load=``.
    name
        What it is called in its workflow; default: its source text.
    **options
        ``timeout`` seconds, after which the attempt has failed (a thread is abandoned, a
        process killed); ``cost`` of one attempt, in the user's unit; ``retries`` after
        an exception; ``rerolls`` with a new seed; ``batch`` inputs gathered into one
        call with lists; ``load`` a function that makes the model at first use and
        ``release`` one that gives it up; ``isolate="process"``; ``effects=True`` if it
        acts on the world; ``device`` of a torch module.

    Raises
    ------
    BadInput
        An option is unknown or has a bad value, or there is no model.

    Examples
    --------
    >>> candidate(len, timeout=5, cost=0.002, name="count").options.timeout
    5
    >>> candidate(len, time_out=5)
    Traceback (most recent call last):
    flexiflow.errors.BadInput: A candidate has no option 'time_out'. Did you mean 'timeout'?
    """
    for option in options:
        if option not in OPTION_NAMES:
            raise BadInput(f"A candidate has no option {option!r}. {_instead(option)}")
    if isinstance(model, Declared):
        name = model.name if name is None else name
        model, made = model.model, replace(model.options, **options)
    else:
        made = Options(**options)
    if name is not None and not (isinstance(name, str) and name.strip()):
        raise BadInput(f"The name of a candidate must be a text. Got {name!r} instead.")
    _check_source(model, made)
    return Declared(model, name, made)


def _instead(option: str) -> str:
    close = difflib.get_close_matches(option, OPTION_NAMES, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"The options are: {', '.join(sorted(OPTION_NAMES))}."


def _check_source(model: Any, options: Options) -> None:
    if model is None and options.load is None:
        raise BadInput("A candidate needs a model, or load= with a function that makes one.")
    if model is not None and options.load is not None:
        raise BadInput("A candidate takes either a model or load=, not both. Leave one out.")
    if options.release is not None and options.load is None:
        raise BadInput("release= goes with load=: only a model that was loaded is released.")


def named(**models: Any) -> Named:
    """Give models the names they shall have in a workflow.

    Examples
    --------
    >>> named(fast=len, slow=sum).models
    (('fast', <built-in function len>), ('slow', <built-in function sum>))
    """
    if not models:
        raise BadInput("named() needs at least one model: named(fast=my_model).")
    return Named(tuple(models.items()))


def any_of(models: Sequence[Any] | Mapping[str, Any]) -> Alternatives:
    """Take a list of models, or a dict of names to models, as the alternatives of a node.

    Raises
    ------
    BadInput
        It is neither, or it is empty, or a name is not a text.

    Examples
    --------
    >>> any_of([len, sum]).models
    ((None, <built-in function len>), (None, <built-in function sum>))
    >>> any_of({"count": len}).models
    (('count', <built-in function len>),)
    """
    if isinstance(models, Mapping):
        pairs: tuple[tuple[str | None, Any], ...] = tuple(models.items())
    elif isinstance(models, (list, tuple)) and not hasattr(models, "_fields"):
        pairs = tuple((None, model) for model in models)
    else:
        raise BadInput(
            f"any_of() takes a list of models or a dict of names to models. "
            f"Got {type(models).__name__} instead. Write any_of([...])."
        )
    if not pairs:
        raise BadInput("any_of() got no models. Put at least one into the list or dict.")
    for name, _ in pairs:
        if name is not None and not (isinstance(name, str) and name.strip()):
            raise BadInput(f"A name in any_of() must be a text. Got {name!r} instead.")
    return Alternatives(pairs)
