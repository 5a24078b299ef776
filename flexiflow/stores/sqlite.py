"""The file of the embedded store: where it lies, whether it is ours, how it is opened.

SQLite in WAL mode: readers never wait, writers queue. A file is looked at, read-only, before
anything is changed in it, so that a foreign or damaged one stays as it was found.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from flexiflow.errors import BadInput, StoreCorrupt, StoreError
from flexiflow.stores.failures import explaining, is_locked

FILE = "flexiflow.sqlite"
_HEADER = b"SQLite format 3\0"
_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}


def place_of(path: str | os.PathLike[str] | None) -> Path:
    """The file to use: that given, that in a given folder, or the default; its folder exists.

    Raises
    ------
    StoreError
        If the folder cannot be made.
    """
    if path is None:
        folder = Path(os.environ.get("FLEXIFLOW_HOME") or ".flexiflow").expanduser().absolute()
    else:
        if str(path) in ("", ":memory:"):
            raise BadInput("A store in memory is a MemoryStore(). Give SQLStore a file or a URL.")
        given = Path(path).expanduser().absolute()
        folder = given if given.is_dir() else given.parent
        if given != folder:
            return _in_folder(folder, given.name, ours=False)
    return _in_folder(folder, FILE, ours=path is None)


def _in_folder(folder: Path, name: str, *, ours: bool) -> Path:
    with explaining(str(folder / name)):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            if ours:  # a folder that was there may hold the user's own files
                (folder / ".gitignore").write_text("*\n", "utf-8")
    return folder / name


def is_store(path: Path, timeout: float) -> bool:
    """Look at a file without changing it; False if there is nothing in it yet.

    Raises
    ------
    StoreCorrupt
        If it is something else than a store, or damaged.
    """
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        start = file.read(len(_HEADER))
    if start != _HEADER:
        raise StoreCorrupt(
            f"{path} is not a store: it begins with {start!r}, not as an SQLite database. It was "
            "left as it is. Give another file with store=, or move this one away."
        )
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=timeout)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    names = sorted(name for (name,) in rows)
    if names and "flexiflow_meta" not in names:
        raise StoreCorrupt(
            f"{path} is not a store: it is an SQLite database of something else, with the tables "
            f"{', '.join(names[:5])}. It was left as it is. Give another file with store=."
        )
    return bool(names)


def connector(
    path: Path, durability: Literal["process", "power"], timeout: float
) -> Callable[[], sqlite3.Connection]:
    """A function that opens one more connection to the file.

    Parameters
    ----------
    durability
        What an acknowledged append survives: the end of the process, or of the power.
    timeout
        Seconds to wait for another process before giving up.
    """
    synchronous = _SYNCHRONOUS[durability]

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA cache_size=-16000")  # 16 MB
            connection.execute("PRAGMA journal_size_limit=67108864")  # 64 MB
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def use_wal(connect: Callable[[], sqlite3.Connection], timeout: float) -> None:
    """Switch the file to WAL, waiting for others that do the same at this moment."""
    until = time.monotonic() + timeout
    with closing(connect()) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchall()
                return
            except sqlite3.OperationalError as error:
                # SQLite gives up at once here where waiting could not help one of two.
                if not is_locked(error) or time.monotonic() > until:
                    raise
                time.sleep(0.01)


def is_undecodable(error: sqlite3.OperationalError) -> bool:
    """Whether some text in the file, not written by a store, is not UTF-8."""
    return "Could not decode to UTF-8" in str(error)


@contextmanager
def decoding_anything(connection: sqlite3.Connection) -> Iterator[None]:
    """Read texts that are not UTF-8 with replacement characters."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.text_factory = str


def check_durability(durability: str) -> None:
    """Refuse a word that is not known.

    Raises
    ------
    BadInput
        If it is neither "process" nor "power".
    """
    if durability not in _SYNCHRONOUS:
        raise BadInput(f"durability must be 'process' or 'power'. Got {durability!r} instead.")


def check_format(found: int | None, known: int, place: str) -> None:
    """Refuse tables that a later version has written.

    Raises
    ------
    StoreError
        If ``found`` is larger than ``known``, or missing.
    """
    if found is None:
        raise StoreCorrupt(f"The store {place} does not say its format. It was left as it is.")
    if found > known:
        raise StoreError(
            f"The store {place} was written by a later FlexiFlow (format {found}; this one knows "
            f"{known}). Upgrade with `pip install -U flexiflow`, or give another one with store=."
        )
