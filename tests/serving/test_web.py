"""A server over HTTP, on a real socket."""

from __future__ import annotations

import base64
import importlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from gates import Gate
from served import LONGEST, plan_of, workflow

from flexiflow.errors import BadInput
from flexiflow.serving import Server, serve
from flexiflow.serving.web import decoded

TEXT = """
f(x, label=None)
assert x is not None, "nothing to do"
y = (model)(x)
"""


def model(x: Any) -> Any:
    if x == "array":
        return {"scores": np.array([0.25, 1.5]), "at": (1, 2)}
    if x == "odd":
        return {1, 2}
    return x[::-1]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = workflow(TEXT, {"model": model})
    with serve(made, plan_of(made.graph, {"y": "model"}, sla=9.0), port=0) as it:
        yield it


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url or "", timeout=LONGEST) as made:
        yield made


def posted(client: httpx.Client, **inputs: Any) -> tuple[int, Any]:
    told = client.post("/jobs", json=inputs)
    return told.status_code, told.json()


def test_a_job(client: httpx.Client, server: Server) -> None:
    status, told = posted(client, x="abc")
    assert (status, told["output"], told["output_kind"]) == (200, "cba", "json")
    assert (told["status"], told["passed"], told["attempts"]) == ("passed", True, 1)
    assert told["configuration"] == {"y": "model"}
    log = server.workflow._learner.store.read("jobs", job_id=told["job_id"])
    assert log["output"].to_list() == ['"cba"']
    assert posted(client, x=[1, "ü", None])[1]["output"] == [None, "ü", 1]


def test_bytes_are_written_in_base64(client: httpx.Client) -> None:
    data = bytes(range(256))
    status, told = posted(client, x={"base64": base64.b64encode(data).decode()})
    assert status == 200
    assert base64.b64decode(told["output"]["base64"]) == data[::-1]
    assert decoded([{"a": {"base64": "AA=="}}, {"base64": "", "b": 1}]) == [
        {"a": b"\0"},
        {"base64": "", "b": 1},
    ]


def test_outputs_that_are_not_plain(client: httpx.Client) -> None:
    assert posted(client, x="array")[1]["output"] == {"scores": [0.25, 1.5], "at": [1, 2]}
    told = posted(client, x="odd")[1]
    assert (told["output"], told["output_kind"]) == ("{1, 2}", "repr")


@pytest.mark.parametrize(
    ("status", "says", "asked"),
    [
        (400, "no input 'z'", {"json": {"z": 1}}),
        (400, "valid dictionary", {"json": [1]}),
        (400, "body", {"content": "{", "headers": {"Content-Type": "application/json"}}),
        (400, "not base64", {"json": {"x": {"base64": "?"}}}),
        (400, "not base64", {"json": {"x": {"base64": 3}}}),
        (400, "deadline must be", {"json": {"x": "a"}, "params": {"deadline": "nan"}}),
        (400, "deadline", {"json": {"x": "a"}, "params": {"deadline": "soon"}}),
        (504, "not done within 1e-07", {"json": {"x": "a"}, "params": {"deadline": "1e-7"}}),
    ],
)
def test_what_cannot_be_done_is_said(
    client: httpx.Client, status: int, says: str, asked: dict[str, Any]
) -> None:
    told = client.post("/jobs", **asked)
    assert told.status_code == status
    assert list(told.json()) == ["error"]
    assert says in told.json()["error"]


def test_other_paths_and_methods(client: httpx.Client) -> None:
    assert client.get("/nothing").status_code == 404
    assert "error" in client.get("/nothing").json()
    assert client.get("/jobs").status_code == 405
    assert "error" in client.get("/jobs").json()


def test_an_input_that_its_check_rejects(client: httpx.Client) -> None:
    status, told = posted(client, x=None)
    assert (status, told["status"], told["output"]) == (422, "invalid", None)
    assert "nothing to do" in told["error"]


def test_health_plan_and_stats(client: httpx.Client, server: Server) -> None:
    posted(client, x="a")
    assert client.get("/health").json() == {"open": True}
    plan = client.get("/plan").json()
    assert plan["nodes"] == [
        {"node": "y", "variant": "model", "batch": 1, "timeout": 0.0, "replicas": 1}
    ]
    assert plan["demand"]["sla"] == 9.0
    stats = client.get("/stats").json()
    assert stats["done"] == server.stats().done >= 1
    assert 0 < stats["p50"] <= stats["p99"] < 9.0
    assert stats["misses"] == 0.0
    assert stats["nodes"]["y"]["waiting"] == 0


def test_a_body_that_is_too_long() -> None:
    made = workflow(TEXT, {"model": model})
    with (
        serve(made, port=0, longest=1_000) as it,
        httpx.Client(base_url=it.url or "", timeout=LONGEST) as client,
    ):
        assert posted(client, x="a" * 900)[0] == 200
        status, told = posted(client, x="a" * 1_000)
        assert status == 413
        assert "may have 1000 bytes" in told["error"]
        parts = (b"a" * 400 for _ in range(3))  # sent in chunks: no length is told beforehand
        streamed = client.post("/jobs", content=parts, headers={"Content-Type": "application/json"})
        assert (streamed.status_code, "longest=" in streamed.json()["error"]) == (413, True)
        assert posted(client, x="ab")[1]["output"] == "ba"
        assert it.stats().done == 2
    with pytest.raises(BadInput, match="longest"):
        serve(made, port=0, longest=0)


def test_a_full_server_an_error_and_a_graceful_end(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()

    def wrong(y: str) -> bool:
        raise NameError("forgotten")

    made = workflow("f(x)\ny = (gate)(x)\nassert y != 'b' or wrong(y)",
                    {"gate": gate, "wrong": wrong})  # fmt: skip
    server = serve(made, port=0, most=1)
    told = list[httpx.Response]()

    def ask(x: str) -> threading.Thread:
        def post() -> None:
            told.append(httpx.post(f"{server.url}/jobs", json={"x": x}, timeout=LONGEST))

        thread = threading.Thread(target=post)
        thread.start()
        return thread

    first = ask("b")
    assert gate.next() == "b"
    full = httpx.post(f"{server.url}/jobs", json={"x": "c"})
    assert (full.status_code, full.headers["Retry-After"]) == (429, "1")
    with caplog.at_level(logging.ERROR, "flexiflow.serving.web"):
        gate.open()
        first.join(LONGEST)
    assert told[0].status_code == 500
    assert "NameError: forgotten" in told[0].json()["error"]
    assert "a job of f raised" in caplog.text
    last = ask("a")
    assert gate.next() == "a"
    closing = threading.Thread(target=server.close)
    closing.start()
    gate.open()
    closing.join(LONGEST)
    last.join(LONGEST)
    assert (told[1].status_code, told[1].json()["output"]) == (200, "a")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")


def test_a_job_must_pass_where_failures_are_raised() -> None:
    made = workflow("f(x)\ny = (str.upper)(x)\nassert y == 'A'", {})
    with serve(made, port=0, on_failure="raise") as server:
        told = httpx.post(f"{server.url}/jobs", json={"x": "b"}, timeout=LONGEST)
    assert told.status_code == 422
    assert list(json.loads(told.text)) == ["error"]


def test_an_address_that_cannot_be_had() -> None:
    made = workflow("f(x)\ny = (str.upper)(x)", {})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"Cannot answer at 127.0.0.1 port {port}"):
            serve(made, port=port)
    with pytest.raises(BadInput, match="from 0 to 65535"):
        serve(made, port=65_536)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str, *rest: Any) -> Any:
        if name == "fastapi":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    made = workflow("f(x)\ny = (str.upper)(x)", {})
    with pytest.raises(BadInput, match=r"needs fastapi: pip install 'flexiflow\[serve\]'"):
        serve(made, port=0)
    with serve(made) as server:
        assert server.submit({"x": "a"}).result(LONGEST).output == "A"
