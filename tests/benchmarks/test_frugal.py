"""FrugalML, against trying every plan on small sets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from flexiflow.benchmarks.answers import Answers
from flexiflow.benchmarks.frugal import AddOn, Plan, plan


def answers(jobs, seed, services=3, classes="ab"):
    """Random answers whose confidences are often equal."""
    rng = np.random.default_rng(seed)
    sure = rng.choice([0.2, 0.4, 0.7, 0.9], (jobs, services))
    right = rng.random((jobs, services)) < sure
    label = rng.choice(list(classes), (jobs, services)).astype(str)
    cost = np.tile(rng.uniform(0.1, 1.5, services), (jobs, 1))
    return Answers("small", tuple(f"s{k}" for k in range(services)), label, sure, right, cost)


def value(made, it, jobs, worth):
    right, cost = made.answers(it, jobs)
    return worth * right.sum() - cost.sum()


def every(it, jobs):
    """All plans: of each class no add-on, or one up to any confidence that was seen."""
    services = range(it.correct.shape[1])
    for base in services:
        classes = np.unique(it.label[jobs, base])
        offers = [None, *product([k for k in services if k != base], (0.2, 0.4, 0.7, 0.9))]
        for chosen in product(offers, repeat=len(classes)):
            pairs = zip(classes, chosen, strict=True)
            yield Plan(base, {str(c): AddOn(*picked) for c, picked in pairs if picked})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("worth", [0.3, 1.0, 3.0])
def test_no_plan_brings_more(seed, worth):
    it, jobs = answers(40, seed), np.arange(5, 33)
    best = max(value(made, it, jobs, worth) for made in every(it, jobs))
    assert value(plan(it, jobs, worth), it, jobs, worth) == pytest.approx(best)


def test_a_plan_pays_the_base_service_and_those_it_asks():
    label, sure = np.array([["a", "b"]] * 3 + [["b", "b"]]), np.array([[0.4, 1.0]] * 4)
    sure[0, 0] = 0.41
    right = np.array([[True, False], [False, True], [False, True], [False, True]])
    it = Answers("tiny", ("quick", "careful"), label, sure, right, np.full((4, 2), (0.5, 2.0)))
    found = Plan(0, {"a": AddOn(1, 0.4)}).answers(it, np.array([3, 2, 0]))
    assert [x.tolist() for x in found] == [[False, True, True], [0.5, 2.5, 0.5]]
    assert right.tolist()[2] == [False, True]  # what was read is as it was


def test_a_right_answer_that_is_worth_nothing_is_left_to_the_cheapest():
    it = answers(60, 1)
    made = plan(it, np.arange(60), 1e-9)
    assert made == Plan(int(it.cost[0].argmin()), {})
