"""The workflow: loaded late, right more often than any path, and back to the detector."""

import subprocess
import sys

import numpy as np
import pytest

from flexiflow import Fixed, MemoryStore
from flexiflow.examples.lessons import record
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.lessons.policies import in_order, oracle
from flexiflow.examples.video.clips import clips
from flexiflow.examples.video.workflow import PACKAGES, video

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[video]'"
)


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = f"import sys, flexiflow.examples.video; print(*{set(PACKAGES)!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_checks_of_tracks_can_blame_both_steps() -> None:
    graph = video.graph
    scopes = [[graph.nodes[v].name for v in scope] for scope in graph.scopes]
    assert scopes == [["boxes"]] + [["boxes", "tracks"]] * 4


@real
def test_what_passes_is_right_more_often_and_trial_beats_the_first_path() -> None:
    found = record(video, clips(4, seed=21))
    right, passed = found.right, found.passed
    assert right[passed].mean() > right.mean() + 0.2
    assert oracle(found).right.mean() >= right.mean(axis=0).max()
    written = in_order(found, range(right.shape[1]), "as written", reuse=True)
    assert written.right.mean() > right[:, 0].mean()
    assert np.isfinite(found.seconds).all()


@real
def test_a_clip_goes_back_from_its_tracks_to_the_detector() -> None:
    video.pin("tracks", "bytetrack")  # so that a failure can be mended by another detector alone
    try:
        run = video.run(
            clips(4, seed=22), store=MemoryStore(), seed=0, progress=False, sampler=Fixed()
        )
    finally:
        video.pin("tracks", None)
    assert run.jobs["rollbacks"].sum() > 0
    assert run.jobs["passed"].sum() >= 1
