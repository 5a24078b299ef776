"""What holds of every kind of candidate, inline, under a limit, loaded and isolated."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import onnx_files
import pytest
import torch
from json_server import Answer, Asked, Server
from sklearn.linear_model import LogisticRegression

from flexiflow.candidates import KINDS, adopt, candidate, chat, endpoint
from flexiflow.candidates.call import run


class Example(NamedTuple):
    """A kind of candidate: how to make one, an input, its output, an input that it hates."""

    kind: str
    make: Callable[[], Any]
    given: Any
    gives: Any
    hates: Any


class Inner:
    """A workflow as far as a candidate needs one."""

    graph = SimpleNamespace(name="inner", digest="0123")

    def job(self, x: int) -> Any:
        return SimpleNamespace(
            job_id="j", attempts=(1,), passed=True, status="passed", output=1 / x
        )


async def later(x: float) -> float:
    return 1 / x


def linear() -> torch.nn.Module:
    torch.manual_seed(0)
    net = torch.nn.Linear(2, 1)
    torch.nn.init.ones_(net.weight)
    torch.nn.init.zeros_(net.bias)
    return net


def classifier() -> Any:
    return LogisticRegression().fit([[-1.0], [1.0]], ["neg", "pos"])


@cache
def served() -> Server:
    """Divide 1 by the number that is asked, as JSON and as a chat; 0 is an error of its own."""

    def answer(asked: Asked) -> Answer:
        x = asked.body if asked.path == "/" else float(asked.body["messages"][0]["content"])
        said = 1 / x if x else 0
        reply = {"choices": [{"message": {"content": str(said)}}]} if asked.path != "/" else said
        return (200, {}, reply) if x else (500, {}, "division by zero")

    server = Server(answer)
    atexit.register(server.close)
    return server


def file() -> str:
    path = Path(tempfile.gettempdir()) / f"flexiflow-contract-{os.getpid()}.onnx"
    atexit.register(path.unlink, missing_ok=True)
    return onnx_files.linear(path, [[1.0], [1.0]])


def talk() -> Any:
    return chat(served().url, model="m", prompt="{0}", api_key_env=None)


EXAMPLES = [
    Example("Function", lambda: lambda x: 1 / x, 4, 0.25, 0),
    Example("Function", lambda: later, 4, 0.25, 0),
    Example("Module", linear, np.array([1.0, 2.0]), 3.0, np.ones(5)),
    Example("Estimator", classifier, [2.0], "pos", [1.0, 2.0]),
    Example("Workflow", Inner, 4, 0.25, 0),
    Example("Onnx", file, [1.0, 2.0], 3.0, np.ones(5)),
    Example("Remote", lambda: endpoint(served().url), 4, 0.25, 0),
    Example("Remote", talk, 4, "0.25", 0),
]
WRAPS: dict[str, Callable[[Example], Any]] = {
    "inline": lambda e: e.make(),
    "limited": lambda e: candidate(e.make(), timeout=60),
    "loaded": lambda e: candidate(load=e.make),
    "isolated": lambda e: candidate(e.make(), isolate="process"),
}


@pytest.mark.parametrize(
    "wrap",
    [*[w for w in WRAPS if w != "isolated"], pytest.param("isolated", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.kind)
def test_it_answers_and_fails_as_any_other(example: Example, wrap: str) -> None:
    adopted = adopt(WRAPS[wrap](example), "m")
    told = run(adopted, (example.given,), {}, seed=0)
    assert told.kind == "pass", told.reason
    assert told.value == example.gives
    assert told.seconds > 0
    failed = run(adopted, (example.hates,), {}, seed=0)
    assert failed.kind == "exception"
    assert failed.reason is not None
    assert "Error: " in failed.reason
    assert run(adopted, (example.given,), {}, seed=0).value == example.gives


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.kind)
def test_exactly_its_own_kind_takes_it_first(example: Example) -> None:
    model = example.make()
    assert next(kind for kind in KINDS if kind.accepts(model)).__name__ == example.kind


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.kind)
def test_its_fingerprint_is_that_of_its_twin(example: Example) -> None:
    one, other = adopt(example.make(), "a"), adopt(example.make(), "b")
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 32


def test_fingerprints_of_kinds_differ() -> None:
    assert len({adopt(e.make(), "m").fingerprint for e in EXAMPLES}) == len(EXAMPLES)
