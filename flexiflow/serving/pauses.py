"""Shorter pauses of Python's garbage collector while there is a server.

A full collection goes through every object of the process, those of all imported libraries too:
with this one's that is a tenth of a second and more in which no job goes on, the longest pause
of a served process. While a server is open what was there before is left out (``gc.freeze``).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

_lock = threading.Lock()
_open: set[object] = set()


def spared() -> Callable[[], None]:
    """Leave what there is out of collections, until all that was given back has been called."""
    token = object()
    with _lock:
        if not _open:
            gc.collect()
            gc.freeze()
        _open.add(token)

    def done() -> None:
        with _lock:
            if token in _open:
                _open.remove(token)
                if not _open:
                    gc.unfreeze()

    return done
