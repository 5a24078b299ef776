"""Where the candidates of served jobs run: each at the station of its node.

The runner hands every call of a candidate to an executor; this one sends it to its node's
station. So a served job goes the very way that any other job goes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, cast

from flexiflow.graph import Graph
from flexiflow.serving.gathering import Call
from flexiflow.serving.places import Place
from flexiflow.serving.station import Station

P = ParamSpec("P")
T = TypeVar("T")

UNTIL: ContextVar[float] = ContextVar("flexiflow_until", default=math.inf)
"""The deadline of the job that is run in this context, on the server's clock."""


class Dispatch(ThreadPoolExecutor):
    """Runs each candidate at its node's station, on threads of this process.

    Parameters
    ----------
    graph
        Whose candidates are run.
    places
        How each node is served.
    clock
        Seconds, ascending.

    Attributes
    ----------
    stations
        One a node, in the order of the nodes.
    """

    def __init__(
        self, graph: Graph, places: Sequence[Place], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(1)  # it starts a thread only where it is given work itself
        self._clock = clock
        self.stations = tuple(Station(place, clock) for place in places)
        self._home = {
            id(candidate): station
            for node, station in zip(graph.nodes, self.stations, strict=True)
            for candidate in node.candidates
        }

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a candidate to its station.

        ``args`` are those of :func:`flexiflow.candidates.call.run`, which ``fn`` is.
        """
        given = cast(tuple[Any, tuple[Any, ...], dict[str, Any], int], args)
        candidate, values, settings, seed = given
        one = Call(
            values, settings, seed, candidate=candidate, since=self._clock(), until=UNTIL.get()
        )
        self._home[id(candidate)].put(one)
        return cast(Future[T], one.future)

    def set(self, places: Sequence[Place]) -> None:
        """Serve the nodes so from now on; what waits stays."""
        for station, place in zip(self.stations, places, strict=True):
            station.set(place)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Run what waits, and let all replicas go."""
        for station in self.stations:
            station.close()
        super().shutdown(wait, cancel_futures=cancel_futures)
