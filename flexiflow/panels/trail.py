"""Beliefs as they are shown: read now and then, given out only where a change can be seen."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np

from flexiflow.panels.beliefs import Beliefs
from flexiflow.panels.betas import Floats

STEPS = 24  # earlier means that are kept
_MOVED = 0.01  # a mean has moved: the earlier one is added to the trail
_SEEN = 0.004  # a difference of probability that can be seen, and of seconds as a share


class Shown:
    """What the pages show of beliefs, node by node, each with the number of its last change."""

    def __init__(self, nodes: int) -> None:
        self.latest: Beliefs | None = None
        self.versions = [0] * nodes
        self._shown: list[dict[str, Any]] = [{} for _ in range(nodes)]
        self._trails: list[deque[Floats]] = [deque(maxlen=STEPS) for _ in range(nodes)]

    def take(self, beliefs: Beliefs) -> None:
        """Take a new reading; nodes where a change can be seen get a new number."""
        self.latest = beliefs
        for v, shown in enumerate(self._shown):
            fresh = {**beliefs.node(v), "posterior": beliefs.posterior(v)}
            if shown and not _differs(shown, fresh):
                continue
            trail, mean = self._trails[v], fresh["pass"][:, 0]
            old = shown["pass"][:, 0] if shown else None
            if old is not None and (not trail or abs(mean - trail[-1]).max() > _MOVED):
                trail.append(old)
            self._shown[v] = fresh
            self.versions[v] += 1

    def node(self, v: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """One node's beliefs, and its posterior with the trail of earlier means `(steps, k)`."""
        shown = dict(self._shown[v])
        posterior = dict(shown.pop("posterior"))
        earlier = list(self._trails[v])
        width = len(posterior["a"])
        posterior["trail"] = np.array(earlier, dtype=np.float32).reshape(len(earlier), width)
        return shown, posterior


class Pace:
    """Says when something may be worked out again: now and then, and less if that is slow.

    What counts as work is the thread's own time: waiting for a lock takes nothing from anyone.

    Parameters
    ----------
    least
        Seconds between two beginnings.
    rest
        Times as long as the work took until the next; 25 makes it 4 % of a core at most.

    Examples
    --------
    >>> pace = Pace()
    >>> pace.due(jobs=3)
    True
    """

    def __init__(self, least: float = 0.1, rest: float = 25.0) -> None:
        self._least, self._rest = least, rest
        self._jobs = -1
        self._next = -float("inf")
        self._start = self._worked = 0.0

    def due(self, jobs: int) -> bool:
        """Whether there is something new to read, and it is time to."""
        now = time.monotonic()
        if jobs == self._jobs or now < self._next:
            return False
        self._jobs, self._start, self._worked = jobs, now, time.thread_time()
        return True

    def done(self) -> None:
        """Note that the work has ended."""
        rest = self._rest * (time.thread_time() - self._worked)
        self._next = max(self._start + self._least, time.monotonic() + rest)


def _differs(shown: dict[str, Any], fresh: dict[str, Any]) -> bool:
    if not np.array_equal(shown["order"], fresh["order"]):
        return True
    if np.abs(shown["pass"] - fresh["pass"]).max(initial=0.0) > _SEEN:
        return True
    old, new = shown["seconds"], fresh["seconds"]
    if (np.isnan(old) != np.isnan(new)).any():
        return True
    apart = np.abs(np.nan_to_num(old) - np.nan_to_num(new))
    if (apart > 5 * _SEEN * np.nan_to_num(new)).any():
        return True
    old, new = np.nan_to_num(shown["context"]), np.nan_to_num(fresh["context"])
    return bool(np.abs(old - new).max(initial=0.0) > 5 * _SEEN)
