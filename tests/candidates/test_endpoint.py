"""Endpoints: what is posted, what is read, errors, redirects, processes; a real socket."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from email.utils import formatdate
from multiprocessing import get_context
from time import time
from typing import Any

import numpy as np
import pytest
import torch
from cells import cell
from json_server import Answer, Asked, Server

from flexiflow import Fixed
from flexiflow.candidates import Raw, Result, adopt, candidate, endpoint
from flexiflow.candidates.call import run
from flexiflow.errors import BadInput
from flexiflow.executors import submit


def call(model: Any, *args: Any, **kwargs: Any) -> Raw:
    return run(adopt(model, "m"), args, kwargs, seed=0)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Asked], Answer | None]], Server]]:
    made: list[Server] = []

    def start(answer: Callable[[Asked], Answer | None]) -> Server:
        made.append(Server(answer))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def echo(serve: Any) -> Server:
    return serve(lambda asked: (200, {}, {"got": asked.body, "more": [{"n": 7}]}))


@pytest.mark.parametrize(
    ("json", "args", "kwargs", "body"),
    [
        (None, ("a text",), {}, "a text"),
        (None, ({"a": [1, None]},), {}, {"a": [1, None]}),
        (None, (), {"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
        ({"q": "{0}", "k": 3}, ([1, 2],), {}, {"q": [1, 2], "k": 3}),
        ({"q": ["{1}: {0}", "{to}"]}, ("x", 2), {"to": 0.5}, {"q": ["2: x", 0.5]}),
        ({"q": '{0} as {"a": {}}'}, ("{1}",), {}, {"q": '{1} as {"a": {}}'}),
        (lambda x, by=2: {"x": x * by}, (4,), {"by": 3}, {"x": 12}),
        ({"x": "{0}"}, (np.arange(4, dtype="uint8").reshape(2, 2),), {}, {"x": [[0, 1], [2, 3]]}),
        ({"x": "{0}"}, (np.float32(0.5),), {}, {"x": 0.5}),
        ({"x": "{0}"}, (torch.ones(2, requires_grad=True),), {}, {"x": [1, 1]}),
    ],
)
def test_what_is_posted(echo: Server, json: Any, args: Any, kwargs: Any, body: Any) -> None:
    told = call(endpoint(echo.url + "/a?v=2", json=json, reply="got"), *args, **kwargs)
    assert (told.kind, told.value) == ("pass", body), told.reason
    (asked,) = echo.asked
    assert (asked.path, asked.headers["Content-Type"]) == ("/a?v=2", "application/json")


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (None, {"got": 1, "more": [{"n": 7}]}),
        ("more.0.n", 7),
        (lambda data: data["got"] + 1, 2),
        (lambda data: Result(data["got"], confidence=0.5, n=data["more"]), 1),
    ],
)
def test_how_the_reply_is_read(echo: Server, reply: Any, value: Any) -> None:
    told = call(endpoint(echo.url, reply=reply), 1)
    assert told.value == value
    assert told.confidence in (None, 0.5)


def test_texts_and_bytes_are_read_too(serve: Any) -> None:
    url = serve(lambda asked: (200, {"Content-Type": "image/png"}, b"\x89PNG")).url
    assert call(endpoint(url, reads="bytes"), 1).value == b"\x89PNG"
    assert call(endpoint(url, reads="text", reply=len), 1).value == 4
    told = call(endpoint(url), 1)
    assert told.reason is not None
    assert "ValueError: The reply is no JSON: " in told.reason


@pytest.mark.parametrize(
    ("options", "args", "said"),
    [
        ({"reply": "more.1.n"}, (1,), "no 'more.1.n': 'more' is of type list, 1 long."),
        ({"reply": "nothing"}, (1,), "the reply is a dict with the keys got, more."),
        ({"reply": "got.a"}, (1,), "'got' is of type int."),
        ({}, (1, 2), "TypeError: Without a template an endpoint takes one argument"),
        ({"json": {"a": "{1}"}}, (1,), "The template reads {1}. Got 1 arguments"),
        ({}, (b"bytes",), "TypeError: JSON cannot say a bytes"),
        ({}, (float("nan"),), "ValueError: Out of range float values"),
    ],
)
def test_what_does_not_fit_is_told(echo: Server, options: Any, args: Any, said: str) -> None:
    told = call(endpoint(echo.url, **options), *args)
    assert told.kind == "exception"
    assert told.reason is not None
    assert said in told.reason


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (429, {"Retry-After": "7"}, "unavailable", 7),
        (429, {"Retry-After": "1.5", "retry-after-ms": "250"}, "unavailable", 0.25),
        (503, {"Retry-After": formatdate(time() - 60, usegmt=True)}, "unavailable", 0),
        (529, {"Retry-After": "soon"}, "unavailable", None),
        (429, {"Retry-After": "nan"}, "unavailable", None),
        (503, {}, "unavailable", None),
        (500, {"Retry-After": "7"}, "exception", None),
        (401, {}, "exception", None),
        (302, {"Location": "/b"}, "exception", None),
    ],
)
def test_statuses(serve: Any, status: int, headers: Any, kind: str, wait: float | None) -> None:
    server = serve(lambda asked: (status, headers, b"it \n broke " + b"x" * 500))
    told = call(endpoint(server.url + "/a"), 1)
    assert told.kind == kind
    assert told.retry_after == (wait if not wait else pytest.approx(wait, abs=60))
    assert told.reason is not None
    assert f"HTTP {status} from {server.url}/a: it broke xxx" in told.reason
    assert len(told.reason) < 400


def test_a_rate_limit_in_a_workflow_switches_cools_down_and_teaches_nothing(serve: Any) -> None:
    limited = serve(lambda asked: (429, {"Retry-After": "600"}, b"slow down"))
    free = serve(lambda asked: (200, {}, "an answer"))
    flow = cell(
        """
        asks(q)
        said = (first | second)(q)
        assert said, "nothing"
        """,
        {"first": endpoint(limited.url), "second": endpoint(free.url)},
    )
    run = flow.run([{"q": "x"}, {"q": "y"}], sampler=Fixed())
    assert run.results["output"].to_list() == ["an answer"] * 2
    tried = run.attempts.select("candidate", "kind").rows()
    assert tried == [("first", "unavailable"), ("second", "pass"), ("second", "pass")]
    assert len(limited.asked) == 1
    judged = {name for text in run.verdicts["configuration"] for name in json.loads(text).values()}
    assert judged == {flow.graph.candidate(0, 1).fingerprint}


def test_a_date_to_come_back_at_is_seconds_from_now(serve: Any) -> None:
    def busy(asked: Any) -> Any:
        return 503, {"Retry-After": formatdate(time() + 3600, usegmt=True)}, b""

    told = call(endpoint(serve(busy).url), 1)
    assert told.kind == "unavailable"
    assert told.retry_after == pytest.approx(3600, abs=60)


def test_connections_that_fail_are_unavailable(serve: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    refused = call(endpoint(url), 1)
    dropped = call(endpoint(serve(lambda asked: None).url), 1)
    assert [t.kind for t in (refused, dropped)] == ["unavailable", "unavailable"]
    assert refused.reason is not None
    assert refused.reason.startswith(f"Unavailable: no connection to {url}: ")


def test_time_limits_are_the_endpoints_and_the_candidates(serve: Any) -> None:
    go = threading.Event()
    server = serve(lambda asked: go.wait(20) and (200, {}, 1))
    own = call(endpoint(server.url, timeout=0.05), 1)
    outer = call(candidate(endpoint(server.url), timeout=0.05), 1)
    go.set()
    assert (own.kind, outer.kind) == ("timeout", "timeout")
    assert own.reason is not None
    assert f"no reply from {server.url} within 0.05 seconds" in own.reason
    assert call(endpoint(server.url), 1).value == 1


def test_a_redirect_goes_to_the_same_origin_only(serve: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("MY_KEY", "hush-hush-hush")
    other = serve(lambda asked: (200, {}, "stolen"))
    there = {"/same": "/b", "/other": other.url + "/b", "/round": "/round"}

    def answer(asked: Asked) -> Answer:
        to = there.get(asked.path)
        return (200, {}, asked.headers["X-Key"]) if to is None else (307, {"Location": to}, b"")

    server = serve(answer)
    headers = {"X-Key": "${MY_KEY}"}
    assert call(endpoint(server.url + "/same", headers=headers), 1).kind == "pass"
    told = call(endpoint(server.url + "/other", headers=headers), 1)
    assert told.reason is not None
    assert "HTTP 307: it redirects to http://127.0.0.1, another origin" in told.reason
    assert other.asked == []
    assert call(endpoint(server.url + "/round"), 1).kind == "exception"


def test_one_client_keeps_connections_and_no_cookies(serve: Any) -> None:
    server = serve(lambda asked: (200, {"Set-Cookie": "who=me; Path=/"}, 1))
    for model in (endpoint(server.url), endpoint(server.url + "/b"), endpoint(server.url)):
        assert call(model, 1).value == 1
    assert len({asked.port for asked in server.asked}) == 1
    assert all("Cookie" not in asked.headers for asked in server.asked)


def test_it_is_an_async_function_on_any_loop(echo: Server) -> None:
    async def both() -> list[Any]:
        model = endpoint(echo.url, reply="got")
        return await asyncio.gather(model(1), model(2))

    assert asyncio.run(both()) == [1, 2]
    assert asyncio.run(both()) == [1, 2]


def test_a_batch_is_one_post_with_lists(echo: Server) -> None:
    model = adopt(candidate(endpoint(echo.url, json={"q": "{0}"}, reply="got.q"), batch=4), "m")
    assert run(model, (3,), {}, seed=0).value == 3
    assert echo.asked[0].body == {"q": [3]}


@pytest.mark.slow
def test_it_goes_to_other_processes(echo: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "hush-hush-hush")
    adopted = adopt(endpoint(echo.url, headers={"X-Key": "${MY_KEY}"}, reply="got"), "m")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert submit(pool, adopted, (5,), {}, seed=0).result().value == 5
    assert echo.asked[0].headers["X-Key"] == "hush-hush-hush"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "ftp://host/a"}, "begins with http:// or https://"),
        ({"url": "http://[::1"}, "begins with http:// or https://"),
        ({"url": 3}, "begins with http:// or https://"),
        ({"url": "http://${HOST}/"}, "must be written out"),
        ({"json": {"a": "b"}}, r"json= reads no argument of the candidate. Write \{0\}"),
        ({"reply": ""}, "must be a path like"),
        ({"reply": "a", "reads": "text"}, "goes into JSON"),
        ({"reads": "xml"}, "reads= must be"),
        ({"timeout": 0}, "seconds, above 0"),
        ({"headers": {"a": 1}}, "dict of texts to texts"),
    ],
)
def test_bad_options_are_told_at_once(options: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        endpoint(**{"url": "http://host/", **options})


def test_the_extra_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'flexiflow\[endpoint\]'"):
        endpoint("http://host/")
