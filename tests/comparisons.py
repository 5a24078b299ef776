"""Comparisons with a threshold made by hand, and an independent reference for their splines."""

from __future__ import annotations

import numpy as np
from scipy import interpolate

from flexiflow.records import Attempt, Job, Outcome, Verdict
from flexiflow.samplers import going
from flexiflow.samplers.cutting import Prices, fitted, keeping, scale
from flexiflow.samplers.splines import DRAWS

PRICES = Prices({"right": 1.0}, second=0.0, cost=0.1)
MEMBER, AFTER, DEAR = ("y", "cheap", False), ("y", "cheap", True), ("y", "dear", False)
NONE = np.zeros((0, 1 + DRAWS))
KNOTS, SHARED, OWN = 5, 2.0, 0.7  # prior variances, of the shared spline and of a group's


def shaped(values, knots):
    """Splines at some places by SciPy: hats over the mean rank among the knots."""
    rank = (np.searchsorted(knots, values, "left") + np.searchsorted(knots, values, "right")) / 2
    hats = interpolate.make_interp_spline(np.arange(KNOTS), np.eye(KNOTS), k=1)
    return hats(rank / len(knots) * (KNOTS - 1))


def seen_of(told):
    return [(t.statistic, t.group) for t in told]


NONE = np.zeros((0, 1 + DRAWS))


def fit(
    told, seen=None, elsewhere=(), prices=PRICES, upper=True, gone=(), brought=NONE, guessed=None
):
    seen = seen_of(told) if seen is None else seen
    by = scale([*told, *elsewhere], prices)
    guessed = np.full(len(told), np.nan) if guessed is None else guessed
    kept = by and keeping([*told, *elsewhere], seen, prices, by, upper)
    return kept and fitted(kept, told, guessed, gone, brought, seen, prices, by)


def compared(k, statistic, held, right, group="a", end=1.0, seconds=0.0, cost=0.0):
    """A job with one comparison, after which so much was paid; its verdict and the labels."""
    mine = Attempt(
        f"j{k}", 0, "y", "cheap", "cheap", 0, (), 0, 0, 0, 0, None, None, None, None, "pass",
        None, None, 3.0, 3.0, False, None,
    )  # fmt: skip
    after = mine._replace(step=1, seconds=seconds, cost=cost)
    verdict = Verdict(
        f"j{k}", 0, "test", "mark", {"y": "cheap"}, held, None, 0.0, False, 0.5, statistic, group
    )
    job = Job(
        f"j{k}", "w", "d", "r", k, 0.0, 0.0, "passed", True, {}, {}, None, 0.0, 0.0, 2, 1, 0, {},
        None, None, None, None, True,
    )  # fmt: skip
    final = {"right": right if held else end}
    return Outcome(job, (mine,) if held else (mine, after), (verdict,)), {"right": right}, final


def moved_on(k, statistic, reached, cost=5.0, group="a"):
    """A job that the cheap candidate's output did not end, but a second one's, and no label."""
    outcome, *_ = compared(k, statistic, False, 0.0, group, cost=cost)
    first, after = outcome.attempts
    (verdict,) = outcome.verdicts
    last = verdict._replace(step=1, result=True, statistic=reached, configuration={"y": "dear"})
    return Outcome(
        outcome.job._replace(configuration={"y": "dear"}),
        (first, after._replace(candidate="dear", fingerprint="dear")), (verdict, last),
    )  # fmt: skip


def teach(cutoffs, jobs, member=MEMBER):
    for outcome, own, final in jobs:
        (verdict,) = outcome.verdicts
        cutoffs.see(outcome, [(verdict, member)])
        cutoffs.learn(outcome, verdict, member, own, final)


def see(cutoffs, outcomes):
    for outcome in outcomes:
        (made,) = going.compared(outcome).values()
        cutoffs.see(outcome, made)
