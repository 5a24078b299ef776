"""The samplers by the names that the command line knows, in the order they are shown.

``POLICIES`` are those that come with FlexiFlow. ``VARIANTS`` are there to tell what a part of
one of them is worth, on workflows of several nodes above all; they are run if they are named:

``plain-nodes``, ``plain-configurations``
    Thompson sampling as it is usually done, over the candidates of each node or over whole
    configurations: highest draw first, whatever it costs (see ``plain``).
``only-contextual``, ``only-counting``, ``only-forgetting``, ``only-blame``
    The hybrid with one of its four experts, which all divide by the cost still to be paid.
    The first reads pairs of candidates, the context and the job's failures; the second and
    third count how candidates and configurations fared, for good or with a discount; the
    last asks which candidates are not good enough for the item at hand, and the first begins
    from what it says. On one node there is no blame, and ``only-blame`` is the first.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial

from flexiflow.benchmarks.plain import ByConfiguration, ByNode
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
from flexiflow.samplers.passing import BLAMED, CONTEXTUAL, COUNTED, RECENT
from flexiflow.samplers.tuning import Tuning

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

_NONE = 1e-9  # the weight of an expert that is left out; it must be above 0


def _only(expert: int) -> Maker:
    """Make the hybrid with one expert, whose weight is given back to it at each verdict."""
    a, b, c, d = (1.0 if k == expert else _NONE for k in range(4))
    return partial(Hybrid, Tuning(prior=(a, b, c, d), share=1.0))


VARIANTS: dict[str, Maker] = {
    "plain-nodes": ByNode,
    "plain-configurations": ByConfiguration,
    "only-contextual": _only(CONTEXTUAL),
    "only-counting": _only(COUNTED),
    "only-forgetting": _only(RECENT),
    "only-blame": _only(BLAMED),
}


def chosen(names: str | None = None) -> dict[str, Maker]:
    """The samplers named in a text, separated by commas; without one, those of ``POLICIES``.

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
    known = POLICIES | VARIANTS
    found = {}
    for name in (n.strip() for n in names.split(",")):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise BadInput(f"There is no sampler {name!r} ({hint}).")
        found[name] = known[name]
    return found
