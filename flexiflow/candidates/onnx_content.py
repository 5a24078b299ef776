"""The digest of an ONNX file: its content, and that of the files with weights beside it."""

from __future__ import annotations

import functools
import hashlib
import mmap
import os
import re

_WEIGHTS_FILE = re.compile(rb"\n\x08location\x12(.)(?=(.{1,127}))", re.DOTALL)
"""A tensor's entry (key "location", value: its length and name) in the bytes of a file [1]_.

.. [1] StringStringEntryProto in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""


def digest_of_file(path: str) -> str:
    """Digest a file and the files with weights that it names, by hex digits.

    What is read once is known by its time and size.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    digests = [_digest(path, *_state(path))]
    for name in _weights(path, *_state(path)):
        beside = os.path.join(os.path.dirname(path), name)
        if os.path.isfile(beside):
            digests.append(_digest(beside, *_state(beside)))
    return "+".join(digests)


def _state(path: str) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_mtime_ns, state.st_size


@functools.lru_cache(maxsize=256)
def _digest(path: str, changed: int, size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@functools.lru_cache(maxsize=256)
def _weights(path: str, changed: int, size: int) -> tuple[str, ...]:
    if not size:
        return ()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = {text[: length[0]] for length, text in _WEIGHTS_FILE.findall(data)}
    return tuple(sorted(os.fsdecode(name) for name in found))
