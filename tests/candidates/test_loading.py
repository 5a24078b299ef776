"""Models loaded at first use, once, and released when memory is short."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from flexiflow.candidates import Raw, adopt, candidate, loading
from flexiflow.candidates.call import run
from flexiflow.candidates.loading import Loaded, memory_bound, release_idle
from flexiflow.errors import BadInput, Unavailable


class Shelf:
    """Makes models and remembers what was made and given up."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.released: list[str] = []

    def candidate(self, name: str, model: Any, **options: Any) -> Any:
        def load() -> Any:
            self.made.append(name)
            return model

        def release(given: Any) -> None:
            assert given is model
            self.released.append(name)

        return adopt(candidate(load=load, release=release, **options), name)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(loading, "_bound", [1 << 60])
    return Shelf()


def call(adopted: Any, *args: Any) -> Raw:
    return run(adopted, args, {}, seed=7)


def test_it_is_loaded_at_first_use_and_kept(shelf: Shelf) -> None:
    adopted = shelf.candidate("a", abs)
    assert shelf.made == []
    assert [call(adopted, -3).value, call(adopted, -4).value] == [3, 4]
    assert shelf.made == ["a"]


def test_what_is_loaded_can_be_of_any_kind(shelf: Shelf) -> None:
    told = call(shelf.candidate("net", torch.nn.Linear(2, 3)), torch.ones(2))
    assert told.value.shape == (3,)
    assert told.confidence is not None
    assert call(shelf.candidate("seeded", lambda x, seed: seed), 1).value == 7


def test_many_threads_load_once(shelf: Shelf) -> None:
    entered, go, values = threading.Event(), threading.Event(), list[Any]()
    made: list[int] = []

    def load() -> Any:
        made.append(1)
        entered.set()
        assert go.wait(10)
        return abs

    adopted = adopt(candidate(load=load), "m")
    threads = [
        threading.Thread(target=lambda: values.append(call(adopted, -1).value)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert (made, values) == ([1], [1] * 6)


@pytest.mark.parametrize("timeout", [None, 60])
def test_loading_is_in_no_clock(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    now = [0.0]
    monkeypatch.setattr("flexiflow.candidates.call.perf_counter", lambda: now[0])

    def load() -> Any:
        now[0] += 1000

        def model(x: int) -> int:
            now[0] += 2
            return x

        return model

    told = call(adopt(candidate(load=load, timeout=timeout), "m"), 1)
    assert (told.kind, told.seconds) == ("pass", 2)


@pytest.mark.parametrize("timeout", [None, 60])
def test_failing_to_load_is_the_attempts_failure_and_is_tried_again(
    shelf: Shelf, timeout: float | None
) -> None:
    tries: list[int] = []

    def load() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise FileNotFoundError("weights")
        if len(tries) == 2:
            raise Unavailable("hub", retry_after=5)
        return 3 if len(tries) == 3 else abs

    adopted = adopt(candidate(load=load, timeout=timeout), "m")
    told = [call(adopted, -1) for _ in range(4)]
    assert [t.kind for t in told] == ["exception", "unavailable", "exception", "pass"]
    assert [t.seconds for t in told[:3]] == [0, 0, 0]
    assert (told[0].reason or "").startswith("FileNotFoundError: weights")
    assert "Got an object of type int" in (told[2].reason or "")


@pytest.mark.slow
def test_the_least_recently_used_goes_first(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = [100]
    monkeypatch.setattr(loading, "_resident_memory", lambda: memory[0] - 10 * len(shelf.released))
    a, b, c = (shelf.candidate(name, abs) for name in "abc")
    for adopted in (a, b, c, a):
        call(adopted, -1)
    assert release_idle(85) == 2
    assert shelf.released == ["b", "c"]
    assert call(b, -5).value == 5
    assert shelf.made == ["a", "b", "c", "b"]
    assert release_idle(85) == 0
    assert release_idle(0) == 2
    assert shelf.released == ["b", "c", "a", "b"]


def test_loading_under_the_bound_makes_room(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    live = lambda: 10 * (len(shelf.made) - len(shelf.released))  # noqa: E731 (one line)
    monkeypatch.setattr(loading, "_resident_memory", live)
    memory_bound(15)
    a, b, c = (shelf.candidate(name, abs) for name in "abc")
    for adopted in (a, b, c):
        call(adopted, -1)
    assert shelf.released == ["a"]


def test_a_model_in_use_stays(shelf: Shelf) -> None:
    inside, go = threading.Event(), threading.Event()

    def model() -> bool:
        inside.set()
        return go.wait(10)

    adopted = shelf.candidate("busy", model)
    thread = threading.Thread(target=lambda: call(adopted))
    thread.start()
    assert inside.wait(10)
    assert release_idle(0) == 0
    go.set()
    thread.join(10)
    assert release_idle(0) == 1
    assert not adopted.kind.is_loaded


def test_an_abandoned_thread_still_holds_its_model(shelf: Shelf) -> None:
    go, left = threading.Event(), threading.Event()

    def model() -> bool:
        return go.wait(30)

    adopted = shelf.candidate("slow", model, timeout=0.05)
    leave = adopted.kind._leave

    def noted() -> None:
        leave()
        left.set()

    adopted.kind._leave = noted
    assert call(adopted).kind == "timeout"
    assert release_idle(0) == 0
    go.set()
    assert left.wait(10)
    assert release_idle(0) == 1


def test_a_forgotten_candidate_is_no_burden(shelf: Shelf) -> None:
    model = Loaded(candidate(load=lambda: abs).options)
    assert model(-2) == 2
    assert len(loading._loaded) == 1
    del model
    assert release_idle(0) == 0
    assert loading._loaded == {}


def test_the_bound_has_a_default_and_is_checked(shelf: Shelf) -> None:
    loading._bound.clear()
    assert 0 < memory_bound() < 1 << 50
    assert memory_bound(1000) == memory_bound() == 1000
    with pytest.raises(BadInput, match="must be bytes"):
        memory_bound(-1)
    assert loading._resident_memory() > 1_000_000
