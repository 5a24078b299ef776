"""What waits at a node, gathered into batches; time is given, so nothing here waits.

A batch is due as soon as it is full, or its oldest call has waited as long as its place asks;
of several that are due the one with the oldest call goes first. Only calls of one candidate
with the same settings (keyword arguments) go together.
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from flexiflow.candidates.base import Candidate, Raw
from flexiflow.candidates.batch import Waiting, alike
from flexiflow.serving.places import Place


@dataclass(eq=False, kw_only=True)
class Call(Waiting):
    """A candidate to be run once on one input, and whom to tell.

    Attributes
    ----------
    since
        When it came, seconds of the server's clock.
    until
        Its job's deadline on the same clock.
    future
        Gets what came of it.
    """

    candidate: Candidate
    since: float
    until: float = math.inf
    future: Future[Raw] = field(default_factory=Future)


class Gathering:
    """The calls that wait at one node; not thread-safe.

    Attributes
    ----------
    place
        How the node is served; may be set at any time.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._groups: list[deque[Call]] = []  # each of calls that may share a batch

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def put(self, call: Call) -> None:
        """Add a call at the end."""
        for group in self._groups:
            if _together(group[0], call):
                group.append(call)
                return
        self._groups.append(deque([call]))

    def take(self, now: float) -> list[Call]:
        """The next batch that is due; empty if none is."""
        due = [group for group in self._groups if self._when(group) <= now]
        if not due:
            return []
        group = min(due, key=lambda g: g[0].since)
        size = min(len(group), self.place.room(group[0].candidate))
        batch = [group.popleft() for _ in range(size)]
        if not group:
            self._groups.remove(group)
        return batch

    def due(self) -> float | None:
        """When the next batch is due if no call comes before; None if nothing waits."""
        return min(map(self._when, self._groups), default=None)

    def _when(self, group: deque[Call]) -> float:
        oldest = group[0]
        if len(group) >= self.place.room(oldest.candidate):
            return -math.inf
        return oldest.since + self.place.patience(oldest.candidate)


def _together(one: Call, other: Call) -> bool:
    """Whether two calls wait in one group; calls that are run one by one always may."""
    if one.candidate is not other.candidate:
        return False
    return one.candidate.options.batch is None or alike(one, other)
