"""What a workflow has learned as one file, to be kept, sent, or gone back to.

The file is JSON: the workflow's name, the kind of sampler, its state as plain lists, and a
checksum over all of it. Nothing in it is ever run.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flexiflow.errors import BadInput

_FORMAT = "flexiflow beliefs 1"


def write(path: str | Path, workflow: str, sampler: str, state: Mapping[str, Any]) -> Path:
    """Write what was learned; the file is whole or not there at all.

    Raises
    ------
    BadInput
        If the state of a sampler of the user's own is not plain data, or the file cannot be
        written.
    """
    content = {"format": _FORMAT, "workflow": workflow, "sampler": sampler, "state": state}
    try:
        content = json.loads(json.dumps(content))
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"The state of {sampler} cannot be saved: {error}. It must be made of dictionaries "
            "with text keys, lists, text and numbers."
        ) from error
    text = json.dumps({**content, "checksum": _checksum(content)})
    place = Path(path).expanduser()
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(text, "utf-8")
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"{str(place)!r} cannot be written: {error}.") from error
    return place


def read(path: str | Path, workflow: str, sampler: str) -> dict[str, Any]:
    """The state in a file, if it is what such a sampler has learned of this workflow.

    Raises
    ------
    BadInput
        If there is no such file, it is damaged, or belongs to something else.
    """
    place = Path(path).expanduser()
    try:
        content = json.loads(place.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{str(place)!r} cannot be read: {error}.") from error
    except ValueError as error:
        raise BadInput(_damaged(place, f"it is not JSON ({error})")) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise BadInput(_damaged(place, f"it does not say {_FORMAT!r}"))
    if content.pop("checksum", None) != _checksum(content):
        raise BadInput(_damaged(place, "its checksum is not that of its content"))
    for what, wanted in (("workflow", workflow), ("sampler", sampler)):
        if content.get(what) != wanted:
            raise BadInput(
                f"{str(place)!r} holds what was learned with the {what} {content.get(what)!r}. "
                f"This one has the {what} {wanted!r}. Nothing was changed."
            )
    state = content.get("state")
    if not isinstance(state, dict):
        raise BadInput(_damaged(place, "it holds no state"))
    return state


def _damaged(place: Path, why: str) -> str:
    return (
        f"{str(place)!r} is not a file that save(path) has written, or it is damaged: {why}. "
        "Nothing was changed."
    )


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
