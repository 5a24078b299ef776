"""With how many threads an ONNX file is opened."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx_files import WEIGHTS, linear

from flexiflow.candidates import adopt, candidate, onnx
from flexiflow.candidates.call import run
from flexiflow.candidates.onnx import Onnx
from flexiflow.candidates.onnx_session import cores, opened
from flexiflow.errors import BadInput

ROWS = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]])


@pytest.fixture
def file(tmp_path: Path) -> str:
    return linear(tmp_path / "m.onnx")


def threads_of(session: Any) -> int:
    return int(session.get_session_options().intra_op_num_threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_session_has_the_threads_that_were_asked_for(file: str, threads: int) -> None:
    model = Onnx(onnx(file, threads=threads))
    assert threads_of(model._session) == threads
    np.testing.assert_allclose(model(ROWS), ROWS @ WEIGHTS, rtol=1e-6)


def test_by_default_it_has_the_cores_of_the_process(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert threads_of(opened(file, "auto")) == cores() >= 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda of: {0, 2, 5}, raising=False)
    assert threads_of(Onnx(file)._session) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cores() == 4


def test_they_go_along_to_where_the_model_runs(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.loads(pickle.dumps(onnx(file, threads=2)))
    assert (sent.path, sent.threads) == (file, 2)
    real, found = onnxruntime.InferenceSession, list[int]()

    def spied(path: str, settings: Any, providers: Any) -> Any:
        found.append(settings.intra_op_num_threads)
        return real(path, settings, providers=providers)

    monkeypatch.setattr(onnxruntime, "InferenceSession", spied)
    told = run(adopt(candidate(sent), "m"), (ROWS,), {}, seed=0)
    assert (told.kind, found) == ("pass", [2])


def test_what_makes_no_sense_is_told(file: str) -> None:
    for bad in (0, -1, 1.5, True, "2"):
        with pytest.raises(BadInput, match="threads= must be a whole number, 1 or more"):
            onnx(file, threads=bad)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(BadInput, match="has its threads already"):
        onnx(onnxruntime.InferenceSession(file), threads=1)


def test_who_runs_otherwise_is_learned_of_anew(file: str) -> None:
    def digest(model: Any) -> str:
        return adopt(model, "m").fingerprint

    assert digest(onnx(file)) == digest(file)
    assert len({digest(file), digest(onnx(file, threads=1)), digest(onnx(file, threads=2))}) == 3
