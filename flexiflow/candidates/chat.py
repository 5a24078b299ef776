"""A chat model behind an OpenAI-compatible endpoint as a candidate [1]_.

References
----------
.. [1] https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json as json_text
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flexiflow.candidates.base import Result
from flexiflow.candidates.endpoint import Address, checked_seconds
from flexiflow.candidates.environment import checked_headers, checked_url
from flexiflow.candidates.sending import EndpointError
from flexiflow.candidates.templates import check_reads, filled, parsed, picked
from flexiflow.errors import BadInput, Refused

_FILTERED = frozenset({"content_filter", "content_policy_violation"})


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Chat(Address):
    """A chat model; made by :func:`chat`."""

    model: str
    system: str | None = None
    prompt: str | Callable[..., Any] | None = None
    temperature: float | None = 0
    json: bool | Mapping[str, Any] = False
    logprobs: bool = False
    price: tuple[float, float] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def __name__(self) -> str:
        """What it is called in a list of models: the model's name."""
        return self.model

    async def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Ask one question."""
        asked = {"model": self.model, "messages": self._messages(args, kwargs), **self._settings()}
        refused = None
        try:
            told = await self.post(asked)
        except EndpointError as error:
            refused = _filtered(error)
            if refused is None:
                raise
        if refused is not None:
            raise Refused(refused)
        return self._answer(parsed(told.content, "The reply"))

    async def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Ask many questions side by side."""
        import asyncio

        questions = [self(*row, **kwargs) for row in zip(*args, strict=True)]
        answers = await asyncio.gather(*questions, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return list(answers)

    def _messages(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        asked = filled(self.prompt, args, kwargs)
        if isinstance(self.prompt, str):
            asked = str(asked)
        if isinstance(asked, (list, tuple)) and asked and all(map(_is_message, asked)):
            messages = list(asked)
        elif isinstance(asked, str) or (isinstance(asked, list) and asked):
            messages = [{"role": "user", "content": asked}]
        else:
            raise TypeError(
                f"A chat asks with a text, a list of messages or a list of content parts. Got "
                f"{type(asked).__name__}. Make one with prompt=."
            )
        return (
            messages
            if self.system is None
            else [{"role": "system", "content": self.system}, *messages]
        )

    def _settings(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.temperature is not None:
            said["temperature"] = self.temperature
        if self.json is True:
            said["response_format"] = {"type": "json_object"}
        elif self.json:
            form = {"name": "answer", "schema": dict(self.json), "strict": True}
            said["response_format"] = {"type": "json_schema", "json_schema": form}
        if self.logprobs:
            said["logprobs"] = True
        return {**said, **(self.body or {})}

    def _answer(self, data: Any) -> Result:
        message = picked(data, "choices.0.message")
        choice = data["choices"][0]
        ended = choice.get("finish_reason")
        if ended == "content_filter" or message.get("refusal"):
            raise Refused(str(message.get("refusal") or "the endpoint's content filter"))
        text = message.get("content")
        if not isinstance(text, str):
            raise ValueError(f"The model answered without a text (finish_reason {ended!r}).")
        value = parsed(text, f"The answer (finish_reason {ended!r})") if self.json else text
        usage = data.get("usage")
        extras = {"finish_reason": ended, "model": data.get("model"), "usage": usage}
        cost = self._cost(usage)
        said = {k: v for k, v in {**extras, "cost": cost}.items() if v is not None}
        return Result(value, _confidence(choice), **said)

    def _cost(self, usage: Any) -> float | None:
        if self.price is None or not isinstance(usage, dict):
            return None
        counts = [usage.get(f"{part}_tokens") or 0 for part in ("prompt", "completion")]
        return sum(n * price / 1000 for n, price in zip(counts, self.price, strict=True))


def chat(
    url: str,
    *,
    model: str,
    system: str | None = None,
    prompt: str | Callable[..., Any] | None = None,
    api_key_env: str | None = "OPENAI_API_KEY",
    temperature: float | None = 0,
    json: bool | Mapping[str, Any] = False,
    logprobs: bool = False,
    price: tuple[float, float] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    timeout: float = 60.0,
) -> Chat:
    """Make a candidate of a chat model behind an OpenAI-compatible endpoint.

    Its value is the answer's text; ``usage`` (tokens), ``finish_reason`` and ``model`` are
    extras. A content filter or a refusal is ``Refused``, a rate limit ``Unavailable``.

    Parameters
    ----------
    url
        The base (``"https://api.openai.com/v1"``, ``"http://localhost:8000/v1"``) or the
        whole address, ending in ``/chat/completions``.
    model
        The model's name.
    system
        What the model is told first.
    prompt
        A text in which ``{0}`` is the first argument and ``{name}`` one given by name, or a
        function of the arguments that returns a text, a list of messages or a list of content
        parts (images). By default the only argument.
    api_key_env
        The environment variable with the key, read at each call; None to send none.
    temperature
        Of sampling; None leaves it to the model.
    json
        True asks for JSON and gives it parsed; a JSON schema (a dict) asks for that form.
    logprobs
        Ask for the tokens' log probabilities: the confidence is their geometric mean
        probability, exp(mean of logs), between 0 and 1.
    price
        Of 1000 tokens, (prompt, completion): the extra ``cost`` says what the answer cost.
        What a job is charged is ``candidate(..., cost=)``.
    headers
        As for :func:`endpoint`.
    body
        Further fields of the request: ``{"max_tokens": 200}``.
    timeout
        Seconds for the whole exchange.

    Raises
    ------
    BadInput
        An option is not as said, a secret is written out, or httpx is not installed.

    Examples
    --------
    >>> chat("http://localhost:8000/v1", model="small", prompt="Translate: {0}", api_key_env=None)
    chat('http://localhost:8000/v1/chat/completions')
    """
    check_reads(prompt, "prompt")
    if not isinstance(model, str) or not model:
        raise BadInput(f"model= must be the name of a model. Got {model!r} instead.")
    return Chat(
        url=_completions(checked_url(url)),
        headers=_with_key(checked_headers(headers), api_key_env),
        timeout=checked_seconds(timeout),
        model=model,
        system=system,
        prompt=prompt,
        temperature=temperature,
        json=json,
        logprobs=logprobs,
        price=_checked_price(price),
        body=body,
    )


def _completions(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path = (path or "/v1") + "/chat/completions"
    return urlunsplit(parts._replace(path=path))


def _with_key(
    headers: tuple[tuple[str, str], ...], variable: str | None
) -> tuple[tuple[str, str], ...]:
    if variable is None or any(name.lower() == "authorization" for name, _ in headers):
        return headers
    if not isinstance(variable, str) or not re.fullmatch(r"[A-Za-z_]\w*", variable):
        raise BadInput("api_key_env= is the name of an environment variable, not the key itself.")
    return (*headers, ("Authorization", f"Bearer ${{{variable}}}"))


def _checked_price(price: Any) -> tuple[float, float] | None:
    if price is None:
        return None
    pair = isinstance(price, (list, tuple)) and len(price) == 2
    if not pair or not all(isinstance(p, (int, float)) and p >= 0 for p in price):
        raise BadInput(
            f"price= is that of 1000 tokens, (prompt, completion): (0.15, 0.6). Got {price!r} "
            "instead."
        )
    return (float(price[0]), float(price[1]))


def _is_message(part: Any) -> bool:
    return isinstance(part, Mapping) and "role" in part


def _filtered(error: EndpointError) -> str | None:
    """Say what was refused if an error means that."""
    try:
        said = json_text.loads(error.body)["error"]
        code, message = said.get("code"), said.get("message")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return str(message or code) if code in _FILTERED else None


def _confidence(choice: Any) -> float | None:
    """Give the geometric mean probability of the tokens, if the reply has it."""
    tokens = (choice.get("logprobs") or {}).get("content") or []
    logs = [token["logprob"] for token in tokens if token.get("logprob") is not None]
    return math.exp(sum(logs) / len(logs)) if logs else None
