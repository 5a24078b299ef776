"""Texts that name their secrets by environment variables: ``"Bearer ${MY_KEY}"``.

What is declared (and shown, digested, pickled, recorded) is the text with the name; the
value is read when a request is made and covered wherever it would come out again.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from flexiflow.errors import BadInput, Unavailable

_PLACE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_SECRET_NAME = re.compile(r"auth(?!or)|key|token|secret|passw|pwd|credential|cookie|\bsig", re.I)
_SECRET_VALUE = re.compile(r"(bearer|basic)\s+\S|.*\bsk-\w{6}", re.I | re.DOTALL)
_LONG_ENOUGH = 8  # a shorter secret in a reply may well be an ordinary word


class Opened(NamedTuple):
    """A URL and headers with their secrets, and these in every form in which they may show."""

    url: str
    headers: dict[str, str]
    secrets: tuple[str, ...]


def checked_url(url: str) -> str:
    """Take a URL whose secrets are named, not written.

    Raises
    ------
    BadInput
        It is no URL of HTTP, or a secret stands in it.

    Examples
    --------
    >>> checked_url("https://models.example/v1?key=${MODELS_KEY}")
    'https://models.example/v1?key=${MODELS_KEY}'
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.hostname is None:
        raise BadInput("The address must be a URL that begins with http:// or https://.")
    if "$" in parts.hostname:
        raise BadInput("The host of the address must be written out, not named by a variable.")
    last = parts.password if parts.password is not None else parts.username
    if last and not _PLACE.search(last):
        raise BadInput(_written("password", "https://user:${MY_PASSWORD}@" + parts.hostname))
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name) and not _PLACE.search(value):
            raise BadInput(_written(f"query {name!r}", f"?{name}=${{MY_KEY}}"))
    return url


def checked_headers(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Take headers whose secrets are named, not written.

    Raises
    ------
    BadInput
        They are no mapping of texts, or a secret stands in one.
    """
    pairs = tuple(dict(headers or {}).items())
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise BadInput("headers= must be a dict of texts to texts.")
        secret = _SECRET_NAME.search(name) or _SECRET_VALUE.match(value)
        if secret and not _PLACE.search(value):
            raise BadInput(_written(f"header {name!r}", f'{{"{name}": "Bearer ${{MY_KEY}}"}}'))
    return pairs


def _written(what: str, instead: str) -> str:
    return (
        f"The {what} holds a secret, which would go into records and other processes. Put it "
        f"into an environment variable and name that: {instead}"
    )


def opened(url: str, headers: tuple[tuple[str, str], ...]) -> Opened:
    """Read the secrets that a URL and headers name.

    Raises
    ------
    Unavailable
        A variable is not set here, or cannot be sent.
    """
    secrets: list[str] = []

    def value(found: re.Match[str]) -> str:
        read = os.environ.get(found[1], "").strip()
        if not read or not read.isprintable() or not read.isascii():
            how = "is not set" if not read else "holds characters that cannot be sent"
            raise Unavailable(
                f"The environment variable {found[1]} {how} where the candidate runs. Set it to "
                "the key, or name another (for a chat without a key: api_key_env=None)."
            )
        secrets.extend({read, quote(read, safe="")})
        return read

    def quoted(found: re.Match[str]) -> str:
        return quote(value(found), safe="")

    parts = urlsplit(_PLACE.sub(quoted, url))
    sent = {name: _PLACE.sub(value, text) for name, text in headers}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        basic = base64.b64encode(pair.encode()).decode()
        secrets.append(basic)
        sent.setdefault("Authorization", f"Basic {basic}")
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return Opened(urlunsplit(parts), sent, tuple(sorted(set(secrets), key=len, reverse=True)))


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """Cover every secret in a text.

    Examples
    --------
    >>> masked("wrong key: abc", ("abc",))
    'wrong key: ***'
    """
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def masked_bytes(content: bytes, secrets: tuple[str, ...]) -> bytes:
    """Cover every long secret in the content of a reply."""
    for secret in secrets:
        if len(secret) >= _LONG_ENOUGH:
            content = content.replace(secret.encode(), b"***")
    return content
