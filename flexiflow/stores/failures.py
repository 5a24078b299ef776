"""What a database's own errors mean to who uses the store, and what to do about each."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from flexiflow.errors import (
    FlexiFlowError,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
)

# A quota or a limit on file sizes shows as a failed write, a full disk at times as a failed
# growth of the shared index.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

# The SQL standard's states, as PostgreSQL gives them.
_STATES = {
    "53100": StoreFull,
    "55P03": StoreLocked,
    "57014": StoreLocked,
    "40P01": StoreLocked,
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
}

_ADVICE = {
    StoreFull: "No space is left for the store {place}. Everything that was acknowledged is "
    "safe. Make room on its disk and go on.",
    StoreLocked: "Another process holds the store {place}. Nothing of this call was written. "
    "Wait for it to finish and call again, raise timeout=, or give this workflow a store of its "
    "own with store=.",
    StoreCorrupt: "The store {place} is damaged and was left as it is. Copy the file away and "
    "restore a backup, or begin anew with another store=.",
}


def is_locked(error: BaseException) -> bool:
    """Whether an error only says that another process was there first."""
    return _kind(_original(error)) is StoreLocked


def explained(error: BaseException, place: str) -> StoreError:
    """The error to raise in place of a database's own."""
    original = _original(error)
    kind = _kind(original)
    if kind in _ADVICE:
        return kind(f"{_ADVICE[kind].format(place=place)} ({original})")
    if _code(original) & 0xFF in _CLOSED or isinstance(original, OSError):
        return StoreError(
            f"The store {place} cannot be opened for writing. Give a folder that you may write "
            f"to, with store= or FLEXIFLOW_HOME. ({original})"
        )
    return StoreError(f"The store {place} could not do what was asked. ({original})")


@contextmanager
def explaining(place: str) -> Iterator[None]:
    """Turn a database's errors into the store's."""
    try:
        yield
    except FlexiFlowError:
        raise
    except Exception as error:
        if isinstance(error, SQLAlchemyError | OSError) or _is_of_driver(error):
            raise explained(error, place) from error
        raise


def _original(error: BaseException) -> BaseException:
    return getattr(error, "orig", None) or error


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0))


def _kind(error: BaseException) -> type[StoreError]:
    code = _code(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return StoreFull
    if code in _FULL or code & 0xFF == sqlite3.SQLITE_FULL:
        return StoreFull
    if code & 0xFF in _LOCKED:
        return StoreLocked
    if code & 0xFF in _CORRUPT:
        return StoreCorrupt
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return _STATES.get(str(state), StoreError)


def _is_of_driver(error: BaseException) -> bool:
    """Whether the class descends from the ``Error`` that every driver has to have."""
    return any(base.__name__ == "Error" for base in type(error).__mro__)
