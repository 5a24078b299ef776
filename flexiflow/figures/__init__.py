"""Figures of a run for what is kept: looked at closely, zoomed, saved, printed.

The data of each is made apart from its picture, in a module of its own, and can be had
without plotly.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.figures import blame, graph, order, posterior, reward

FIGURES: dict[str, Callable[..., Any]] = {
    "posterior": posterior.picture,
    "order": order.picture,
    "reward": reward.picture,
    "graph": graph.picture,
    "blame": blame.picture,
}


def figure(name: str, watch: Any, **options: Any) -> Any:
    """A plotly figure of a run.

    Parameters
    ----------
    name
        ``"posterior"``
            The density of each candidate's pass probability at each node, with the trail of
            its earlier means; ``node="..."`` shows one node.
        ``"order"``
            The candidate accepted at each node over time, with switches and rollbacks.
        ``"reward"``
            Mean seconds a job, pass rate and objective over time, beside the best single
            configuration and the best fixed order with their 80 % intervals.
        ``"graph"``
            The workflow, each candidate with its pass probability and seconds.
        ``"blame"``
            How likely each candidate is to be to blame on the latest jobs that had trouble.
    watch
        A :class:`flexiflow.panels.RunWatch`, or what its ``snapshot()`` gave (for ``"blame"``,
        what :func:`flexiflow.figures.blame.shares` gave).
    **options
        Of the figure; ``height`` and ``width`` in pixels of all.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    BadInput
        If there is no such figure, or an option is not one of its own.
    """
    if name not in FIGURES:
        near = difflib.get_close_matches(str(name), FIGURES, 1, cutoff=0.5)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise BadInput(f"A figure must be one of {', '.join(FIGURES)}. Got {name!r}.{meant}")
    sizes = {k: options.pop(k) for k in ("height", "width") if k in options}
    known = {"posterior": {"node"}, "order": {"node"}}.get(name, set())
    for option in options:
        if option not in known:
            raise BadInput(
                f"The figure {name!r} has no option {option!r}. Options are "
                f"{', '.join(sorted(known | {'height', 'width'}))}."
            )
    drawn = FIGURES[name](watch, **options)
    if sizes:
        drawn.update_layout(**sizes)
    return drawn


__all__ = ["FIGURES", "figure"]
