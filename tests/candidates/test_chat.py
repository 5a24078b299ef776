"""Chat models: what is asked, what is read, refusals; against a real socket."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from cells import cell
from json_server import Answer, Asked, Server

from flexiflow.candidates import Raw, adopt, candidate, chat, endpoint
from flexiflow.candidates.call import run
from flexiflow.errors import BadInput


class Model:
    """Answers with what it is given."""

    def __init__(self) -> None:
        self.choice: Any = {"message": {"content": "Hallo"}, "finish_reason": "stop"}
        self.status, self.more = 200, dict[str, Any]()
        self.server = Server(self.answer)

    def answer(self, asked: Asked) -> Answer:
        if self.status != 200:
            return self.status, {}, self.more
        return 200, {}, {"model": "m-1", "choices": [self.choice], **self.more}

    def ask(self, *args: Any, **options: Any) -> Raw:
        options = {"model": "m", "api_key_env": None, **options}
        return run(adopt(chat(self.server.url, **options), "m"), args, {}, seed=0)

    @property
    def asked(self) -> Asked:
        return self.server.asked[-1]


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.server.close()


def test_a_question_and_its_answer(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    monkeypatch.setenv("OTHER", "sk-other")
    model.more = {"usage": {"prompt_tokens": 1000, "completion_tokens": 500}}
    told = model.ask("hello", system="Be brief.", api_key_env="OPENAI_API_KEY", price=(0.5, 2))
    assert (told.kind, told.value, told.confidence) == ("pass", "Hallo", None)
    assert told.extras == {
        "finish_reason": "stop",
        "model": "m-1",
        "usage": model.more["usage"],
        "cost": 1.5,
    }
    assert model.asked.path == "/v1/chat/completions"
    assert model.asked.headers["Authorization"] == "Bearer sk-hush"
    assert model.asked.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ],
        "temperature": 0,
    }
    model.ask("hello", api_key_env="OTHER")
    assert model.asked.headers["Authorization"] == "Bearer sk-other"
    model.ask("hello", headers={"api-key": "${OTHER}"})
    assert "Authorization" not in model.asked.headers
    assert model.asked.headers["api-key"] == "sk-other"


PARTS = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": "data:"}}]


@pytest.mark.parametrize(
    ("prompt", "args", "messages"),
    [
        ("To {1}: {0}", ("x", "de"), [{"role": "user", "content": "To de: x"}]),
        (
            'As {} or {"a": 1}: {0}',
            ("{1}",),
            [{"role": "user", "content": 'As {} or {"a": 1}: {1}'}],
        ),
        ("Say {0}", (3,), [{"role": "user", "content": "Say 3"}]),
        (lambda x: x.upper(), ("x",), [{"role": "user", "content": "X"}]),
        (lambda x: PARTS, ("x",), [{"role": "user", "content": PARTS}]),
        (None, ([{"role": "user", "content": "q"}],), [{"role": "user", "content": "q"}]),
    ],
)
def test_prompts(model: Model, prompt: Any, args: Any, messages: Any) -> None:
    told = model.ask(*args, prompt=prompt)
    assert told.kind == "pass", told.reason
    assert model.asked.body["messages"] == messages


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/v1"),
        ("/", "/v1"),
        ("/v1", "/v1"),
        ("/api/v3/", "/api/v3"),
        ("/x/chat/completions?api-version=2", "/x"),
    ],
)
def test_bases_and_whole_addresses(model: Model, base: str, path: str) -> None:
    made = chat(model.server.url + base, model="m", api_key_env=None)
    assert run(adopt(made, "m"), ("x",), {}, seed=0).kind == "pass"
    query = "?api-version=2" if "?" in base else ""
    assert model.asked.path == f"{path}/chat/completions{query}"


def test_json_is_asked_for_and_parsed(model: Model) -> None:
    model.choice["message"]["content"] = '{"a": [1, 2]}'
    assert model.ask("x", json=True).value == {"a": [1, 2]}
    assert model.asked.body["response_format"] == {"type": "json_object"}
    schema = {"type": "object", "properties": {"a": {"type": "array"}}}
    assert model.ask("x", json=schema).value == {"a": [1, 2]}
    form = {"name": "answer", "schema": schema, "strict": True}
    assert model.asked.body["response_format"] == {"type": "json_schema", "json_schema": form}
    model.choice = {"message": {"content": '{"a": '}, "finish_reason": "length"}
    told = model.ask("x", json=True)
    assert told.kind == "exception"
    assert told.reason is not None
    assert "The answer (finish_reason 'length') is no JSON" in told.reason


def test_log_probabilities_give_the_confidence(model: Model) -> None:
    logs = [-0.1, -0.5, 0.0]
    model.choice["logprobs"] = {"content": [{"token": "x", "logprob": log} for log in logs]}
    told = model.ask("x", logprobs=True, temperature=None, body={"max_tokens": 5})
    assert told.confidence == pytest.approx(math.prod(map(math.exp, logs)) ** (1 / 3))
    asked = {k: v for k, v in model.asked.body.items() if k not in ("model", "messages")}
    assert asked == {"logprobs": True, "max_tokens": 5}
    model.choice["logprobs"] = None
    assert model.ask("x", logprobs=True).confidence is None


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"message": {"content": "no"}, "finish_reason": "content_filter"}, "content filter"),
        (
            {"message": {"content": None, "refusal": "I will not"}, "finish_reason": "stop"},
            "I will",
        ),
    ],
)
def test_a_refusal_is_refused(model: Model, choice: Any, said: str) -> None:
    model.choice = choice
    told = model.ask("x")
    assert told.kind == "refused"
    assert told.reason is not None
    assert said in told.reason


@pytest.mark.parametrize(
    ("status", "more", "kind"),
    [
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, "refused"),
        (400, {"error": {"code": "content_policy_violation"}}, "refused"),
        (400, {"error": {"code": "bad_request"}}, "exception"),
        (400, {"error": "text"}, "exception"),
        (400, [], "exception"),
        (429, {"error": {"code": "rate_limit_exceeded"}}, "unavailable"),
        (401, {"error": {"message": "Incorrect API key"}}, "exception"),
    ],
)
def test_errors_of_the_service(model: Model, status: int, more: Any, kind: str) -> None:
    model.status, model.more = status, more
    assert model.ask("x").kind == kind


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "LookupError: The reply has no 'choices.0.message'"),
        ({"message": {"content": None}, "finish_reason": "tool_calls"}, "answered without a text"),
    ],
)
def test_an_answer_without_a_text_is_told(model: Model, choice: Any, said: str) -> None:
    model.choice = choice
    told = model.ask("x")
    assert told.kind == "exception"
    assert told.reason is not None
    assert said in told.reason


def test_a_batch_is_asked_side_by_side(model: Model) -> None:
    made = chat(model.server.url, model="m", prompt="Say {0}", api_key_env=None)
    adopted = adopt(candidate(made, batch=4), "m")
    assert run(adopted, (1,), {}, seed=0).value == "Hallo"
    told = run(adopt(lambda: adopted.kind._kind([1, 2, 3]), "m"), (), {}, seed=0)
    assert [one.value for one in told.value] == ["Hallo"] * 3
    contents = [asked.body["messages"][0]["content"] for asked in model.server.asked]
    assert sorted(contents) == ["Say 1", "Say 1", "Say 2", "Say 3"]
    model.status, model.more = 429, {}
    assert run(adopted, (1,), {}, seed=0).kind == "unavailable"


def test_fingerprints_follow_what_is_asked() -> None:
    def digest(**options: Any) -> str:
        return adopt(chat("http://h/v1", **{"model": "m", **options}), "m").fingerprint

    changes = [
        {},
        {"model": "n"},
        {"system": "s"},
        {"prompt": "{0}"},
        {"temperature": 1},
        {"json": True},
        {"logprobs": True},
        {"body": {"top_p": 0.5}},
        {"prompt": lambda x: x},
        {"json": {"type": "object"}},
        {"api_key_env": None},
    ]
    assert len({digest(**change) for change in changes}) == len(changes)
    assert digest(api_key_env="OTHER") == digest()


def test_its_name_in_a_list_is_the_models() -> None:
    models = [chat("http://h/v1", model="small"), endpoint("http://h/v1?key=${K}")]
    flow = cell("f(q)\na = any_of(models)(q)", {"models": models})
    assert [c.name for c in flow.graph.nodes[0].candidates] == ["small", "h/v1"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": ""}, "name of a model"),
        ({"prompt": "no field"}, "prompt= reads no argument"),
        ({"price": 3}, r"\(prompt, completion\)"),
        ({"price": (1, -1)}, r"\(prompt, completion\)"),
        ({"timeout": "5"}, "seconds, above 0"),
    ],
)
def test_bad_options_are_told_at_once(options: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        chat("http://h/v1", **{"model": "m", **options})
