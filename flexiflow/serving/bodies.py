"""Bodies of requests that are too long are refused before they are read into memory."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class _TooLong(Exception):
    """What has come is more than may."""


class Bounded:
    """An ASGI application that takes bodies up to a length, and answers 413 to longer ones.

    A length that is told beforehand is believed; what comes without one is counted.

    Parameters
    ----------
    application
        What answers.
    most
        Bytes of a body.
    """

    def __init__(self, application: Application, most: int) -> None:
        self._application, self._most = application, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if _told(scope) > self._most:
            await self._refuse(send)
            return
        come, begun = 0, False

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self._most:
                raise _TooLong
            return message

        async def unless(message: Message) -> None:
            nonlocal begun
            if begun or come <= self._most:  # else what is said of it is said below
                begun = True
                await send(message)

        with contextlib.suppress(_TooLong):
            await self._application(scope, counted, unless)
        if come > self._most and not begun:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        told = json.dumps({
            "error": f"The body of a request may have {self._most} bytes, and this one has more. "
            "Send less, or serve with a larger longest=."
        }).encode()  # fmt: skip
        headers = [(b"content-type", b"application/json"), (b"connection", b"close"),
                   (b"content-length", str(len(told)).encode())]  # fmt: skip
        status = int(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": told})


def _told(scope: Scope) -> int:
    """The length that a request tells, 0 if it tells none."""
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
