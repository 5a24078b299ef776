"""Concurrent jobs gathered into one call, each with its own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from flexiflow.candidates import Raw, Result, adopt, candidate
from flexiflow.candidates import batch as batch_module
from flexiflow.candidates.call import run
from flexiflow.errors import Refused


class Gate:
    """A model that holds its first batch until it is opened, and notes every batch."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self.answer, self.batches = answer, list[Any]()
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, *lists: Any, **kwargs: Any) -> Any:
        self.batches.append(lists)
        if len(self.batches) == 1:
            self.entered.set()
            assert self.open.wait(30)
        return self.answer(*lists, **kwargs)


def gathered(
    adopted: Any, gate: Any, jobs: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> list[Raw]:
    """Run a first job alone and hold it; let all others gather behind it; open the gate."""
    told: dict[int, Any] = {}

    def work(i: int) -> None:
        args, kwargs = jobs[i]
        try:
            told[i] = run(adopted, args, kwargs, seed=i)
        except BaseException as error:
            told[i] = error

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    threads[0].start()
    assert gate.entered.wait(30)
    kind = adopted.kind
    for count, thread in enumerate(threads[1:], 1):
        thread.start()
        with kind._change:
            assert kind._change.wait_for(lambda n=count: len(kind._waiting) == n, 30)
    gate.open.set()
    for thread in threads:
        thread.join(30)
    return [told[i] for i in range(len(jobs))]


def plain(*values: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [((v,), {}) for v in values]


def test_jobs_that_wait_share_a_call() -> None:
    gate = Gate(lambda xs: [x * 10 for x in xs])
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(6)))
    assert [t.value for t in told] == [0, 10, 20, 30, 40, 50]
    assert [len(b[0]) for b in gate.batches] == [1, 5]
    assert sorted(gate.batches[1][0]) == [1, 2, 3, 4, 5]


def test_a_batch_is_never_larger_than_asked() -> None:
    gate = Gate(lambda xs: list(xs))
    gathered(adopt(candidate(gate, batch=2), "m"), gate, plain(*range(6)))
    assert all(len(b[0]) <= 2 for b in gate.batches)
    assert sum(len(b[0]) for b in gate.batches) == 6


def test_only_equal_settings_share_a_call() -> None:
    gate = Gate(lambda xs, lang="en": [lang + str(x) for x in xs])
    jobs = [((0,), {}), *[((i,), {"lang": "de" if i % 2 else "fr"}) for i in range(1, 7)]]
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, jobs)
    assert [t.value for t in told] == ["en0", "de1", "fr2", "de3", "fr4", "de5", "fr6"]
    assert sorted(len(b[0]) for b in gate.batches) == [1, 3, 3]


def test_several_arguments_are_several_lists() -> None:
    gate = Gate(lambda xs, ys: [x + y for x, y in zip(xs, ys, strict=True)])
    told = gathered(
        adopt(candidate(gate, batch=8), "m"), gate, [((i, 10 * i), {}) for i in range(4)]
    )
    assert [t.value for t in told] == [0, 11, 22, 33]


def test_each_answer_is_judged_for_itself() -> None:
    answers = {0: 1, 1: None, 2: Result("two", 0.5, k=1), 3: Result("three", "high")}
    gate = Gate(lambda xs: [answers[x] for x in xs])
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(4)))
    assert [t.kind for t in told] == ["pass", "exception", "pass", "exception"]
    assert (told[2].value, told[2].confidence, told[2].extras) == ("two", 0.5, {"k": 1})


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (lambda xs: list(xs)[1:], "Got a list of"),
        (lambda xs: np.zeros(len(xs)), "Got ndarray instead"),
        (lambda xs: "abc", "Got str instead"),
        (lambda xs: {x: x for x in xs}, "Got dict instead"),
    ],
)
def test_a_wrong_answer_fails_the_whole_batch(answer: Any, got: str) -> None:
    gate = Gate(answer)
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(4)))
    assert {t.kind for t in told} == {"exception"}
    assert all(got in (t.reason or "") for t in told)
    assert "one answer for each of the 3 inputs" in (told[1].reason or "")


def test_an_exception_is_told_to_all_of_its_batch() -> None:
    def answer(xs: list[int]) -> list[int]:
        if 2 in xs:
            raise Refused("two")
        return xs

    gate = Gate(answer)
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(4)))
    assert [t.kind for t in told] == ["pass", "refused", "refused", "refused"]


def test_an_interrupt_leaves_nobody_waiting() -> None:
    def answer(xs: list[int]) -> list[int]:
        if 2 in xs:
            raise KeyboardInterrupt
        return xs

    gate = Gate(answer)
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(4)))
    assert [type(t) for t in told] == [Raw, *[KeyboardInterrupt] * 3]


def test_seconds_are_shared_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("flexiflow.candidates.call.perf_counter", lambda: now[0])

    def answer(xs: list[int]) -> list[int]:
        now[0] += 6
        return xs

    gate = Gate(answer)
    told = gathered(adopt(candidate(gate, batch=8), "m"), gate, plain(*range(4)))
    assert [t.seconds for t in told] == [6, 2, 2, 2]


def test_a_single_thread_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "LONGEST_WAIT", 600)
    adopted = adopt(candidate(lambda xs: [x + 1 for x in xs], batch=32), "m")
    assert [run(adopted, (i,), {}, 0).value for i in range(100)] == list(range(1, 101))
    assert adopted.kind(5) == 6


def test_many_threads_many_jobs() -> None:
    adopted = adopt(candidate(lambda xs: [x * x for x in xs], batch=4), "m")
    wrong: list[int] = []
    start = threading.Barrier(6)

    def work(offset: int) -> None:
        start.wait(30)
        for i in range(offset, offset + 50):
            if run(adopted, (i,), {}, 0).value != i * i:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(1000 * t,)) for t in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(t.is_alive() for t in threads)
    assert wrong == []


def test_a_batch_that_hangs_does_not_stop_the_next() -> None:
    gate = Gate(lambda xs: list(xs))
    adopted = adopt(candidate(gate, batch=4, timeout=0.1), "m")
    assert run(adopted, (1,), {}, 0).kind == "timeout"
    for _ in range(100):
        told = run(adopted, (2,), {}, 0)
        if told.kind == "pass":
            break
    assert told.value == 2
    gate.open.set()


def test_async_loaded_and_seeded() -> None:
    async def answer(xs: list[int], seed: int) -> list[int]:
        return [x + seed for x in xs]

    assert run(adopt(candidate(answer, batch=4), "m"), (1,), {}, seed=7).value == 8
    loaded = adopt(candidate(load=lambda: answer, batch=4, timeout=60), "m")
    assert run(loaded, (1,), {}, seed=7).value == 8


def test_tensors_are_stacked_and_rows_too() -> None:
    net = torch.nn.Linear(3, 2)
    adopted = adopt(candidate(net, batch=4), "m")
    told = run(adopted, (torch.ones(3),), {}, seed=0)
    assert told.value.shape == (2,)
    assert told.confidence is not None
    model = LogisticRegression().fit([[-1.0], [1.0]], ["neg", "pos"])
    told = run(adopt(candidate(model, batch=4), "m"), ([3.0],), {}, seed=0)
    assert (told.value, told.confidence is not None) == ("pos", True)


def test_one_bad_input_is_no_fault_of_its_neighbours() -> None:
    def model(xs: list[int]) -> list[int]:
        if 3 in xs:
            raise ValueError("three")
        return xs

    batched = adopt(candidate(model, batch=8), "m").kind
    jobs = [batch_module.Waiting((x,), {}, 0) for x in range(6)]
    told = batched.together(jobs)
    assert [t.value if t.kind == "pass" else t.reason.split(" (")[0] for t in told] == [
        0, 1, 2, "ValueError: three", 4, 5,
    ]  # fmt: skip
