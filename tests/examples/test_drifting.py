"""A model that breaks at a switch, alone and inside a run."""

import numpy as np
from cells import cell

from flexiflow.examples.drifting import Drifting, upside_down


def test_it_is_the_model_unless_it_is_broken():
    model = Drifting(lambda x: x + 1, spoil=lambda x: -x)
    assert model(3) == 4
    model.broken = True
    assert model(3) == -2
    model.broken = False
    assert model(3) == 4


def test_upside_down_twice_is_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    turned = upside_down(picture)
    assert (turned[0, 0] == picture[-1, -1]).all()
    assert (turned.shape, turned.dtype, turned.flags.c_contiguous) == ((5, 7, 3), np.uint8, True)
    assert (upside_down(turned) == picture).all()


def test_a_workflow_leaves_it_while_it_is_broken():
    model = Drifting(lambda x: x, spoil=lambda x: None)
    it = cell("f(x)\none = (model | other)(x)\nassert one == x", {"model": model, "other": abs})
    took, passed, fingerprints = [], [], set()
    for outcome in it.stream(({"x": k} for k in range(150)), seed=0):
        model.broken = 49 <= outcome.job.number < 99
        took.append("model" in outcome.job.configuration.values())
        passed.append(outcome.passed)
        fingerprints |= {a.fingerprint for a in outcome.attempts if a.candidate == "model"}
    assert all(passed)
    assert not any(took[50:100])
    assert any(took[:50])
    assert len(fingerprints) == 1
