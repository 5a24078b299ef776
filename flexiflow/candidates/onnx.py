"""An ONNX file as a candidate, run by onnxruntime [1]_.

A path that ends in ``.onnx``, an open session, or either with ``onnx(...)`` around it. A
file is opened at first use and given up when memory is short (``loading.py``); it goes to
other processes as its path, so an open session stays in its own. The fingerprint is that of
the content: of the file and of the files with weights that it names.

References
----------
.. [1] https://onnxruntime.ai
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from flexiflow.candidates.base import Options, Result
from flexiflow.candidates.onnx_content import digest_of_file
from flexiflow.candidates.onnx_session import opened, providers
from flexiflow.candidates.onnx_session import runtime_package as runtime_package
from flexiflow.candidates.onnx_tensors import Slot, expects, fitted, slots, split, stacked
from flexiflow.candidates.views import View, view
from flexiflow.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class OnnxModel:
    """A file or an open session, and how its outputs are read; made by :func:`onnx`."""

    path: str | None
    session: Any
    classes: tuple[Any, ...] | None = None
    outputs: str | tuple[str, ...] | None = None
    threads: int | None = None

    def __repr__(self) -> str:
        return f"onnx({self.__name__!r})"

    @property
    def __name__(self) -> str:
        """What it is called in a list of models: the name of its file."""
        return os.path.basename(self.path) if self.path else "session"

    def __getstate__(self) -> dict[str, Any]:
        if self.path is None:
            raise TypeError("an open session of onnxruntime stays in its process; give the path")
        return dict(vars(self))


def onnx(
    model: Any,
    *,
    classes: Sequence[Any] | None = None,
    outputs: str | Sequence[str] | None = None,
    threads: int | None = None,
) -> OnnxModel:
    """Say how an ONNX model is read; its device is ``candidate(onnx(...), device="cuda")``.

    Parameters
    ----------
    model
        A path that ends in ``.onnx``, or an ``onnxruntime.InferenceSession``. It is called
        with arrays (lists, numbers, tensors) in the order of its inputs or by name, or with
        one dict of names to arrays; one example without its batch axis is answered alike.
    classes
        A label for each score of its output, shape (classes,) or (1, classes): the value is
        the best label, the confidence its probability (after a softmax unless the scores are
        a distribution); ``proba`` and ``classes`` are extras.
    outputs
        The name of the output to give; or several names, given as a tuple. By default the
        only output, or a dict of them all; with ``classes`` the first that has the scores.
    threads
        How many threads share the work of one call on a processor; by default as many as this
        process may use cores. Take 1 where jobs run side by side (``workers=``), where the
        model is small, or where the seconds of several models are to be compared. An open
        session has its threads already.

    Raises
    ------
    BadInput
        There is no such file, an option is not as said, or onnxruntime is not installed.

    Examples
    --------
    >>> onnx("missing.onnx")
    Traceback (most recent call last):
    flexiflow.errors.BadInput: There is no ONNX file 'missing.onnx'. Give the path of one.
    """
    if isinstance(model, OnnxModel):
        model = model.path or model.session
    texts = isinstance(classes, (str, bytes))
    if classes is not None and (texts or len(classes) < 2):
        raise BadInput(f"classes= must be a list of two or more labels. Got {classes!r} instead.")
    if outputs is not None and not isinstance(outputs, str):
        outputs = tuple(outputs)
    if threads is not None and (
        isinstance(threads, bool) or not isinstance(threads, int) or threads < 1
    ):
        raise BadInput(f"threads= must be a whole number, 1 or more. Got {threads!r} instead.")
    labels = None if classes is None else tuple(classes)
    if _is_session(model):
        if threads is not None:
            raise BadInput("An open session has its threads already. Leave threads= out.")
        return OnnxModel(None, model, labels, outputs)
    if not _is_path(model):
        raise BadInput(
            f"onnx() takes a path that ends in .onnx, or an open session. Got {model!r} instead."
        )
    if not os.path.isfile(model):
        raise BadInput(f"There is no ONNX file {os.fspath(model)!r}. Give the path of one.")
    return OnnxModel(os.path.abspath(model), None, labels, outputs, threads)


def read_as_onnx(model: Any) -> Any:
    """Make a model of a path or a session; leave anything else as it is."""
    return onnx(model) if _is_path(model) or _is_session(model) else model


def opened_later(model: Any, options: Options) -> Options:
    """Have a file loaded at first use; what is missing on this machine is told at once."""
    if not isinstance(model, OnnxModel):
        return options
    if model.path is None:
        if options.device != "auto":
            raise BadInput("An open session has its device already. Leave device= out.")
        return options
    if importlib.util.find_spec("onnxruntime") is None:
        runtime_package()
    if options.device not in ("auto", "cpu"):
        providers(options.device)
    return replace(options, load=lambda: model)


class Onnx:
    """Runs an ONNX model on one example, or on a batch that the user made."""

    expects = "an ONNX file (a path that ends in .onnx)"

    def __init__(self, model: Any, options: Options | None = None) -> None:
        self.model: OnnxModel = read_as_onnx(model)
        device = options.device if options else "auto"
        self._session = self.model.session or opened(
            str(self.model.path), device, self.model.threads
        )
        self._inputs = slots(self._session.get_inputs())
        self._outputs, self._names = self._asked_for()

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it is a path that ends in .onnx, an open session, or made by onnx()."""
        return isinstance(model, OnnxModel) or _is_path(model) or _is_session(model)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; see :func:`onnx` for what it takes."""
        feed = fitted(self._inputs, args, kwargs)
        outputs = self._run(feed.arrays)
        if feed.widened:
            rows = split(self._inputs, self._outputs, feed.widened, outputs, 1)
            outputs = rows[0] if rows else outputs
        return self._told(outputs)

    def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Run many examples at once where the batch axis is open, else one by one."""
        rows = list(zip(*args, strict=True))
        feeds = [fitted(self._inputs, row, kwargs) for row in rows]
        joined = stacked(self._inputs, feeds)
        if joined is not None:
            outputs = self._run(joined)
            widened = feeds[0].widened
            parts = split(self._inputs, self._outputs, widened, outputs, len(rows))
            if parts is not None:
                return [self._told(part) for part in parts]
        return [self(*row, **kwargs) for row in rows]

    def _run(self, feed: dict[str, Any]) -> list[Any]:
        try:
            made: list[Any] = self._session.run(self._names, feed)
        except Exception as error:
            got = ", ".join(f"{name!r} {np.shape(array)}" for name, array in feed.items())
            raise RuntimeError(f"{expects(self._inputs)} Got {got}. {error}") from error
        return made

    def _asked_for(self) -> tuple[tuple[Slot, ...], list[str]]:
        made = {slot.name: slot for slot in slots(self._session.get_outputs())}
        asked = self.model.outputs
        names = [asked] if isinstance(asked, str) else list(made if asked is None else asked)
        for name in names:
            if name not in made:
                have = ", ".join(map(repr, made))
                raise BadInput(f"The model has no output {name!r}. Its outputs are {have}.")
        return tuple(made[name] for name in names), names

    def _told(self, outputs: list[Any]) -> Any:
        if self.model.classes is not None:
            return self._labelled(outputs, self.model.classes)
        if isinstance(self.model.outputs, tuple):
            return tuple(outputs)
        return outputs[0] if len(outputs) == 1 else dict(zip(self._names, outputs, strict=True))

    def _labelled(self, outputs: list[Any], classes: tuple[Any, ...]) -> Result:
        for scores in outputs:
            floats = getattr(getattr(scores, "dtype", None), "kind", "") == "f"
            if floats and scores.ndim in (1, 2) and scores.shape[-1] == len(classes):
                break
        else:
            got = ", ".join(
                f"{n!r} {np.shape(o)}" for n, o in zip(self._names, outputs, strict=True)
            )
            raise ValueError(
                f"classes= names {len(classes)} classes, and no output has a score for each. "
                f"Got {got}."
            )
        proba = _distribution(scores)
        best, sure = proba.argmax(-1), proba.max(-1)
        one = proba.ndim == 1
        value = classes[int(best)] if one else [classes[i] for i in best]
        return Result(value, float(np.mean(sure)), proba=proba, classes=list(classes))


def _distribution(scores: Any) -> Any:
    """Make scores of shape (..., classes) probabilities, unless they are."""
    rows = scores.astype(np.float64)
    if (rows >= 0).all() and (np.abs(rows.sum(-1) - 1) < 1e-3).all():
        return rows
    powers = np.exp(rows - rows.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _is_path(model: Any) -> bool:
    return isinstance(model, (str, Path)) and os.fspath(model).lower().endswith(".onnx")


def _is_session(model: Any) -> bool:
    runtime = sys.modules.get("onnxruntime")
    known = getattr(runtime, "InferenceSession", None)
    return isinstance(known, type) and isinstance(model, known)


@view.register(OnnxModel)
def _onnx_view(model: OnnxModel) -> View:
    read = {"classes": model.classes, "outputs": model.outputs, "threads": model.threads}
    return View("onnx", [_content(model), {k: v for k, v in read.items() if v is not None}])


def _content(model: OnnxModel) -> str:
    path = model.path or getattr(model.session, "_model_path", None)
    if path is not None:
        return digest_of_file(str(path))
    content = getattr(model.session, "_model_bytes", None)
    if not isinstance(content, bytes):
        _unreadable()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _unreadable() -> NoReturn:
    raise BadInput("The content of this session cannot be read. Give the path of its file.")
