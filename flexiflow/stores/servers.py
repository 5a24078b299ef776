"""Databases that are reached by a URL: which driver, and what to say where it is missing."""

from __future__ import annotations

import os

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from flexiflow.errors import BadInput, StoreError

_DRIVER = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def url_of(place: str | os.PathLike[str] | None) -> URL | None:
    """The URL of a server's database; None where a file is meant.

    Raises
    ------
    BadInput
        If it looks like a URL and is none.
    """
    if not isinstance(place, str) or "://" not in place:
        return None
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise BadInput(
            "store= must be a path or a URL like 'postgresql://user@host/database'. "
            f"This is no URL: {error}"
        ) from error
    return url.set(drivername=_DRIVER.get(url.drivername, url.drivername))


def connect_to(url: URL) -> Engine:
    """An engine for a server; nothing is sent to it yet.

    Raises
    ------
    StoreError
        If its driver is not installed.
    """
    # Statements are written with positional parameters, which named styles do not have.
    style = {"paramstyle": "format"} if url.get_backend_name() == "postgresql" else {}
    try:
        return create_engine(url, pool_pre_ping=True, max_overflow=-1, **style)
    except (ImportError, NoSuchModuleError) as error:
        hint = 'pip install "psycopg[binary]"' if style else "pip install the driver it names"
        raise StoreError(
            f"The driver for {url.drivername!r} is not installed ({error}). Run `{hint}`."
        ) from error
