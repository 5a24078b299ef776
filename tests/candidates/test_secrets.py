"""Secrets of endpoints: named, read at the call, and nowhere to be found afterwards."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterator
from typing import Any

import cloudpickle
import pytest
from cells import cell
from json_server import Server

from flexiflow.candidates import adopt, chat, endpoint
from flexiflow.candidates.call import run
from flexiflow.candidates.sending import EndpointError, shown
from flexiflow.errors import BadInput

KEY = "s3cr3t/ke+y=="
FORMS = (KEY, "s3cr3t%2Fke%2By%3D%3D", base64.b64encode(f"me:{KEY}".encode()).decode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Answers with all that it was asked, at /fail with an error."""
    monkeypatch.setenv("MY_KEY", KEY)
    made = Server(
        lambda asked: (500 if "fail" in asked.path else 200, {}, [asked.path, asked.headers])
    )
    yield made
    made.close()


def addressed(server: Server, path: str) -> Any:
    host = server.url.removeprefix("http://")
    return endpoint(
        f"http://me:${{MY_KEY}}@{host}{path}?api_key=${{MY_KEY}}&v=2",
        json={"q": "{0}"},
        headers={"X-Key": "Key ${MY_KEY}", "X-Plain": "harmless"},
    )


def test_they_are_sent(server: Server) -> None:
    assert run(adopt(addressed(server, "/a"), "m"), ("${MY_KEY}",), {}, seed=0).kind == "pass"
    (asked,) = server.asked
    assert asked.path == f"/a?api_key={FORMS[1]}&v=2"
    assert asked.headers["Authorization"] == f"Basic {FORMS[2]}"
    assert (asked.headers["X-Key"], asked.headers["X-Plain"]) == (f"Key {KEY}", "harmless")
    assert asked.body == {"q": "${MY_KEY}"}  # what a job holds is never searched for names


@pytest.mark.parametrize("path", ["/a", "/fail"])
def test_they_come_out_nowhere(server: Server, path: str, caplog: pytest.LogCaptureFixture) -> None:
    model = addressed(server, path)
    with caplog.at_level(logging.DEBUG):
        told = run(adopt(model, "m"), ("x",), {}, seed=0)
    assert "HTTP Request: POST" in caplog.text
    assert told.kind == ("pass" if path == "/a" else "exception")
    everything = [
        repr(told),
        caplog.text,
        repr(model),
        str(cloudpickle.dumps(model)),
        repr(vars(model)),
    ]
    for text in everything:
        assert not [form for form in FORMS if form in text]
    assert repr(model) == f"endpoint('{server.url}{path}')"


def test_errors_hold_none_in_their_causes(server: Server) -> None:
    with pytest.raises(EndpointError, match="HTTP 500") as caught:
        asyncio.run(addressed(server, "/fail")("x"))
    assert (caught.value.status, caught.value.__cause__, caught.value.__context__) == (
        500,
        None,
        None,
    )
    assert not [form for form in FORMS if form in caught.value.body]


def test_the_fingerprint_does_not_know_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = adopt(addressed(server, "/a"), "m").fingerprint
    monkeypatch.setenv("MY_KEY", "another")
    assert adopt(addressed(server, "/a"), "m").fingerprint == first
    assert adopt(addressed(server, "/b"), "m").fingerprint != first
    url = "http://host/a"
    plain = adopt(endpoint(url), "m").fingerprint
    one, other = ({"X-Plain": text} for text in ("one", "other"))
    with_one = adopt(endpoint(url, headers=one), "m").fingerprint
    assert adopt(endpoint(url, headers=other), "m").fingerprint == with_one != plain
    for options in ({"reply": "a"}, {"json": {"q": "{0}"}}, {"timeout": 5}, {"reply": len}):
        assert adopt(endpoint(url, **options), "m").fingerprint != plain
    assert adopt(endpoint("http://host/a?v=2"), "m").fingerprint != plain


@pytest.mark.parametrize(("value", "said"), [("", "is not set"), ("a\nb", "holds characters")])
def test_a_variable_that_cannot_be_used_teaches_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("MY_KEY", value)
    told = run(adopt(addressed(server, "/a"), "m"), ("x",), {}, seed=0)
    assert told.kind == "unavailable"
    assert told.reason is not None
    assert f"The environment variable MY_KEY {said}" in told.reason
    assert server.asked == []


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://me:hush@host/", None),
        ("http://hush@host/", None),
        ("http://host/?key=hush", None),
        ("http://host/?v=1&access_token=hush", None),
        ("http://host/", {"Authorization": "Bearer hush"}),
        ("http://host/", {"X-Api-Key": "hush"}),
        ("http://host/", {"Cookie": "hush"}),
        ("http://host/", {"X-Other": "Bearer hush"}),
    ],
)
def test_written_secrets_are_declined_without_repeating_them(url: str, headers: Any) -> None:
    with pytest.raises(BadInput, match="Put it into an environment variable") as caught:
        endpoint(url, headers=headers)
    assert "hush" not in str(caught.value)
    with pytest.raises(BadInput):
        chat(url, model="m", headers=headers)
    with pytest.raises(BadInput, match="not the key itself") as caught:
        chat("http://host", model="m", api_key_env="sk-hush")
    assert "hush" not in str(caught.value)


def test_they_are_in_no_record(server: Server) -> None:
    flow = cell(
        """
        asks(q)
        said = (broken | good)(q)
        assert said, "nothing"
        """,
        {"broken": addressed(server, "/fail"), "good": addressed(server, "/a")},
    )
    run = flow.run([{"q": "x"}, {"q": "y"}])
    shown_tables = [t.write_json() for t in (run.results, run.attempts, run.jobs, flow.log())]
    assert run.results["passed"].to_list() == [True, True]
    for text in shown_tables:
        assert not [form for form in FORMS if form in text]


def test_what_is_shown_of_a_url() -> None:
    assert shown("https://a:${B}@host:80/p/${C}?q=1#f") == "https://host:80/p/${C}"
    assert shown("http://host?x=a@b/c") == "http://host"
