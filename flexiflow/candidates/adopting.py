"""From the user's object to a candidate: its kind, wrapped as its options ask.

From the inside out: the kind that holds the model (made at first use with ``load=``), in a
process of its own with ``isolate=``, gathered into batches with ``batch=``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flexiflow.candidates.base import Candidate, Declared, Options
from flexiflow.candidates.batch import Batched
from flexiflow.candidates.fingerprint import fingerprint
from flexiflow.candidates.isolate import Isolated
from flexiflow.candidates.loading import source
from flexiflow.candidates.onnx import read_as_onnx

_DEFAULTS = Options()


def adopt(model: Any, name: str) -> Candidate:
    """Make a candidate of a model.

    Parameters
    ----------
    model
        The user's object, or what ``candidate(...)`` made of it.
    name
        What it is called, unless it was declared with a name of its own.

    Raises
    ------
    BadInput
        No kind of candidate can hold an object of this type.

    Examples
    --------
    >>> adopt(len, "count").kind([1, 2, 3])
    3
    >>> adopt(3, "three")
    Traceback (most recent call last):
    flexiflow.errors.BadInput: The candidate 'three' cannot be used. A candidate must be one \
of: a torch module, another workflow, an ONNX file (a path that ends in .onnx), an endpoint, \
an estimator with predict(), a callable. \
Got an object of type int instead. Wrap it in a function.
    """
    declared = model if isinstance(model, Declared) else Declared(model, None, _DEFAULTS)
    name, options = declared.name or name, declared.options
    model = read_as_onnx(declared.model)
    kind = _compose(model, options, name)
    return Candidate(name, model, options, kind, _identity(model, options))


def _compose(model: Any, options: Options, name: str) -> Any:
    kind = source(model, options, name)
    if options.isolate:
        kind = Isolated(model, options, name)
    return Batched(kind, options.batch, options.timeout) if options.batch else kind


def _identity(model: Any, options: Options) -> str:
    """Digest the model and the options that were set (new options leave old digests alone)."""
    values = {f.name: getattr(options, f.name) for f in fields(options)}
    return fingerprint(
        model, {k: v for k, v in values.items() if v != getattr(_DEFAULTS, k) and k != "release"}
    )
