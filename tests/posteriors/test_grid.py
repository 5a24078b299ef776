"""What beliefs in torch have in common: shapes, precision, devices, checked positions."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

from flexiflow.errors import BadInput
from flexiflow.posteriors import Betas, LogSeconds

EACH_KIND = pytest.mark.parametrize(
    ("kind", "seen"), [(Betas, [True, False, True]), (LogSeconds, [0.5, 2.0, 7.0])]
)


@EACH_KIND
@pytest.mark.parametrize(
    ("index", "said"),
    [
        ([0, 1, 6], "from 0 to 5. Got 0 to 6"),
        ([-1, 0, 0], "from 0 to 5. Got -1 to 0"),
        ([0.0, 1.0, 2.0], "whole numbers"),
        ([[0, 1, 2]], "whole numbers"),
        ([True, False, True], "whole numbers"),
        ([0, 1], "one entry for each of the 2"),
    ],
)
def test_positions_that_do_not_exist_are_refused_and_change_nothing(kind, seen, index, said):
    beliefs = kind((2, 3))
    before = copy.deepcopy(beliefs)
    for ask in (beliefs.update, beliefs.log_likelihood):
        with pytest.raises(BadInput, match=said):
            ask(index, seen)
    for ours, theirs in zip(beliefs.parameters(), before.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@EACH_KIND
def test_nothing_seen_changes_nothing(kind, seen):
    beliefs = kind((3,))
    beliefs.update([0, 1, 2], seen)
    before = copy.deepcopy(beliefs)
    beliefs.update([], [])
    beliefs.merge(kind((3,)))
    assert beliefs.log_likelihood([], []).shape == (0,)
    for ours, theirs in zip(beliefs.parameters(), before.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@EACH_KIND
def test_what_is_given_out_has_the_precision_asked_for(kind, seen):
    for dtype in ("float32", "float64"):
        beliefs = kind((3,), dtype=dtype)
        beliefs.update(torch.arange(3), np.array(seen))
        given = [*beliefs.parameters(), beliefs.sample(2), beliefs.log_likelihood([0, 1, 2], seen)]
        assert {x.dtype for x in given} == {getattr(torch, dtype)}


@EACH_KIND
def test_only_beliefs_of_one_kind_and_shape_are_merged(kind, seen):
    beliefs = kind((3,))
    for other in (kind((3, 1)), (Betas if kind is LogSeconds else LogSeconds)((3,))):
        with pytest.raises(BadInput, match=r"of shape \(3,\) can be merged only"):
            beliefs.merge(other)


@EACH_KIND
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"shape": (0,)}, "shape must be whole numbers above 0"),
        ({"shape": (2.0,)}, "shape must be whole numbers above 0"),
        ({"shape": 3}, "shape must be whole numbers above 0"),
        ({"dtype": "float16"}, "dtype must be 'float32' or 'float64'"),
        ({"device": "gpu"}, "device must be 'cpu' or 'cuda'"),
    ],
)
def test_a_shape_precision_or_device_that_makes_no_sense_is_refused(kind, seen, changed, said):
    with pytest.raises(BadInput, match=said):
        kind(**{"shape": (3,), **changed})


@EACH_KIND
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused(kind, seen):
    with pytest.raises(BadInput, match="finds no CUDA device"):
        kind((3,), device="cuda")


@EACH_KIND
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_what_the_cpu_gives(kind, seen):
    here, there = kind((40, 5)), kind((40, 5), device="cuda")
    rng = np.random.default_rng(0)
    at = torch.from_numpy(rng.integers(0, 200, 3000))
    drawn = [seen[k] for k in rng.integers(0, 3, 3000)]
    for beliefs in (here, there):
        beliefs.update(at, drawn)
    for ours, theirs in zip(here.parameters(), there.parameters(), strict=True):
        torch.testing.assert_close(theirs.cpu(), ours, rtol=1e-10, atol=1e-10)
    known = there.log_likelihood(at, drawn).cpu()
    torch.testing.assert_close(known, here.log_likelihood(at, drawn), rtol=1e-10, atol=1e-10)
    draws = there.sample(20_000, torch.Generator("cuda").manual_seed(1)).cpu()
    expected = here.sample(20_000, torch.Generator().manual_seed(1))
    torch.testing.assert_close(draws.mean(0), expected.mean(0), rtol=0.0, atol=0.05)
    here.merge(there)
    there.merge(there)
    for ours, theirs in zip(here.parameters(), there.parameters(), strict=True):
        torch.testing.assert_close(theirs.cpu(), ours, rtol=1e-10, atol=1e-10)


def test_torch_waits_until_beliefs_are_made():
    code = "import sys, flexiflow.posteriors as p; assert 'torch' not in sys.modules; p.Betas((2,))"
    code += "; assert 'torch' in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
