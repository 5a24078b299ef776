"""The candidates of the first step: five ways to make text of bytes.

Each gives plain text and nothing beside it: two that agree then give the same value, and what
follows is computed once for both.
"""

from __future__ import annotations


def utf8_else_latin1(data: bytes) -> str:
    """Decode as UTF-8 if that can be, else as the old encoding of the West: no detection."""
    try:
        return data.decode("utf_8_sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def chardetng(data: bytes) -> str:
    """Detect as Firefox does (chardetng, in Rust)."""
    import chardetng_py

    return decoded(data, chardetng_py.detect(data, allow_utf8=True))


def cchardet(data: bytes) -> str:
    """Detect as Mozilla once did (uchardet, in C++)."""
    import cchardet as package

    return decoded(data, package.detect(data)["encoding"])


def charset_normalizer(data: bytes) -> str:
    """Try encodings and measure the mess of what comes out (charset-normalizer)."""
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return decoded(data, None if best is None else best.encoding)


def chardet(data: bytes) -> str:
    """Detect with trained models of letter pairs (chardet 7)."""
    import chardet as package

    return decoded(data, package.detect(data)["encoding"])


def decoded(data: bytes, encoding: str | None) -> str:
    """Decode, without the mark that some encodings begin with.

    Raises
    ------
    ValueError
        No encoding was found, or the data cannot be decoded by it.
    """
    if not encoding:
        raise ValueError("no encoding was found")
    return data.decode(encoding).removeprefix("\ufeff")
