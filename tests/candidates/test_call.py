"""What is told of every way in which a model can end."""

from __future__ import annotations

import contextvars
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from flexiflow.candidates import Raw, Result, adopt, candidate
from flexiflow.candidates.call import run
from flexiflow.errors import Refused, Unavailable


def told_of(model: Any, *args: Any, **options: Any) -> Raw:
    return run(adopt(candidate(model, **options), "m"), args, {}, seed=0)._replace(cold=False)


def raising(error: BaseException) -> Any:
    def model() -> None:
        raise error

    return model


@contextmanager
def held() -> Iterator[threading.Event]:
    """An event that is set at the end, whatever happens, so that no thread is left."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


class RateLimitError(Exception):
    """Named as in the clients of hosted models."""


class ReadTimeout(Exception):
    pass


class Timeout(ReadTimeout):
    pass


@pytest.mark.parametrize(
    ("error", "kind", "head"),
    [
        (ValueError("no date"), "exception", "ValueError: no date (test_call.py:"),
        (MemoryError(), "exception", "MemoryError (test_call.py:"),
        (SystemExit(3), "exception", "SystemExit: 3"),
        (RecursionError("deep"), "exception", "RecursionError: deep"),
        (TimeoutError("slow"), "timeout", "TimeoutError: slow"),
        (Timeout("slow"), "timeout", "Timeout: slow"),
        (Refused("unsafe"), "refused", "Refused: unsafe"),
        (Unavailable("busy"), "unavailable", "Unavailable: busy"),
        (ConnectionRefusedError("no"), "unavailable", "ConnectionRefusedError: no"),
        (urllib.error.URLError(ConnectionResetError()), "unavailable", "URLError"),
        (RateLimitError("429"), "unavailable", "RateLimitError: 429"),
        (OSError("disk"), "exception", "OSError: disk"),
        (ValueError("größer ≠ 日本 🙂"), "exception", "ValueError: größer ≠ 日本 🙂 ("),
        (ValueError("a\ud800b\0"), "exception", "ValueError: a?b?"),
    ],
)
@pytest.mark.parametrize("timeout", [None, 60])
def test_what_a_model_raises(
    error: BaseException, kind: str, head: str, timeout: float | None
) -> None:
    told = told_of(raising(error), timeout=timeout)
    assert told.kind == kind
    assert told.reason is not None
    assert told.reason.startswith(head)
    assert told.reason.endswith(" in model)")
    assert told.value is None


def test_a_reason_is_short_whatever_the_message() -> None:
    told = told_of(raising(ValueError("x" * 100_000)))
    assert told.reason is not None
    assert len(told.reason) == 500
    assert told.reason.endswith(" in model)")

    class Unreadable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "cannot be read" in (told_of(raising(Unreadable())).reason or "")


def test_the_place_is_in_the_users_code() -> None:
    def model() -> Any:
        return np.linalg.inv(np.zeros((2, 2)))

    reason = told_of(model).reason or ""
    assert reason.startswith("LinAlgError: Singular matrix (test_call.py:")


def test_unavailable_says_when_to_ask_again() -> None:
    assert told_of(raising(Unavailable("busy", retry_after=3))).retry_after == 3.0
    assert told_of(raising(Unavailable("busy"))).retry_after is None
    assert told_of(raising(Unavailable("busy", retry_after=float("inf")))).retry_after is None


@pytest.mark.parametrize("timeout", [None, 60])
def test_an_interrupt_goes_through(timeout: float | None) -> None:
    with pytest.raises(KeyboardInterrupt):
        told_of(raising(KeyboardInterrupt()), timeout=timeout)


def test_nothing_is_a_failure_unless_it_is_meant() -> None:
    told = told_of(lambda: None)
    assert told.kind == "exception"
    assert (told.reason or "").startswith("returned nothing (None)")
    meant = told_of(lambda: Result(None))
    assert (meant.kind, meant.value, meant.reason) == ("pass", None, None)


@pytest.mark.parametrize("value", [0, "", [], False, float("nan"), np.zeros(0)])
def test_empty_values_are_values(value: Any) -> None:
    told = told_of(lambda: value)
    assert told.kind == "pass"
    assert told.value is value


@pytest.mark.parametrize(
    ("confidence", "number"),
    [
        (0.5, 0.5),
        (1, 1.0),
        (None, None),
        (np.float32(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        (torch.tensor(0.5), 0.5),
        (np.array(0.5), 0.5),
        (float("nan"), None),
    ],
)
def test_confidence_is_a_number(confidence: Any, number: float | None) -> None:
    told = told_of(lambda: Result("v", confidence, boxes=[1]))
    assert (told.kind, told.value, told.confidence) == ("pass", "v", number)
    assert told.extras == {"boxes": [1]}


@pytest.mark.parametrize("confidence", ["0.9", True, np.bool_(True), [0.5], 1j, 10**400])
def test_a_confidence_that_is_no_number(confidence: Any) -> None:
    told = told_of(lambda: Result("v", confidence))
    assert told.kind == "exception"
    assert "must be a real number or None" in (told.reason or "")


def test_seconds_are_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 12.5, 20.0, 20.25])
    monkeypatch.setattr("flexiflow.candidates.call.perf_counter", lambda: next(ticks))
    assert told_of(lambda: 1).seconds == 2.5
    assert told_of(raising(ValueError())).seconds == 0.25


def test_inline_runs_in_the_calling_thread_and_a_limit_in_another() -> None:
    here = threading.get_ident()
    assert told_of(threading.get_ident).value == here
    assert told_of(threading.get_ident, timeout=60).value != here


def test_context_variables_are_seen_under_a_limit() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("seen")
    assert told_of(variable.get, timeout=60).value == "seen"


def test_at_the_limit_the_thread_is_abandoned() -> None:
    with held() as event:
        told = told_of(lambda: event.wait(30), timeout=0.05)
        assert told == Raw("timeout", seconds=0.05, reason="no answer within 0.05 seconds")
        left = [t for t in threading.enumerate() if t.name == "flexiflow-limit-0.05s"]
        assert [t.daemon for t in left] == [True]
    left[0].join(10)
    assert not left[0].is_alive()


def test_an_answer_after_the_limit_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 61.0])
    monkeypatch.setattr("flexiflow.candidates.call.perf_counter", lambda: next(ticks))
    assert told_of(lambda: 1, timeout=60) == Raw(
        "timeout", seconds=60, reason="no answer within 60 seconds"
    )


class Slotted:
    """A model that no weak reference can be made of."""

    __slots__ = ()

    def __call__(self) -> int:
        return 1


@pytest.mark.parametrize("model", [lambda: 1, Slotted()], ids=["function", "slotted"])
def test_only_the_first_run_of_a_model_is_cold(model: Any) -> None:
    first, again = adopt(candidate(model), "m"), adopt(candidate(model, timeout=60), "n")
    ran = [run(it, (), {}, seed=0).cold for it in (first, first)]
    assert ran == [True, False]
    if not isinstance(model, Slotted):
        assert not run(again, (), {}, seed=0).cold  # under another name


def test_a_new_model_of_the_same_code_is_cold_and_one_that_was_not_reached_stays_so() -> None:
    def made() -> Any:
        def model(answer: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return model

    one, other = adopt(made(), "m"), adopt(made(), "m")
    assert one.fingerprint == other.fingerprint
    assert not run(one, (Unavailable("busy"),), {}, seed=0).cold
    assert run(one, (ValueError("wrong"),), {}, seed=0).cold
    assert run(other, (1,), {}, seed=0).cold
    assert not run(one, (1,), {}, seed=0).cold


def test_huge_outputs_are_handed_on_as_they_are() -> None:
    huge = np.zeros(5_000_000)
    assert told_of(lambda: huge, timeout=60).value is huge
