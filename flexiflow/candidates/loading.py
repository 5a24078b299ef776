"""Models that are loaded at first use and given up when memory is short.

``candidate(load=make_model, release=give_up)`` calls ``make_model()`` once, however many
threads ask, before the clock of the attempt starts. Before each loading the models that
are idle are released, the least recently used first, until this process is under the
bound: ``memory_bound`` bytes of resident memory, 80 % of the machine's by default. A model
in use stays. A released model is loaded again at its next use.
"""

from __future__ import annotations

import gc
import importlib
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flexiflow.candidates.base import Options, Raw
from flexiflow.candidates.call import CAUGHT, attempt
from flexiflow.candidates.judging import failed
from flexiflow.candidates.kinds import hold
from flexiflow.candidates.onnx import opened_later
from flexiflow.errors import BadInput

_loaded: dict[int, weakref.ref[Loaded]] = {}  # in the order of their last use
_order = threading.Lock()
_bound: list[int] = []


def source(model: Any, options: Options, name: str) -> Any:
    """Give the kind that holds a model, or that will load it."""
    try:
        options = opened_later(model, options)
        return Loaded(options) if options.load is not None else hold(model, options)
    except BadInput as error:
        raise BadInput(f"The candidate {name!r} cannot be used. {error}") from None


class Loaded:
    """A kind that is made at first use.

    Examples
    --------
    >>> model = Loaded(Options(load=lambda: len))
    >>> model.is_loaded, model([1, 2]), model.is_loaded
    (False, 2, True)
    """

    def __init__(self, options: Options) -> None:
        assert options.load is not None
        self._options, self._load = options, options.load
        self._model: Any = None
        self._kind: Callable[..., Any] | None = None
        self._users = 0
        self._lock = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._kind is not None

    def prepare(self) -> tuple[Callable[..., Any], Callable[[], None]]:
        """Load the model if need be and hold it until what comes second is called."""
        with self._lock:
            if self._kind is None:
                release_idle()
                self._model = self._load()
                self._kind = hold(self._model, self._options)
            self._users += 1
            kind = self._kind
        self._touch()
        return kind, self._leave

    def raw(self, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Raw:
        """Run it once; loading is in no clock, and failing to load is the attempt's failure."""
        try:
            kind, done = self.prepare()
        except CAUGHT as error:
            return failed(error, 0.0)
        try:
            return attempt(kind, args, kwargs, seed)
        finally:
            done()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model, loading it first."""
        kind, done = self.prepare()
        try:
            return kind(*args, **kwargs)
        finally:
            done()

    def release(self) -> bool:
        """Give the model up unless it is in use or not loaded; whether it was."""
        if not self._lock.acquire(blocking=False):
            return False  # it is being loaded just now
        try:
            if self._kind is None or self._users:
                return False
            model, self._model, self._kind = self._model, None, None
            with _order:
                _loaded.pop(id(self), None)
            if self._options.release is not None:
                self._options.release(model)
        finally:
            self._lock.release()
        return True

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
        self._touch()

    def _touch(self) -> None:
        key = id(self)
        with _order:
            _loaded.pop(key, None)
            _loaded[key] = weakref.ref(self)


def memory_bound(limit: int | None = None) -> int:
    """Set, or with no argument read, the bound of this process's memory, in bytes."""
    if limit is not None:
        if not isinstance(limit, int) or isinstance(limit, bool) or limit <= 0:
            raise BadInput(f"The memory bound must be bytes, above 0. Got {limit!r} instead.")
        _bound[:] = [limit]
    if not _bound:
        _bound[:] = [int(0.8 * _machine_memory())]
    return _bound[0]


def release_idle(limit: int | None = None) -> int:
    """Release idle models, the least recently used first, while memory is over the limit.

    Parameters
    ----------
    limit
        Bytes of resident memory of this process; default: ``memory_bound()``.

    Returns
    -------
    int
        How many models were released.
    """
    limit = memory_bound() if limit is None else limit
    with _order:
        candidates = [ref() for ref in _loaded.values()]
        for key in [key for key, ref in _loaded.items() if ref() is None]:
            del _loaded[key]
    released = 0
    for candidate in candidates:
        if candidate is None or _resident_memory() <= limit:
            continue
        if candidate.release():
            released += 1
            gc.collect()
    return released


def _psutil() -> Any:
    return importlib.import_module("psutil")  # it publishes no types


def _resident_memory() -> int:
    return int(_psutil().Process(os.getpid()).memory_info().rss)


def _machine_memory() -> int:
    """Give the memory that this process may use: the machine's, or its container's."""
    total = int(_psutil().virtual_memory().total)
    try:
        allowed = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(allowed)) if allowed.isdigit() else total
