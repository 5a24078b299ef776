"""Posting JSON over HTTP with httpx [1]_: one client for all, and errors told apart.

The client lives on the loop of ``looping.py`` and keeps its connections; on any other loop
a client is made for the call. Cookies are not kept. A redirect is followed only to the same
origin and only where the post is to be repeated (307, 308): a key never goes to another host.

References
----------
.. [1] https://www.python-httpx.org
"""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from flexiflow.candidates import looping
from flexiflow.candidates.environment import Opened, masked, masked_bytes, opened
from flexiflow.errors import BadInput, Unavailable

if TYPE_CHECKING:
    import asyncio

    import httpx

_BUSY = (429, 503, 529)  # 529: overloaded, as some services say it
_AGAIN = (307, 308)
_MOST_REDIRECTS = 5
_SHOWN = 200  # characters of a reply in an error


class EndpointError(Exception):
    """An endpoint answered with an error; ``status`` is that of HTTP, ``body`` what it said."""

    def __init__(self, message: str, status: int | None = None, body: str = "") -> None:
        super().__init__(message)
        self.status, self.body = status, body


class Reply(NamedTuple):
    """What came back with a status of success."""

    content: bytes
    secrets: tuple[str, ...]


def check_installed() -> None:
    """See that httpx is there.

    Raises
    ------
    BadInput
        It is not installed.
    """
    if importlib.util.find_spec("httpx") is None:
        raise BadInput("An endpoint needs httpx. Install it: pip install 'flexiflow[endpoint]'")


async def post(url: str, headers: tuple[tuple[str, str], ...], body: Any, limit: float) -> Reply:
    """Post a body as JSON.

    Parameters
    ----------
    url, headers
        As declared, secrets named by environment variables.
    body
        Anything that JSON can say; arrays and tensors are sent as lists.
    limit
        Seconds for the whole exchange.

    Raises
    ------
    Unavailable
        The connection failed, or the status is 429, 503 or 529.
    TimeoutError
        The reply was not there in time.
    EndpointError
        Any other status but success.
    """
    data = json.dumps(body, allow_nan=False, default=_listed).encode()
    request = opened(url, headers)
    token = _secrets.set(request.secrets)
    fault: Exception | None = None
    try:
        response = await _exchanged(request, data, limit)
        fault = _fault_of_status(response, url, request.secrets)
    except Exception as error:  # whose text, arguments and cause may hold the secrets
        fault = _told(error, url, request.secrets, limit)
    finally:
        _secrets.reset(token)
    if fault is not None:
        raise fault
    return Reply(masked_bytes(response.content, request.secrets), request.secrets)


async def _exchanged(request: Opened, data: bytes, limit: float) -> httpx.Response:
    import asyncio

    sent = {"Content-Type": "application/json", **request.headers}
    async with asyncio.timeout(limit), _client() as client:
        response = await client.post(request.url, content=data, headers=sent)
        for _ in range(_MOST_REDIRECTS):
            there = response.headers.get("Location")
            if response.status_code not in _AGAIN or there is None:
                break
            target = response.url.join(there)
            if _origin(target) != _origin(response.url):
                raise EndpointError(
                    f"HTTP {response.status_code}: it redirects to {target.scheme}://"
                    f"{target.host}, another origin, and was not followed",
                    response.status_code,
                )
            response = await client.post(target.copy_with(userinfo=b""), content=data, headers=sent)
        return response


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _fault_of_status(
    response: httpx.Response, url: str, secrets: tuple[str, ...]
) -> Exception | None:
    status = response.status_code
    if 200 <= status < 300:
        return None
    body = masked(response.content.decode("utf-8", "replace"), secrets)
    short = re.sub(r"\s+", " ", body).strip()[:_SHOWN]
    message = f"HTTP {status} from {shown(url)}" + (f": {short}" if short else "")
    if status in _BUSY:
        return Unavailable(message, _retry_after(response.headers))
    return EndpointError(message, status, body)


def _told(error: Exception, url: str, secrets: tuple[str, ...], limit: float) -> Exception:
    """Make of what httpx raised an error that says what happened and holds no secret."""
    import httpx

    text = masked(str(error), secrets)
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return TimeoutError(f"no reply from {shown(url)} within {limit:g} seconds")
    if isinstance(error, EndpointError):
        return EndpointError(text, error.status, error.body)
    what = f"{shown(url)}: {text or type(error).__name__}"
    local = isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol))
    if isinstance(error, httpx.TransportError) and not local:
        return Unavailable(f"no connection to {what}")
    return EndpointError(f"the request failed, {what}")


def shown(url: str) -> str:
    """Give a declared URL without credentials and query.

    Examples
    --------
    >>> shown("https://me:${WORD}@models.example/v1?key=${KEY}")
    'https://models.example/v1'
    """
    scheme, _, rest = url.partition("://")
    host, slash, path = re.split(r"[?#]", rest)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds to wait: a number, or a date."""
    from email.utils import parsedate_to_datetime

    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None


def _listed(thing: Any) -> Any:
    """Make an array, a number of NumPy or a tensor what JSON knows."""
    if hasattr(thing, "tolist"):
        return (thing.detach().cpu() if hasattr(thing, "detach") else thing).tolist()
    raise TypeError(
        f"JSON cannot say a {type(thing).__name__}. Make it texts, numbers, lists or dicts "
        "(bytes: base64) in a function that makes the body."
    )


_secrets: ContextVar[tuple[str, ...]] = ContextVar("flexiflow_secrets", default=())


class _Covering(logging.Filter):
    """Covers our secrets in what the client logs: it logs whole URLs."""

    def filter(self, record: logging.LogRecord) -> bool:
        secrets = _secrets.get()
        if secrets:
            record.msg, record.args = masked(record.getMessage(), secrets), ()
        return True


_covering = _Covering()
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    import asyncio

    loop = asyncio.get_running_loop()
    if loop is looping.start().loop:
        if loop not in _clients:
            _clients[loop] = _fresh()
        yield _clients[loop]
    else:
        async with _fresh() as client:
            yield client


def _fresh() -> httpx.AsyncClient:
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_covering)
    none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx.AsyncClient(
        timeout=None,
        follow_redirects=False,
        cookies=none,
        limits=limits,
    )
