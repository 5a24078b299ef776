"""What planning knows of pass rates: those of the jobs there are, not of an average one."""

import math
import random

import pytest
from cells import cell

from flexiflow import Hybrid, Thompson
from flexiflow.provisioning import problem_of

TEXT = """read(x, size)
y = (model | other)(x)
assert y
context(size)
"""


@pytest.mark.parametrize("often", [0.25, 0.75])
def test_learned_accuracy_is_averaged_over_the_contexts_of_the_latest_jobs(often):
    rng = random.Random(1)
    sizes = [(1 if rng.random() < often else -1) * (1.0 + rng.random()) for _ in range(300)]
    jobs = [{"x": size, "size": size} for size in sizes]
    models = {"model": lambda x: x > 0, "other": lambda x: False}
    it = cell(TEXT, models)
    it.run(jobs, seed=1, clock=lambda *_: 1.0, progress=False)
    joint = problem_of(it, "learned").joint
    latest = sum(size > 0 for size in sizes[-64:]) / 64
    assert joint["model",][0] == pytest.approx(latest, abs=0.08)


GOOD = {"a1": 0.7, "a2": 0.95, "b1": 0.6, "b2": 0.9, "c1": 0.5, "c2": 0.8, "d1": 0.8, "d2": 0.99}
STEPS = ["a = (a1 | a2)(x)", "b = (b1 | b2)(a)", "c = (c1 | c2)(a)", "d = (d1 | d2)(b, c)"]


def right_if(name, rng):
    """A candidate that is right so often, where all that it reads is."""
    return lambda *read: all(map(bool, read)) and rng.random() < GOOD[name]


@pytest.mark.parametrize("make", [Hybrid, Thompson])
@pytest.mark.parametrize("each", [True, False])
def test_the_steps_parts_multiply_to_the_chance_of_the_plan(each, make):
    """Whether each step has its own check or one at the end can fail for all of them."""
    rng = random.Random(3)
    checks = [f"assert {step[0]}" for step in STEPS] if each else ["", "", "", "assert d"]
    lines = [line for pair in zip(STEPS, checks, strict=True) for line in pair if line]
    text = "\n".join(["pages(x)", *lines])
    it = cell(text, {name: right_if(name, rng) for name in GOOD}, sampler=make())
    it.run([{"x": k + 1} for k in range(600)], seed=2, clock=lambda *_: 1.0, progress=False)
    rates = {o.variant: o.accuracy for step in problem_of(it).steps for o in step.offers}
    best = math.prod(rates[name] for name in ("a2", "b2", "c2", "d2"))
    assert best == pytest.approx(0.95 * 0.9 * 0.8 * 0.99, abs=0.08)
    assert all(rates[f"{step}2"] > rates[f"{step}1"] for step in "abcd")
