"""How long jobs wait for one of several replicas: closed forms and an approximation.

A replica serves one batch at a time; batches form one queue in front of a node's replicas.
For Poisson arrivals and exponential seconds (M/M/c) Erlang's C formula is exact [1]_; for one
replica and arbitrary seconds so is the mean of Pollaczek and Khinchine. In general the wait is
scaled by how irregular arrivals and seconds are, after Kingman and Allen and Cunneen [2]_, and
its tail taken as exponential, which it is in heavy traffic [3]_. With hundreds of replicas
Erlang's formula is replaced by its limit [4]_.

References
----------
.. [1] Erlang, A. K. (1917). Solution of some problems in the theory of probabilities of
   significance in automatic telephone exchanges. Elektroteknikeren 13.
.. [2] Allen, A. O. (1990). Probability, Statistics, and Queueing Theory. Academic Press.
.. [3] Kingman, J. F. C. (1961). The single server queue in heavy traffic. Mathematical
   Proceedings of the Cambridge Philosophical Society 57(4).
.. [4] Halfin, S. & Whitt, W. (1981). Heavy-traffic limits for queues with many exponential
   servers. Operations Research 29(3).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_MANY = 500  # replicas, beyond which the limit for many is taken


def erlang_c(replicas: int, load: float) -> float:
    """The probability that an arrival finds all replicas busy, in M/M/c.

    Parameters
    ----------
    replicas
        How many there are, at least 1.
    load
        Offered load: arrivals a second times seconds of one service.

    Returns
    -------
    From 0 to 1; 1 where the load is not below the number of replicas.

    Examples
    --------
    >>> round(erlang_c(2, 1.0), 4)
    0.3333
    """
    if load >= replicas:
        return 1.0
    blocked = 1.0  # Erlang's B formula, by its recursion over the number of replicas
    for n in range(1, replicas + 1):
        blocked = load * blocked / (n + load * blocked)
    share = load / replicas
    return blocked / (1.0 - share + share * blocked)


def mean_wait(
    replicas: int, rate: float, seconds: float, arrivals: float = 1.0, services: float = 1.0
) -> float:
    """Mean seconds in the queue before service begins.

    Parameters
    ----------
    replicas
        Servers of one queue.
    rate
        Arrivals a second.
    seconds
        Mean seconds of one service.
    arrivals, services
        Squared coefficients of variation of the times between arrivals and of the seconds;
        1 and 1 is M/M/c, 1 and 0 with one replica M/D/1, both exact.

    Returns
    -------
    Seconds; infinite where the load is not below the number of replicas.

    Examples
    --------
    >>> mean_wait(1, 0.5, 1.0), mean_wait(1, 0.5, 1.0, services=0.0)
    (1.0, 0.5)
    """
    load = rate * seconds
    if load >= replicas:
        return math.inf
    pace = (replicas - load) / seconds  # services a second that are not asked for
    return erlang_c(replicas, load) / pace * (arrivals + services) / 2.0


def tail_wait(
    replicas: ArrayLike,
    rate: ArrayLike,
    seconds: ArrayLike,
    quantile: float,
    arrivals: ArrayLike = 1.0,
    services: ArrayLike = 1.0,
) -> Floats:
    """Seconds in the queue that a share ``quantile`` of the arrivals do not exceed.

    All parameters as in :func:`mean_wait`, but arrays that broadcast; exact for M/M/c.

    Examples
    --------
    >>> tail_wait([1, 2], 0.5, 1.0, 0.9).round(3).tolist()
    [3.219, 0.0]
    """
    n, lam, s, ca, cs = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (replicas, rate, seconds, arrivals, services))
    )
    load = lam * s
    busy = _erlang_c(n, load)
    with np.errstate(divide="ignore"):
        spare = np.where(load < n, s / np.where(load < n, n - load, 1.0), np.inf)
        beyond = np.log(np.maximum(busy, 1e-300) / (1.0 - quantile))
    return np.asarray(np.where(beyond > 0, spare * beyond * (ca + cs) / 2.0, 0.0))


def _erlang_c(replicas: Floats, load: Floats) -> Floats:
    """As :func:`erlang_c`, for arrays of one shape."""
    blocked, found = np.ones_like(load), np.ones_like(load)
    for n in range(1, int(replicas[replicas <= _MANY].max(initial=0)) + 1):
        blocked = load * blocked / (n + load * blocked)
        here = (replicas == n) & (load < n)
        share = load[here] / n
        found[here] = blocked[here] / (1.0 - share + share * blocked[here])
    many = (replicas > _MANY) & (load < replicas)
    spare = np.minimum((1.0 - load[many] / replicas[many]) * np.sqrt(replicas[many]), 30.0)
    phi = np.array([NormalDist().cdf(x) for x in spare.tolist()])
    found[many] = 1.0 / (1.0 + math.sqrt(2.0 * math.pi) * spare * phi * np.exp(spare**2 / 2.0))
    return found


def visits(fails: ArrayLike, back: ArrayLike) -> Floats:
    """How often a job comes to each of some nodes in a row, by the traffic equations.

    A job that fails the check after node s goes on at node ``back[s]``, at or before s: the
    node itself if it switches there, an earlier one if it rolls back.

    Parameters
    ----------
    fails
        Probability of failing after each node, `(nodes,)`, below 1.
    back
        Where it then goes on, `(nodes,)`.

    Returns
    -------
    Mean visits a job, `(nodes,)`.

    Examples
    --------
    >>> visits([0.0, 0.5], [0, 0]).tolist()
    [2.0, 2.0]
    """
    p, to = np.asarray(fails, dtype=float), np.asarray(back, dtype=int)
    size = len(p)
    moves = np.zeros((size, size))
    for s in range(size):
        moves[s, to[s]] += p[s]
        if s + 1 < size:
            moves[s, s + 1] += 1.0 - p[s]
    start = np.zeros(size)
    start[0] = 1.0
    return np.asarray(np.linalg.solve(np.eye(size) - moves.T, start))
