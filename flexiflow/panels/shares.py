"""The chance that a check of several nodes holds, shared out among their candidates.

What is told of a candidate is the chance that the check holds where it is chosen, whatever the
others are. Multiplying these over the nodes would count every failure once a node. Of main
effects alone,

    P(c) = m * product over the nodes v of m_v(c_v) / m,

with m the chance over all that was judged; each node takes an equal root of the best
configuration's chance, and its candidates what they fall short of its best one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flexiflow.panels.betas import Floats

_LEAST = 1e-12


def shares(means: Sequence[Floats], usages: Sequence[Floats]) -> list[Floats]:
    """What each candidate adds, as factors whose product over the nodes is the chance.

    Parameters
    ----------
    means
        Per node, the chance that the check holds with each of its candidates, `(candidates,)`.
    usages
        How often each was judged, above 0, likewise.

    Returns
    -------
    Per node, factors from 0 to 1.

    Examples
    --------
    Two steps whose candidates are right on 90 % and 60 %, and on 80 % of the jobs, the first two
    used equally often:

    >>> found = shares([np.array([0.72, 0.48]), np.array([0.6])], [np.ones(2), np.ones(1)])
    >>> (found[0] * found[1][0]).round(4).tolist()
    [0.72, 0.48]
    """
    pairs = list(zip(means, usages, strict=True))
    level = max(float(np.mean([np.average(m, weights=w) for m, w in pairs])), _LEAST)
    best = [max(float(m.max()), _LEAST) for m, _ in pairs]
    whole = min(level * float(np.prod([top / level for top in best])), 1.0)
    return [m / top * whole ** (1.0 / len(pairs)) for (m, _), top in zip(pairs, best, strict=True)]
