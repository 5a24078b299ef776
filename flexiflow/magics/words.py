"""The words of a magic's line: blanks part them, but not within brackets or quotes."""

from __future__ import annotations

from typing import NamedTuple

_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "'\""


class Word(NamedTuple):
    """One word and where it stands in the line."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next character stands."""
        return self.start + len(self.text)


def split(line: str) -> list[Word]:
    """The words of a line, up to a comment; what is left open reaches to the end.

    Examples
    --------
    >>> [word.text for word in split("run read [{'x': 'a b'}] --seed 1  # again")]
    ['run', 'read', "[{'x': 'a b'}]", '--seed', '1']
    """
    words: list[Word] = []
    start, depth, quote, at = None, 0, "", 0
    while at < len(line):
        it = line[at]
        if quote:
            at += it == "\\"
            quote = "" if it == quote else quote
        elif start is None and it == "#":
            break
        elif depth == 0 and it.isspace():
            if start is not None:
                words.append(Word(line[start:at], start))
            start = None
        else:
            start = at if start is None else start
            quote = it if it in _QUOTES else ""
            depth = max(depth + (it in _OPEN) - (it in _CLOSE), 0)
        at += 1
    if start is not None:
        words.append(Word(line[start:], start))
    return words


def joined(line: str, words: list[Word]) -> Word:
    """Neighbouring words as one, with what lies between them."""
    return Word(line[words[0].start : words[-1].end], words[0].start)
