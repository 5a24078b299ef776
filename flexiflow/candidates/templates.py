"""Filling a template with a candidate's arguments, and reading a reply by a path.

``{0}`` is the first argument, ``{name}`` one that was given by name; no other brace means
anything, so that JSON can stand in a prompt. A text that is one field alone becomes the
argument itself, of whatever type. What the arguments hold is never read as a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flexiflow.errors import BadInput

_FIELD = re.compile(r"\{(\d+|[A-Za-z_]\w*)\}")


def check_reads(template: Any, option: str) -> None:
    """See that a template reads an argument.

    Raises
    ------
    BadInput
        It reads none, so that every job would send the same.
    """
    if template is not None and not callable(template) and not _reads(template):
        raise BadInput(f"{option}= reads no argument of the candidate. Write {{0}} for the first.")


def _reads(template: Any) -> bool:
    if isinstance(template, str):
        return bool(_FIELD.search(template))
    if isinstance(template, Mapping):
        return any(map(_reads, template.values()))
    return isinstance(template, (list, tuple)) and any(map(_reads, template))


def filled(template: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Fill a template, or call it if it is a function.

    Parameters
    ----------
    template
        A text, or texts in dicts and lists; a function of the arguments; None for the only
        argument as it is, or for a dict of those given by name.

    Raises
    ------
    TypeError
        It reads an argument that was not given, or which one to send is not clear.

    Examples
    --------
    >>> filled({"text": "{0}", "note": "in {to}: {0}"}, ("hallo",), {"to": "en"})
    {'text': 'hallo', 'note': 'in en: hallo'}
    """
    if callable(template):
        return template(*args, **kwargs)
    if template is None:
        if len(args) == 1 and not kwargs:
            return args[0]
        if kwargs and not args:
            return dict(kwargs)
        raise TypeError(
            f"Without a template an endpoint takes one argument, or only named ones. Got "
            f"{len(args)} and {len(kwargs)} named ones. Say where they go: {{0}}, {{1}}, {{name}}."
        )
    return _fill(template, args, kwargs)


def _fill(template: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    if isinstance(template, Mapping):
        return {key: _fill(part, args, kwargs) for key, part in template.items()}
    if isinstance(template, (list, tuple)):
        return [_fill(part, args, kwargs) for part in template]
    if not isinstance(template, str):
        return template

    def value(field: str) -> Any:
        if field.isdigit() and int(field) < len(args):
            return args[int(field)]
        if field in kwargs:
            return kwargs[field]
        names = "".join(f", {name!r}" for name in kwargs)
        raise TypeError(
            f"The template reads {{{field}}}. Got {len(args)} arguments without a name{names}. "
            "Only {0}, {1} and names that are given can be read; a function can do more."
        )

    alone = _FIELD.fullmatch(template)
    if alone:
        return value(alone[1])
    return _FIELD.sub(lambda found: str(value(found[1])), template)


def parsed(content: bytes | str, what: str) -> Any:
    """Read JSON.

    Raises
    ------
    ValueError
        It is none; it says how ``what`` begins.
    """
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        fault = f"{what} is no JSON: {text[:100]!r}"
    raise ValueError(fault)


def picked(data: Any, path: str) -> Any:
    """Go into dicts by key and into lists by place.

    Raises
    ------
    LookupError
        There is no such thing; it says where the path ends.

    Examples
    --------
    >>> picked({"a": {"b": [7, 8]}}, "a.b.0")
    7
    """
    here, been = data, "the reply"
    for part in path.split("."):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and re.fullmatch(r"\d+", part) and int(part) < len(here):
            here = here[int(part)]
        else:
            if isinstance(here, Mapping):
                what = f"a dict with the keys {', '.join(map(str, here)) or '(none)'}"
            else:
                size = f", {len(here)} long" if isinstance(here, list) else ""
                what = f"of type {type(here).__name__}{size}"
            raise LookupError(f"The reply has no {path!r}: {been} is {what}.")
        been = f"{part!r}"
    return here
