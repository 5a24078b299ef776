"""Checking the options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.present import Settings

NAMES = tuple(f.name for f in fields(Settings))
_LEAST = {"max_attempts": 1, "max_seconds": 0, "cooldown": 0}


def settings_from(base: Settings, options: Mapping[str, Any]) -> Settings:
    """Settings changed by options; None leaves one as it is.

    Raises
    ------
    BadInput
        If an option is unknown or has a value that makes no sense.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if name not in NAMES:
            raise BadInput(f"There is no option {name!r}. Options are {', '.join(NAMES)}.")
        if name in _LEAST:
            _number(name, value, _LEAST[name])
        elif name == "clock" and not callable(value):
            raise BadInput(f"clock must be a function. Got {value!r}.")
        elif name == "stop_when" and not callable(value):
            _number(name, value, 0)
    if "on_refusal" in given:
        one_of("on_refusal", given["on_refusal"], ("stop", "switch"))
    if "executor" in given and not callable(getattr(given["executor"], "submit", None)):
        raise BadInput(
            f"executor must be a concurrent.futures.Executor. Got {given['executor']!r}."
        )
    return replace(base, **given)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    """The value, if it is one of those known."""
    if value not in known:
        raise BadInput(f"{name} must be one of {known}. Got {value!r}.")
    return value


def whole(name: str, value: Any, least: int) -> int:
    """The value, if it is a whole number that is large enough."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadInput(f"{name} must be a whole number, {least} or more. Got {value!r}.")
    return value


def _number(name: str, value: Any, least: float) -> None:
    if name == "max_attempts":
        whole(name, value, int(least))
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= least:
        raise BadInput(f"{name} must be a number, {least} or more. Got {value!r}.")
