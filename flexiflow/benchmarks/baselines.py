"""What a simulation would have cost users who do not learn, by arithmetic over what was drawn.

``single_best``
    What one does today: the one configuration that passes most, and no switching.
``by_passes``
    Configurations by how many jobs each passes: the order of a user who tried each alone.
``best_order``
    The order that a user who knows the world by heart would give: again and again the
    configuration that newly passes most jobs per second, among those that no earlier one
    passes [1]_.
``in_order``
    Configurations in given orders, each job to its first pass, with or without reuse.
``oracle``
    The cheapest configuration that passes, known beforehand job by job. Where none does, all
    are tried: no policy can know that.

References
----------
.. [1] Munagala, K., Babu, S., Motwani, R. & Widom, J. (2005). The pipelined set cover
   problem. ICDT.
"""

from __future__ import annotations

import math

import numpy as np

from flexiflow.benchmarks.simulate import Bools, Floats, Fresh, Ints, Simulation
from flexiflow.benchmarks.simulated_workflow import Jobs


def by_passes(fresh: Fresh) -> Ints:
    """Configurations by number, those that pass most jobs first, `(configurations,)`."""
    return np.argsort(-fresh.passes.mean(axis=0), kind="stable")


def best_order(simulation: Simulation, fresh: Fresh, reuse: bool = False) -> Ints:
    """Configurations by number, best first, as the jobs of ``fresh`` tell, `(configurations,)`.

    ``reuse``: what an earlier configuration has run is not to be paid again.
    """
    world, passes = simulation.world, fresh.passes
    means = _of_runs(simulation, simulation.expected)
    waiting = np.ones(len(passes), dtype=bool)
    known = np.zeros(means.shape, dtype=bool)
    left, order = list(range(passes.shape[1])), []
    while left:
        price = (means * ~known)[left].sum(axis=1)
        # Once none is waiting, those that pass more of all jobs come first.
        newly = passes[waiting][:, left].sum(axis=0) + 1e-6 * passes[:, left].sum(axis=0)
        best = left.pop(int(np.argmax(newly / price)))
        order.append(best)
        waiting &= ~passes[:, best]
        if reuse:
            known |= world.runs == world.runs[best]
    return np.array(order, dtype=np.int64)


def in_order(
    simulation: Simulation, orders: Ints, reuse: bool, max_seconds: float | None = None
) -> Jobs:
    """Try configurations in an order until one passes, all jobs.

    Parameters
    ----------
    orders
        Configurations by number, `(configurations,)`, or `(jobs, configurations)` for an
        order of each job's own.
    reuse
        Pay each run of a node once a job; else all nodes of every configuration tried.
    max_seconds
        No run begins on a job once so much is spent on it.
    """
    passes = simulation.passes
    limit = math.inf if max_seconds is None else max_seconds
    seconds, accepted = np.zeros(len(passes)), np.full(len(passes), -1)
    for j, order in enumerate(np.broadcast_to(orders, passes.shape).tolist()):
        known: set[tuple[int, int]] = set()
        for c in order:
            seconds[j], done = _spend(simulation, j, c, seconds[j], limit, known)
            if not reuse:
                known.clear()
            if not done:
                break
            if passes[j, c]:
                accepted[j] = c
                break
    return _jobs(simulation, seconds, accepted)


def _spend(
    simulation: Simulation, j: int, c: int, spent: float, limit: float, known: set[tuple[int, int]]
) -> tuple[float, bool]:
    """Run a configuration on a job; what is spent then, and whether it was run to its end."""
    world = simulation.world
    choices, runs = world.configurations[c].tolist(), world.runs[c].tolist()
    for v, run in enumerate(zip(range(len(runs)), runs, strict=True)):
        if run in known:
            continue
        if spent >= limit:
            return spent, False
        spent += float(simulation.seconds[v][j, choices[v]])
        known.add(run)
    return spent, True


def single_best(simulation: Simulation) -> Jobs:
    """Run the configuration that passes most, and nothing else."""
    jobs = np.arange(len(simulation.passes))
    best = int(simulation.fresh[0].passes.mean(axis=0).argmax())
    accepted = np.where(simulation.passes[jobs, best], best, -1)
    seconds = sum(
        table[:, k]
        for table, k in zip(simulation.seconds, simulation.world.configurations[best], strict=True)
    )
    return _jobs(simulation, np.asarray(seconds), accepted)


def oracle(simulation: Simulation) -> Jobs:
    """Run the cheapest configuration that passes; all of them, with reuse, where none does."""
    configurations = simulation.world.configurations
    total = np.zeros(simulation.passes.shape)
    for v, table in enumerate(simulation.seconds):
        total += table[:, configurations[:, v]]
    priced = np.where(simulation.passes, total, np.inf)
    accepted = np.where(simulation.passes.any(axis=1), priced.argmin(axis=1), -1)
    all_of_them = in_order(simulation, np.arange(len(configurations)), reuse=True).seconds
    seconds = np.where(accepted < 0, all_of_them, priced.min(axis=1))
    return _jobs(simulation, seconds, accepted)


def orders_by_type(simulation: Simulation, reuse: bool) -> Ints:
    """The best order of each job's hidden type, `(jobs, configurations)`."""
    fresh = simulation.fresh[0]
    orders = [
        best_order(simulation, Fresh(fresh.passes[mine], fresh.types[mine]), reuse)
        for mine in (fresh.types == t for t in range(simulation.world.types))
    ]
    return np.stack(orders)[simulation.types]


def exhaustive(simulation: Simulation) -> float:
    """Expected seconds of running all configurations on one job, with reuse."""
    means, runs = _of_runs(simulation, simulation.expected), simulation.world.runs
    first = [np.unique(runs[:, v], return_index=True)[1] for v in range(runs.shape[1])]
    return float(sum(means[at, v].sum() for v, at in enumerate(first)))


def _of_runs(simulation: Simulation, tables: tuple[Floats, ...]) -> Floats:
    """A number of each candidate, by the configurations that choose it, `(n, nodes)`."""
    configurations = simulation.world.configurations
    return np.stack([t[configurations[:, v]] for v, t in enumerate(tables)], axis=1)


def _jobs(simulation: Simulation, seconds: Floats, accepted: Ints) -> Jobs:
    passed: Bools = accepted >= 0
    right = passed & simulation.right[np.arange(len(accepted)), np.maximum(accepted, 0)]
    return Jobs(seconds, passed, right)
