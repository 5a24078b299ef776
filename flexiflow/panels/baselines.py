"""The run beside what one would have done without it: one configuration, or one fixed order.

Both are estimated from the log of the run with 80 % intervals; see
:mod:`flexiflow.panels.single` and :mod:`flexiflow.panels.fixed` for how, what is assumed, and
the sources.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from flexiflow.panels.fixed import FixedOrder
from flexiflow.panels.places import Places, Try
from flexiflow.panels.single import Single
from flexiflow.panels.sums import plain
from flexiflow.records import Outcome

_SHOWN = 4  # configurations of an order that are named


class Baselines:
    """The best single configuration and the best fixed order, as the log so far tells.

    Parameters
    ----------
    places
        The workflow's nodes and candidates by number.

    Attributes
    ----------
    jobs
        Jobs taken in.
    single, fixed
        What they are estimated from.
    """

    def __init__(self, places: Places) -> None:
        self.jobs = 0
        self.single, self.fixed = Single(), FixedOrder()
        self._places = places
        objectives = places.graph.objectives
        self._valued = bool(objectives)
        self._sought = any(objective.word is None for objective in objectives)
        weigh = {"runtime": 0.0, "cost": 0.0}
        for objective in objectives:
            if objective.word in weigh:
                weigh[objective.word] -= objective.sign * objective.weight
        self._runtime, self._cost = weigh["runtime"], weigh["cost"]
        self._priced = self._runtime > 0 or self._cost > 0

    def add(self, outcome: Outcome) -> None:
        """Take in one job; those that were refused at the door say nothing."""
        first = self._places.first_try(outcome)
        if first is None:
            return
        self.jobs += 1
        reward = _finite(outcome.job.reward)
        # A first try that failed is worth what it cost; its output is worth nothing.
        self.single.add(first, reward if first.passed else -self._stated(first))
        at = self.fixed.room()
        if at is None:
            return
        tries = self._places.tries(outcome)
        course = tuple((one, self._stated(one)) for one in tries)
        self.fixed.keep(at, course, self._value(outcome, reward, tries), outcome.job_id)

    def label(self, outcome: Outcome, before: float | None, reward: float | None) -> None:
        """Correct what a job that was taken in was worth."""
        first = self._places.first_try(outcome)
        if first is None:
            return
        before, reward = _finite(before), _finite(reward)
        if first.passed:
            self.single.label(first, before, reward)
        tries = self._places.tries(outcome)
        self.fixed.label(outcome.job_id, self._value(outcome, reward, tries))

    def _value(self, outcome: Outcome, reward: float | None, tries: list[Try]) -> float | None:
        """What the pass of a job was worth, price apart."""
        if reward is None or not outcome.job.passed:
            return None
        return reward + sum(self._stated(one) for one in tries)

    def _stated(self, one: Try) -> float:
        """What the objective takes off for a try."""
        return self._runtime * one.seconds + self._cost * one.cost

    def copy(self) -> Baselines:
        """One that stays as it is, to be worked out while more jobs come in."""
        fresh = copy.copy(self)
        fresh.single, fresh.fixed = self.single.copy(), self.fixed.copy()
        return fresh

    def data(self) -> dict[str, Any]:
        """Both baselines as plain data.

        Returns
        -------
        ``single``: None, or ``configuration`` (text), ``seconds``, ``passed`` (mean, low,
        high) and ``worth`` (the same, or None); ``fixed``: the same with ``order`` (text).
        """
        found: dict[str, Any] = {"single": None, "fixed": None}
        single = self.single.best(self._sought)
        if single is not None:
            choice, told = single
            worth = told if self._valued else told._replace(worth=None)
            found["single"] = {"configuration": self._places.text(choice), **plain(worth)}
        fixed = self.fixed.best(self._valued, self._priced)
        if fixed is not None:
            order, told = fixed
            found["fixed"] = {"order": self._text(order), **plain(told)}
        return found

    def _text(self, order: list[tuple[int, ...]]) -> str:
        shown = [self._places.text(choice) for choice in order[:_SHOWN]]
        more = len(order) - len(shown)
        return ", then ".join(shown) + (f", and {more} more" if more else "")


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
