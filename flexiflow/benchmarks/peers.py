"""The same problems given to other libraries, as far as they are installed.

Each is used as its own documentation shows it. A step is one decision and its update: for
Thompson sampling with Beta beliefs the best arm of one draw, where FlexiFlow gives the whole
order; for the contextual problem the best arm of the library's linear model. FlexiFlow's has
random features, the failures seen on the job and two further experts beside it.

Install them with ``pip install 'flexiflow[bench]'``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
Floats = NDArray[np.float64]
Step = Callable[[Floats, Sequence[bool]], int]
"""Chooses an arm by the features of a job, learns whether it passes on it, and gives it."""

ARMS = (5, 20, 100)
CONTEXTUAL = (64, 10)
"""(features, arms) of the contextual problem."""
LONGEST = 0.5
"""Seconds after which a round ends, however few steps were made."""


class Peer(NamedTuple):
    """A library: what it is called, its package, and how it is made to play."""

    name: str
    package: str
    make: Callable[[int, int], Step]  #: given arms and features; no features: Beta beliefs

    @property
    def installed(self) -> bool:
        """Whether its package can be found."""
        return find_spec(self.package) is not None


def _mabwiser(arms: int, features: int) -> Step:
    from mabwiser.mab import MAB, LearningPolicy

    names = list(range(arms))
    policy = LearningPolicy.LinTS(alpha=1.0) if features else LearningPolicy.ThompsonSampling()
    mab = MAB(names, policy, seed=0)
    first = {"contexts": np.zeros((arms, features))} if features else {}
    mab.fit(names, [0] * arms, **first)

    def step(x: Floats, passes: Sequence[bool]) -> int:
        context = {"contexts": x[None]} if features else {}
        arm = mab.predict(**context)
        mab.partial_fit([arm], [int(passes[arm])], **context)
        return int(arm)

    return step


def _river(arms: int, features: int) -> Step:
    from river import bandit, proba

    names = list(range(arms))
    if not features:
        plain = bandit.ThompsonSampling(reward_obj=proba.Beta(), seed=0)

        def step(x: Floats, passes: Sequence[bool]) -> int:
            arm: int = plain.pull(names)
            plain.update(arm, passes[arm])
            return arm

        return step
    linear = bandit.LinUCBDisjoint(seed=0)

    def contextual(x: Floats, passes: Sequence[bool]) -> int:
        context = dict(enumerate(x.tolist()))
        arm: int = linear.pull(names, context=context)
        linear.update(arm, context, float(passes[arm]))
        return arm

    return contextual


def _bayesianbandits(arms: int, features: int) -> Step:
    from bayesianbandits import (
        Agent,
        Arm,
        ContextualAgent,
        DirichletClassifier,
        NormalRegressor,
        ThompsonSampling,
    )

    if features:
        bandit = ContextualAgent(
            [Arm(k, learner=NormalRegressor(1.0, 1.0)) for k in range(arms)],
            ThompsonSampling(),
            random_seed=0,
        )

        def contextual(x: Floats, passes: Sequence[bool]) -> int:
            (arm,) = bandit.pull(x[None])
            bandit.update(x[None], np.array([float(passes[arm])]))
            return int(arm)

        return contextual
    learners = [DirichletClassifier({0: 1.0, 1: 1.0}) for _ in range(arms)]
    agent = Agent(
        [Arm(k, lambda p: p[..., 1], learner) for k, learner in enumerate(learners)],
        ThompsonSampling(),
        random_seed=0,
    )

    def step(x: Floats, passes: Sequence[bool]) -> int:
        (arm,) = agent.pull()
        agent.update(np.array([int(passes[arm])]))
        return int(arm)

    return step


PEERS = (
    Peer("bayesianbandits", "bayesianbandits", _bayesianbandits),
    Peer("mabwiser", "mabwiser", _mabwiser),
    Peer("river", "river", _river),
)


def measure(
    ours: Mapping[tuple[int, int], float],
    jobs: int,
    rounds: int,
    peers: Sequence[Peer],
) -> list[Row]:
    """Microseconds of a step of each library that is installed.

    Parameters
    ----------
    ours
        FlexiFlow's microseconds by (features, arms), measured in the same run.
    jobs
        Steps a measurement at most; see ``LONGEST``.
    rounds
        Measurements a row.
    peers
        The libraries.

    Returns
    -------
    Rows as :func:`flexiflow.benchmarks.decisions.measure` has them; `times_ours` is the
    median over FlexiFlow's.
    """
    rows = []
    for features, arms in (*((0, n) for n in ARMS), CONTEXTUAL):
        kind = f"linear, {features} features" if features else "Beta Thompson"
        for peer in peers:
            if peer.installed:
                row = timed(peer.make(arms, features), arms, features, jobs, rounds)
                rows.append({
                    "what": f"{peer.name}: {kind}, {arms} candidates, decision + update",
                    **row,
                    "times_ours": row["median_us_a_job"] / ours[features, arms],
                })  # fmt: skip
    return rows


def missing(peers: Sequence[Peer]) -> str | None:
    """What to say of libraries that are not installed; None if all are."""
    names = [peer.name for peer in peers if not peer.installed]
    if not names:
        return None
    return f"not installed, so not measured: {', '.join(names)} (pip install 'flexiflow[bench]')"


def timed(step: Step, arms: int, features: int, jobs: int, rounds: int) -> Row:
    """Make some steps, at most so many and for so long a round, after a warm-up of 50."""
    rng = np.random.default_rng(features + arms)
    contexts = rng.normal(size=(jobs + 50, features))
    passes = (rng.random((jobs + 50, arms)) < np.linspace(0.1, 0.9, arms)).tolist()
    for job in range(jobs, jobs + 50):
        step(contexts[job], passes[job])
    each, made = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        for job in range(jobs):
            step(contexts[job], passes[job])
            taken = time.perf_counter() - began
            if taken > LONGEST:
                break
        each.append(taken / (job + 1) * 1e6)
        made = max(made, job + 1)
    return {"jobs": made, "min_us_a_job": min(each), "median_us_a_job": median(each)}
