"""What is sent to the pages of a run, and what they ask, without a browser."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fake_run import FakeWatch

from flexiflow.errors import BadInput
from flexiflow.widgets.packing import unpack
from flexiflow.widgets.publisher import Publisher

PATIENCE = 10.0


class Line:
    """A line to a page that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, list[bytes]]] = []
        self._news = threading.Condition()

    def send(self, content: Any, buffers: list[bytes]) -> None:
        with self._news:
            self.sent.append((content, buffers))
            self._news.notify_all()

    def kinds(self) -> list[str]:
        return [content["kind"] for content, _ in self.sent]

    def of(self, kind: str) -> list[Any]:
        return [unpack(*message) for message in list(self.sent) if message[0]["kind"] == kind]

    def wait_for(self, done: Callable[[], Any]) -> None:
        with self._news:
            assert self._news.wait_for(done, PATIENCE), self.kinds()


class Wheel:
    """Keeps what it was told to do, refuses what is called 'refuse me'."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, rest: dict[str, Any]) -> dict[str, Any] | None:
        self.told.append((kind, rest))
        if rest.get("node") == "refuse me":
            raise BadInput("there is no node 'refuse me'; did you mean 'text'?")
        if kind == "explode":
            raise ZeroDivisionError("oh")
        return {"kind": "notice", "text": "so be it"} if kind == "answer" else None


class Stand:
    """A publisher between a made-up run and a line to a page."""

    def __init__(self, watch: Any = None, hz: float = 60, keep: Any = None) -> None:
        self.watch = watch or FakeWatch()
        self.line, self.wheel = Line(), Wheel()
        self.publisher = Publisher(self.watch, self.wheel, self.line.send, hz, keep)

    def hello(self, buffers: bool = True) -> None:
        before = len(self.line.of("snapshot"))
        self.publisher.receive({"kind": "hello", "buffers": buffers})
        self.line.wait_for(lambda: len(self.line.of("snapshot")) > before)


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    made.publisher.start()
    yield made
    made.publisher.close()
    assert not made.publisher.alive


def size(message: tuple[Any, list[bytes]]) -> int:
    return len(json.dumps(message[0], separators=(",", ":"))) + sum(map(len, message[1]))


def test_a_page_that_says_hello_gets_everything(stand: Stand) -> None:
    stand.watch.advance(30)
    stand.hello()
    (snapshot,) = stand.line.of("snapshot")
    assert snapshot["run"]["done"] == 30
    assert np.shape(snapshot["columns"]["choice"]) == (30, 3)
    assert [n["name"] for n in snapshot["graph"]["nodes"]] == ["picture", "text", "date"]


def test_a_hello_reads_the_run_once(stand: Stand) -> None:
    read, whole = list[int](), stand.watch.snapshot
    stand.watch.snapshot = lambda: (read.append(1), whole())[1]
    stand.hello()
    assert read == [1]


def test_nobody_is_sent_anything_before_hello(stand: Stand) -> None:
    stand.watch.advance(5)
    stand.publisher.receive({"kind": "why", "job": "card-1"})
    stand.line.wait_for(lambda: stand.line.sent)
    assert stand.line.kinds() == ["why"]


def test_ticks_hold_only_what_is_new_and_are_counted(stand: Stand) -> None:
    stand.watch.advance(10)
    stand.hello()
    stand.watch.advance(3)
    stand.line.wait_for(lambda: stand.line.of("tick"))
    stand.watch.advance(2)
    stand.line.wait_for(lambda: len(stand.line.of("tick")) == 2)
    one, two = stand.line.of("tick")
    assert np.ravel(one["columns"]["job"]).tolist() == [10, 11, 12]
    assert np.ravel(two["columns"]["job"]).tolist() == [13, 14]
    assert two["seq"] == one["seq"] + 1 == stand.line.of("snapshot")[0]["seq"] + 2


def test_nothing_new_is_not_sent(stand: Stand) -> None:
    stand.hello()
    stand.publisher.receive({"kind": "ping"})  # answered after at least one look at the run
    stand.line.wait_for(lambda: stand.line.of("tick"))
    assert stand.line.kinds() == ["snapshot", "tick"]
    assert set(stand.line.of("tick")[0]) == {"kind", "seq"}


def test_ten_updates_a_second_at_most() -> None:
    stand = Stand(hz=20)
    stand.publisher.start()
    stand.hello()
    started = time.monotonic()
    for i in range(6):
        stand.watch.advance()
        stand.line.wait_for(lambda i=i: len(stand.line.of("tick")) > i)
    assert time.monotonic() - started >= 5 / 20 * 0.9
    stand.publisher.close()


def test_a_steady_tick_fits_into_a_kilobyte(stand: Stand) -> None:
    stand.watch.total = None
    stand.watch.advance(2000)
    stand.hello()
    for i in range(20):
        stand.watch.advance()
        stand.line.wait_for(lambda i=i: len(stand.line.of("tick")) > i)
    sizes = [size(m) for m in stand.line.sent if m[0]["kind"] == "tick"]
    print(f"bytes a tick: median {np.median(sizes):.0f}, most {max(sizes)}")
    assert max(sizes) <= 1000


def test_a_snapshot_of_a_long_run_is_bounded(stand: Stand) -> None:
    stand.watch.total = None
    stand.watch.advance(9_000)
    stand.hello()
    assert size(stand.line.sent[0]) < 120_000


def test_a_second_page_gets_a_snapshot_of_its_own(stand: Stand) -> None:
    stand.hello()
    stand.watch.advance(4)
    stand.hello()
    first, second = stand.line.of("snapshot")
    assert (first["run"]["done"], second["run"]["done"]) == (0, 4)
    assert second["seq"] == stand.line.of("tick")[-1]["seq"] if stand.line.of("tick") else True


def test_a_page_without_buffers_gets_text_only(stand: Stand) -> None:
    stand.watch.advance(100)
    stand.hello()
    assert stand.line.sent[-1][1]
    stand.hello(buffers=False)
    content, buffers = stand.line.sent[-1]
    assert buffers == []
    assert "$base64" in json.dumps(content)
    one, two = stand.line.of("snapshot")
    np.testing.assert_array_equal(one["columns"]["choice"], two["columns"]["choice"])


def test_what_a_page_asks_is_carried_out_in_order(stand: Stand) -> None:
    asked = [
        {"kind": "pause"},
        {"kind": "pin", "node": "text", "candidate": "original"},
        {"kind": "weight", "term": "runtime", "value": 0.5},
        {"kind": "answer"},
    ]
    for message in asked:
        stand.publisher.receive(message)
    stand.line.wait_for(lambda: stand.line.of("notice"))
    assert [{"kind": kind, **rest} for kind, rest in stand.wheel.told] == asked


def test_receiving_returns_while_the_run_is_busy(stand: Stand) -> None:
    with stand.watch.lock:  # the run holds its lock; whoever delivers a message does not wait
        for _ in range(5):
            stand.publisher.receive({"kind": "hello", "buffers": True})
        assert stand.line.of("snapshot") == []
    stand.line.wait_for(lambda: len(stand.line.of("snapshot")) == 5)


def test_what_cannot_be_done_is_said_on_the_page(stand: Stand) -> None:
    stand.publisher.receive({"kind": "pin", "node": "refuse me", "candidate": None})
    stand.publisher.receive({"kind": "explode"})
    stand.publisher.receive({"kind": "why", "job": "nobody"})
    stand.line.wait_for(lambda: len(stand.line.of("refused")) == 3)
    texts = [m["message"] for m in stand.line.of("refused")]
    assert texts[0] == "there is no node 'refuse me'; did you mean 'text'?"
    assert "ZeroDivisionError: oh" in texts[1]
    assert "nobody" in texts[2]
    assert stand.publisher.alive


@pytest.mark.parametrize("content", [None, 3, "pause", {}, {"kind": 7}, ["hello"]])
def test_what_is_no_message_is_dropped(content: Any) -> None:
    stand = Stand()
    stand.publisher.receive(content)
    assert not stand.publisher.alive
    assert stand.wheel.told == []


def test_of_many_places_on_the_scrubber_the_last_counts(stand: Stand) -> None:
    stand.watch.advance(50)
    with stand.watch.lock:
        stand.publisher.receive({"kind": "at", "job": 1})
        deadline = time.monotonic() + PATIENCE
        while stand.publisher._asked and time.monotonic() < deadline:
            time.sleep(0.001)  # until the thread waits for the run with the first of them
        for job in range(2, 40):
            stand.publisher.receive({"kind": "at", "job": job})
    stand.line.wait_for(lambda: stand.line.of("at") and stand.line.of("at")[-1]["job"] == 39)
    assert len(stand.line.of("at")) <= 2
    stand.publisher.receive({"kind": "at", "job": None})
    stand.hello()
    assert stand.line.of("at")[-1]["job"] == 39


def test_the_thread_ends_with_the_run_and_wakes_when_asked() -> None:
    ended = threading.Event()
    stand = Stand(keep=ended.set)
    stand.publisher.start()
    stand.hello()
    stand.watch.advance(stand.watch.total)
    assert ended.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while stand.publisher.alive and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not stand.publisher.alive
    assert stand.line.of("tick")[-1]["run"]["state"] == "done"
    stand.hello()
    assert stand.line.of("snapshot")[-1]["run"]["done"] == stand.watch.total
    stand.publisher.close()


def test_a_view_that_fails_does_no_harm(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    stand.hello()
    whole = stand.watch.changes
    stand.watch.changes = lambda mark: 1 / 0
    stand.line.wait_for(lambda: stand.line.of("refused"))
    stand.watch.changes = whole
    stand.watch.advance()
    stand.line.wait_for(lambda: stand.line.of("tick"))
    assert len(stand.line.of("refused")) == 1
    assert "could not be brought up to date" in caplog.text


def test_a_line_that_is_cut_does_no_harm() -> None:
    def cut(content: Any, buffers: list[bytes]) -> None:
        raise ConnectionError("the page is gone")

    publisher = Publisher(FakeWatch(), Wheel(), cut, 60)
    publisher.receive({"kind": "hello"})
    publisher.receive({"kind": "why", "job": "card-1"})
    assert publisher.alive
    publisher.close()
    assert not publisher.alive


@pytest.mark.parametrize("hz", [0, -1, 61])
def test_a_rate_that_makes_no_sense_is_refused(hz: float) -> None:
    with pytest.raises(BadInput, match="hz must be above 0"):
        Publisher(FakeWatch(), Wheel(), Line().send, hz)


def test_a_thousand_openings_leave_nothing() -> None:
    before, kept = threading.active_count(), []
    watch = FakeWatch()
    for _ in range(1000):
        publisher = Publisher(watch, Wheel(), Line().send, 60)
        publisher.receive({"kind": "hello"})
        publisher.close()
        kept.append(weakref.ref(publisher))
    del publisher
    gc.collect()
    assert threading.active_count() == before
    assert [ref for ref in kept if ref() is not None] == []
