"""A node's offers with their replicas, as arrays: latency, cost, and what they add.

Replicas touch capacity, wait and cost only, so each offer needs the least n with
n h >= headroom lambda, and a few more where waiting less is worth their cost. What is left to
choose is one entry of each node's list: a multiple-choice knapsack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flexiflow.planning.curves import Floats, Seconds
from flexiflow.planning.problem import Demand, Problem, Step
from flexiflow.planning.thinning import Ints, undominated
from flexiflow.planning.waiting import tail_wait

_LEAST = 1e-12  # an accuracy of 0 has no logarithm


@dataclass(frozen=True)
class Choices:
    """The choices at one node, dominated ones left out; all arrays `(k,)`.

    Attributes
    ----------
    offer
        Place in the step's offers.
    replicas
        How many.
    latency
        Seconds planned for: filling, waiting and the batch itself.
    cost
        Of all replicas.
    gain
        What it adds to the accuracy; its logarithm where accuracies are multiplied.
    """

    offer: Ints
    replicas: Ints
    latency: Floats
    cost: Floats
    gain: Floats


def choices(problem: Problem, demand: Demand, pessimism: float = 0.5) -> list[Choices]:
    """The choices at each node of a problem, in the order of its steps.

    ``pessimism`` is the probability, by what is believed of them, that an offer's seconds are
    not longer than planned for; 0.5 takes them as expected.
    """
    return [_of(problem, step, demand, pessimism) for step in problem.steps]


def _of(problem: Problem, step: Step, demand: Demand, pessimism: float) -> Choices:
    believed = [o.seconds.pessimistic(pessimism, demand.tail) for o in step.offers]
    mean = np.array([s.mean for s in believed])
    batch = np.array([o.batch for o in step.offers], dtype=float)
    cores = np.array([o.cores for o in step.offers])
    rate = demand.rate * step.visits
    least = np.maximum(np.ceil(demand.headroom * rate * mean / batch - 1e-9), 1.0)
    extra = np.arange(demand.spare + 1 if demand.waiting else 1)
    offer = np.repeat(np.arange(len(batch)), len(extra))
    replicas = (least[:, None] + extra).ravel()
    accuracy = np.array([o.accuracy for o in step.offers])
    gain = gain_of(problem, accuracy)
    latency = np.array([s.quantile(demand.tail) for s in believed]) + (batch - 1.0) / rate
    latency = latency[offer]
    if demand.waiting:
        varied = np.array([s.variation for s in believed])[offer]
        b = batch[offer]
        latency = latency + tail_wait(replicas, rate / b, mean[offer], demand.tail, 1.0 / b, varied)
    cost = replicas * cores[offer] + demand.batch_price * batch[offer]
    found = Choices(offer, replicas.astype(np.intp), latency, cost, gain[offer])
    if problem.accuracy != "learned":
        return taken(found, undominated(found.cost, found.latency, found.gain))
    names = np.array([o.variant for o in step.offers])[offer]
    kept = []  # what a variant is worth depends on the others': compare within each only
    for name in dict.fromkeys(names.tolist()):
        part = np.flatnonzero(names == name)
        kept.append(part[undominated(cost[part], latency[part], np.zeros(len(part)))])
    return taken(found, np.concatenate(kept))


def gain_of(problem: Problem, accuracy: Floats) -> Floats:
    """What accuracies of one node, `(k,)`, add to that of a plan, so that nodes add up."""
    if problem.accuracy == "product":
        return np.asarray(np.log(np.maximum(accuracy, _LEAST)))
    return accuracy / len(problem.steps)


def planned_for(seconds: Seconds, batch: int, replicas: int, rate: float, demand: Demand) -> float:
    """Seconds at a node for a demand; infinite where the replicas lack the capacity asked for.

    Parameters
    ----------
    seconds
        Of one batch.
    batch, replicas
        Its size, and how many serve.
    rate
        Jobs that come to the node a second.
    demand
        Whose headroom, tail and waiting hold.
    """
    if replicas * batch < demand.headroom * rate * seconds.mean * (1.0 - 1e-9):
        return math.inf
    wait = 0.0
    if demand.waiting:
        told = (replicas, rate / batch, seconds.mean, demand.tail, 1.0 / batch)
        wait = float(tail_wait(*told, seconds.variation))
    return seconds.quantile(demand.tail) + (batch - 1) / rate + wait


def taken(all_of: Choices, at: Ints) -> Choices:
    """Some of the choices."""
    return Choices(
        all_of.offer[at], all_of.replicas[at], all_of.latency[at], all_of.cost[at], all_of.gain[at]
    )


def total_latency(paths: Sequence[frozenset[int]], latency: Floats) -> Floats:
    """Seconds along the longest path, `(...)`, of each node's seconds, `(..., nodes)`."""
    along = [latency[..., sorted(path)].sum(axis=-1) for path in paths]
    return np.asarray(np.max(np.stack(along), axis=0))
