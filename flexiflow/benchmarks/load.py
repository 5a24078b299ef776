"""Jobs that arrive at a server when they are due, however long the answers take.

A job's seconds count from when it was due, so that a server that falls behind is seen to.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from flexiflow.serving import Busy, Late, Server

Floats = NDArray[np.float64]

_NAP = 0.005  # seconds
_CLIENTS = 64  # requests at a time
_PATIENCE = 60.0  # seconds
_HEADERS = {"Content-Type": "application/json"}


async def awaited(server: Server, due: Floats) -> Floats:
    """Seconds of each job that is awaited in this process; infinite where it was refused."""
    found, begun = np.full(len(due), np.inf), time.perf_counter()

    async def ask(k: int) -> None:
        try:
            await server.job(k)
        except (Busy, Late):
            return
        found[k] = time.perf_counter() - begun - due[k]

    async with asyncio.TaskGroup() as group:
        for k, when in enumerate(due.tolist()):
            await asyncio.sleep(max(begun + when - time.perf_counter(), 0.0))
            group.create_task(ask(k))
    return found


def posted(server: Server, due: Floats) -> Floats:
    """Seconds of each job that is posted over HTTP; infinite where it was not done."""
    found, place = np.full(len(due), np.inf), urlsplit(server.url or "")

    def ask(k: int) -> None:
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE)
        with closing(line):
            line.request("POST", "/jobs", json.dumps({"x": k}), _HEADERS)
            told = line.getresponse()
            told.read()
            if told.status == http.client.OK:
                found[k] = time.perf_counter() - begun - due[k]

    begun = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        asked = []
        for k, when in enumerate(due.tolist()):
            time.sleep(max(begun + when - time.perf_counter(), 0.0))
            asked.append(clients.submit(ask, k))
    for one in asked:
        one.result()
    return found


@contextmanager
def oversleeping() -> Iterator[list[float]]:
    """Context in which a thread naps: by how many seconds it overslept, each time.

    What a machine does to a thread that only sleeps, it does to every hop of a served job.
    """
    found, ended = list[float](), threading.Event()

    def nap() -> None:
        while not ended.is_set():
            began = time.perf_counter()
            time.sleep(_NAP)
            found.append(time.perf_counter() - began - _NAP)

    sleeper = threading.Thread(target=nap, name="flexiflow-nap", daemon=True)
    sleeper.start()
    try:
        yield found
    finally:
        ended.set()
        sleeper.join()
