"""The samplers by the names that the command line knows, in the order they are shown."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from flexiflow.errors import BadInput
from flexiflow.samplers import (
    KLUCB,
    UCB,
    EpsilonGreedy,
    Fixed,
    Greedy,
    Hybrid,
    Random,
    Sampler,
    Thompson,
)

Maker = Callable[[], Sampler]

POLICIES: dict[str, Maker] = {
    "fixed": Fixed,
    "random": Random,
    "greedy": Greedy,
    "epsilon": EpsilonGreedy,
    "ucb": UCB,
    "kl-ucb": KLUCB,
    "thompson": Thompson,
    "hybrid": Hybrid,
}


def chosen(names: str | None = None) -> dict[str, Maker]:
    """The samplers named in a text, separated by commas; all without one.

    Examples
    --------
    >>> list(chosen("thompson, fixed"))
    ['thompson', 'fixed']
    >>> chosen("tomson")
    Traceback (most recent call last):
    flexiflow.errors.BadInput: There is no sampler 'tomson' (did you mean 'thompson'?).
    """
    if names is None:
        return dict(POLICIES)
    found = {}
    for name in (n.strip() for n in names.split(",")):
        if name not in POLICIES:
            near = difflib.get_close_matches(name, POLICIES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(POLICIES)}"
            raise BadInput(f"There is no sampler {name!r} ({hint}).")
        found[name] = POLICIES[name]
    return found
