"""A model behind HTTP as a candidate: JSON is posted, the answer is read from the reply.

Secrets are named by environment variables, ``"${MY_KEY}"``, in the URL and in headers, and
read when a request is made (``environment.py``); what a job sends is never searched for
them. The fingerprint is that of the URL as written, the template, how the reply is read and
the names of the headers: their values count for nothing. Retries are the runner's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from flexiflow.candidates import looping
from flexiflow.candidates.base import Options
from flexiflow.candidates.environment import checked_headers, checked_url
from flexiflow.candidates.sending import Reply, check_installed, post, shown
from flexiflow.candidates.templates import check_reads, filled, parsed, picked
from flexiflow.candidates.views import View, view
from flexiflow.errors import BadInput


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Address:
    """Where to post: a URL, headers, and the seconds for one exchange."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 60.0

    def __repr__(self) -> str:
        return f"{type(self).__qualname__.lower()}({shown(self.url)!r})"

    @property
    def __name__(self) -> str:
        """What it is called in a list of models: its address, without secrets."""
        return shown(self.url).partition("://")[2].strip("/")

    async def post(self, body: Any) -> Reply:
        """Post a body; see ``sending.post`` for its errors."""
        return await post(self.url, self.headers, body, self.timeout)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for the answer to one input."""
        raise NotImplementedError

    async def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Ask for the answers to many inputs; ``args`` holds a list for each argument."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Endpoint(Address):
    """A plain endpoint; made by :func:`endpoint`."""

    json: Any = None
    reply: str | Callable[[Any], Any] | None = None
    reads: Literal["json", "text", "bytes"] = "json"

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Post one input and read the answer."""
        told = await self.post(filled(self.json, args, kwargs))
        data = self._decoded(told.content)
        if self.reply is None:
            return data
        return picked(data, self.reply) if isinstance(self.reply, str) else self.reply(data)

    async def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Post the lists as they are: with ``batch=`` an endpoint answers with a list."""
        answers: list[Any] = await self(*args, **kwargs)
        return answers

    def _decoded(self, content: bytes) -> Any:
        if self.reads == "bytes":
            return content
        if self.reads == "text":
            return content.decode("utf-8", "replace")
        return parsed(content, "The reply")


def endpoint(
    url: str,
    *,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    reply: str | Callable[[Any], Any] | None = None,
    reads: Literal["json", "text", "bytes"] = "json",
    timeout: float = 60.0,
) -> Endpoint:
    """Make a candidate of an endpoint that answers to posted JSON.

    Parameters
    ----------
    url
        Where to post. A secret in it is named: ``"https://host/v1?key=${MY_KEY}"``.
    json
        The body: a dict (or list) in whose texts ``{0}`` is the first argument and
        ``{name}`` one given by name, or a function of the arguments. By default the only
        argument itself, or a dict of those given by name.
    headers
        Sent along; secrets are named: ``{"Authorization": "Bearer ${MY_KEY}"}``.
    reply
        Where the answer is: a path of keys and places (``"outputs.0.label"``), or a function
        of the reply, which may return a ``Result``. By default the whole reply.
    reads
        What the reply is: ``"json"``, ``"text"`` or ``"bytes"``.
    timeout
        Seconds for the whole exchange.

    Returns
    -------
    Endpoint
        A candidate, also an async function: ``await endpoint(...)(x)``.

    Raises
    ------
    BadInput
        An option is not as said, a secret is written out, or httpx is not installed.

    Examples
    --------
    >>> endpoint("https://models.example/label", json={"text": "{0}"}, reply="label")
    endpoint('https://models.example/label')
    """
    check_reads(json, "json")
    if reply is not None and not callable(reply) and not (isinstance(reply, str) and reply):
        raise BadInput(f"reply= must be a path like 'a.b.0' or a function. Got {reply!r} instead.")
    if reads not in ("json", "text", "bytes"):
        raise BadInput(f"reads= must be 'json', 'text' or 'bytes'. Got {reads!r} instead.")
    if isinstance(reply, str) and reads != "json":
        raise BadInput("A path in reply= goes into JSON. Give a function, or leave reads= out.")
    return Endpoint(
        url=checked_url(url),
        headers=checked_headers(headers),
        timeout=checked_seconds(timeout),
        json=json,
        reply=reply,
        reads=reads,
    )


def checked_seconds(timeout: Any) -> float:
    """Take a number of seconds above 0.

    Raises
    ------
    BadInput
        It is none.
    """
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not number or not 0 < timeout < float("inf"):
        raise BadInput(f"timeout= must be seconds, above 0. Got {timeout!r} instead.")
    check_installed()
    return float(timeout)


class Remote:
    """Asks an endpoint; its answers are awaited on the loop of ``looping.py``."""

    expects = "an endpoint"

    def __init__(self, model: Address, options: Options | None = None) -> None:
        check_installed()
        self.model = model
        looping.start()  # so that the first attempt's seconds hold the exchange alone

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it was made by ``endpoint()`` or ``chat()``."""
        return isinstance(model, Address)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for one answer; what is returned is to be awaited."""
        return self.model(*args, **kwargs)

    def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> Any:
        """Ask for many; what is returned is to be awaited."""
        return self.model.together(args, kwargs)


@view.register(Address)
def _address_view(model: Address) -> View:
    told = {f.name: getattr(model, f.name) for f in fields(model) if f.name != "headers"}
    names = sorted(name.lower() for name, _ in model.headers)
    return View("endpoint", [type(model).__qualname__, told, names])
