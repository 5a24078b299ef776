"""From a workflow and a plan to a server that runs."""

from __future__ import annotations

from typing import Any, Literal

from flexiflow.errors import BadInput
from flexiflow.options import one_of, settings_from
from flexiflow.planning import Plan
from flexiflow.serving.served import Served
from flexiflow.serving.server import Server


def serve(
    workflow: Served,
    plan: Plan | None = None,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    longest: int = 2**26,
    most: int = 256,
    deadline: float | None = None,
    learn: bool = True,
    on_failure: Literal["return", "raise"] | None = None,
    seed: int | None = None,
    **options: Any,
) -> Server:
    r"""Serve a workflow as a plan says: its variants first, in its batches, by its replicas.

    Parameters
    ----------
    workflow
        What to serve.
    plan
        As ``workflow.plan(...)`` gives one. Without, each node has one replica and the
        sampler says what comes first.
    port
        Answer over HTTP at this port too, 0: any that is free (see ``server.url``); None: only
        within this process. Needs FastAPI and uvicorn, ``pip install 'flexiflow[serve]'``.
    host
        Address to bind to.
    longest
        Bytes that the body of an HTTP request may have, 64 MiB by default.
    most
        Jobs under way at a time; one more is refused at once.
    deadline
        Seconds that a job has unless it says otherwise; None: any number.
    learn
        Whether the order in which candidates are tried moves while serving. What is logged
        teaches the workflow in any case, once it is used again.
    on_failure
        As for the workflow, whose it is by default.
    seed
        Makes what the sampler draws repeatable, for jobs that come one after the other.
    **options
        ``max_attempts``, ``max_seconds``, ``stop_when``, ``on_refusal``, ``cooldown``, as for
        ``workflow.run``.

    Returns
    -------
    Server
        It runs until its ``close``, or the end of a ``with`` statement on it.

    Examples
    --------
    >>> import asyncio, flexiflow
    >>> from flexiflow.language import read
    >>> text = "shout(x)\nloud = (str.title | str.upper)(x)\nassert loud.isupper()"
    >>> shout = flexiflow.Workflow(read(text, {}), store=flexiflow.MemoryStore())
    >>> with serve(shout) as server:
    ...     asyncio.run(server("hello"))
    'HELLO'
    """
    for name in ("executor", "clock"):
        if name in options:
            raise BadInput(f"A server has its own {name}: leave {name}= out.")
    wanted = one_of("on_failure", on_failure or workflow._on_failure, ("return", "raise"))
    settings = settings_from(workflow.settings, options)
    server = Server(
        workflow, plan, settings, most=most, deadline=deadline, learn=learn, on_failure=wanted,
        seed=seed,
    )  # fmt: skip
    if port is not None:
        try:
            from flexiflow.serving.web import answer

            server.url, server._door = answer(server, host, port, longest)
        except BaseException:
            server.close()
            raise
    return server
