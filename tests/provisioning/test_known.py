"""What planning knows of pass rates: those of the jobs there are, not of an average one."""

import random

import pytest
from cells import cell

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
