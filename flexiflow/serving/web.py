"""A server over HTTP: JSON in, JSON out, by FastAPI and uvicorn.

======================== =====================================================================
``POST /jobs``           body: the inputs by name; ``?deadline=`` seconds. The outcome
``GET /health``          whether jobs are taken
``GET /plan``            what serves each node
``GET /stats``           seconds, SLA misses, queues, utilisation
======================== =====================================================================

Bytes are written ``{"base64": "..."}``, in inputs and in outputs. Errors are
``{"error": "..."}``: 400 the inputs are wrong, 413 the body is longer than ``longest=``, 422 the
job did not pass though it must (``on_failure="raise"``, or a check of the input failed), 429 the
server is full, 503 it is closed, 504 the deadline has passed, 500 anything else.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import logging
import math
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flexiflow.encode import to_json
from flexiflow.errors import BadInput, JobFailed
from flexiflow.options import whole
from flexiflow.records import Outcome
from flexiflow.run import insist
from flexiflow.serving.bodies import Bounded
from flexiflow.serving.faults import Busy, Closed, Late
from flexiflow.serving.server import Server

_log = logging.getLogger(__name__)

LONGEST = 2**26  #: bytes of an output, and of a request's body where nothing else is said
_STATUS: Mapping[type[Exception], HTTPStatus] = {
    BadInput: HTTPStatus.BAD_REQUEST,
    JobFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    Busy: HTTPStatus.TOO_MANY_REQUESTS,
    Closed: HTTPStatus.SERVICE_UNAVAILABLE,
    Late: HTTPStatus.GATEWAY_TIMEOUT,
}
_BASE64 = "base64"


def answer(
    server: Server, host: str, port: int, longest: int = LONGEST
) -> tuple[str, Callable[[], None]]:
    """Have a server answer over HTTP, on a thread of its own.

    Parameters
    ----------
    server
        Which.
    host, port
        Address to bind to; port 0 is any that is free.
    longest
        Bytes that the body of a request may have.

    Returns
    -------
    tuple
        Its URL, and what ends it: once it returns, all requests have been answered.

    Raises
    ------
    BadInput
        If the address cannot be bound to, or FastAPI or uvicorn is not there.
    """
    application, uvicorn = Bounded(routes(server), whole("longest", longest, 1)), _needed("uvicorn")
    config = uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    config.load()
    bound = _bound(host, port)
    http = uvicorn.Server(config)
    thread = threading.Thread(target=http.run, args=([bound],), name="flexiflow-http", daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{bound.getsockname()[1]}"

    def close() -> None:
        http.should_exit = True
        thread.join()

    return url, close


def routes(server: Server) -> Any:
    """The application that answers for a server: an ASGI callable.

    Raises
    ------
    BadInput
        If FastAPI is not there.
    """
    fastapi = _needed("fastapi")
    made = fastapi.FastAPI(title=server.workflow.graph.name, docs_url=None, redoc_url=None)

    def told(status: int, plain: Any, headers: Mapping[str, str] | None = None) -> Any:
        text = plain if isinstance(plain, str) else to_json(plain, LONGEST)[0]
        return fastapi.Response(text, status, headers, "application/json")

    async def jobs(values: dict[str, Any], deadline: float | None = None) -> Any:
        """Run one job."""
        status, text, headers = await _job(server, values, deadline)
        return told(status, text, headers)

    async def health() -> Any:
        """Whether jobs are taken."""
        good = server.is_open
        return told(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE, {"open": good})

    async def plan() -> Any:
        """What serves each node."""
        return told(HTTPStatus.OK, server.describe())

    async def stats() -> Any:
        """What was done so far."""
        return told(HTTPStatus.OK, asdict(server.stats()))

    async def unreadable(request: Any, error: Any) -> Any:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return told(HTTPStatus.BAD_REQUEST, {"error": f"{where}: {first['msg']}"})

    async def elsewhere(request: Any, error: Any) -> Any:
        return told(error.status_code, {"error": f"{error.detail}: {request.url.path}"})

    made.add_api_route("/jobs", jobs, methods=["POST"], response_model=None)
    for path, endpoint in (("/health", health), ("/plan", plan), ("/stats", stats)):
        made.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    made.add_exception_handler(fastapi.exceptions.RequestValidationError, unreadable)
    for status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        made.add_exception_handler(int(status), elsewhere)
    return made


async def _job(
    server: Server, values: Mapping[str, Any], deadline: float | None
) -> tuple[HTTPStatus, str, dict[str, str]]:
    """Run one job: status, JSON, headers."""
    headers = dict[str, str]()
    try:
        inputs = {name: decoded(value) for name, value in values.items()}
        outcome = await server.within(server.deadline if deadline is None else deadline, inputs)
        insist(outcome, server.on_failure)
    except tuple(_STATUS) as error:
        status = next(s for kind, s in _STATUS.items() if isinstance(error, kind))
        if isinstance(error, Busy):
            headers["Retry-After"] = str(math.ceil(error.retry_after or 0.0))
        return status, json.dumps({"error": str(error)}), headers
    except Exception as error:  # the user's own, or the machine's: the next job is another matter
        _log.exception("a job of %s raised", server.workflow.graph.name)
        told = json.dumps({"error": f"{type(error).__name__}: {error}"})
        return HTTPStatus.INTERNAL_SERVER_ERROR, told, headers
    good = HTTPStatus.UNPROCESSABLE_ENTITY if outcome.status == "invalid" else HTTPStatus.OK
    return good, written(outcome), headers


def written(outcome: Outcome) -> str:
    """An outcome as a JSON object: its id, how it ended, its output and what gave it."""
    job = outcome.job
    text, kind = to_json(_encoded(outcome.output), LONGEST)
    head = json.dumps(
        {
            "job_id": job.job_id, "status": job.status, "passed": job.passed, "error": job.error,
            "configuration": dict(job.configuration), "attempts": job.attempts,
            "seconds": job.seconds, "output_kind": kind,
        }
    )  # fmt: skip
    return f'{head[:-1]}, "output": {text if kind == "json" else json.dumps(text)}}}'


def decoded(value: Any) -> Any:
    """An input as JSON has it, its bytes read.

    Raises
    ------
    BadInput
        If what should be base64 is not.

    Examples
    --------
    >>> decoded({"base64": "aGk="})
    b'hi'
    """
    if isinstance(value, list):
        return [decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {_BASE64}:
        return {name: decoded(part) for name, part in value.items()}
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadInput(
            f'Bytes are written {{"base64": "..."}}, but this is not base64: {error}.'
        ) from error


def _encoded(value: Any) -> Any:
    """An output with its bytes as JSON can have them."""
    if isinstance(value, (bytes, bytearray)):
        return {_BASE64: base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in value.items()}
    return [_encoded(part) for part in value] if type(value) in (list, tuple) else value


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens: whoever connects now is answered as soon as the thread runs."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65_536:
        raise BadInput(f"port must be a whole number from 0 to 65535. Got {port!r}.")
    bound: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        if bound is not None:
            bound.close()
        raise BadInput(f"Cannot answer at {host} port {port}: {error}.") from error
    return bound


def _needed(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise BadInput(
            f"Answering over HTTP needs {package}: pip install 'flexiflow[serve]'."
        ) from error
