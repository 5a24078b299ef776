"""Candidates in processes of their own: crashes, limits, shipping, and no process left."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from flexiflow.candidates import Raw, Result, adopt, candidate, isolate
from flexiflow.candidates.call import run
from flexiflow.errors import Refused, WorkerError

pytestmark = pytest.mark.slow


def act(what: Any, *rest: Any) -> Any:
    """A model that does what it is asked."""
    if what == "segfault":
        ctypes.string_at(0)
    elif what in ("exit", "leave"):
        os._exit(3 if what == "exit" else 0)
    elif what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "loop":
        while True:
            pass
    elif what == "refuse":
        raise Refused("größer 日本")
    elif what == "print":
        print("a model speaks")
        os.write(1, b"in C as well\n")
    elif what == "unsendable":
        return (x for x in "ab")
    elif what == "child":
        return os.fork() or os._exit(act("loop"))
    return Result((what, rest), 0.5, pid=os.getpid())


class Bomb:
    """Can be sent, cannot be read."""

    def __reduce__(self) -> Any:
        return (int, ("not a number",))


def isolated(model: Any = act, **options: Any) -> Any:
    return adopt(candidate(model, isolate="process", **options), "m")


def call(adopted: Any, *args: Any, seed: int = 0) -> Raw:
    return run(adopted, args, {}, seed=seed)


def gone(pid: int) -> None:
    """Wait until a process runs no more; it is left to its parent to bury it."""
    deadline = time.monotonic() + 30
    with contextlib.suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    adopted = isolated(timeout=60)
    yield adopted
    adopted.kind.close()


@pytest.fixture(scope="module", autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert isolate._alive == set()


def pid_of(adopted: Any) -> int:
    told = call(adopted, 1)
    assert told.extras is not None
    return int(told.extras["pid"])


def test_it_runs_elsewhere_and_the_process_is_kept(shared: Any) -> None:
    first, second = pid_of(shared), pid_of(shared)
    assert first == second != os.getpid()
    told = call(shared, "a", 2)
    assert (told.kind, told.value, told.confidence) == ("pass", ("a", (2,)), 0.5)
    assert 0 <= told.seconds < 1


def test_what_it_raises_is_told(shared: Any) -> None:
    told = call(shared, "refuse")
    assert told.kind == "refused"
    assert (told.reason or "").startswith("Refused: größer 日本 (test_isolate.py:")


def test_printing_does_no_harm(shared: Any) -> None:
    assert call(shared, "print").kind == "pass"
    assert call(shared, "again").kind == "pass"


def test_huge_values_travel(shared: Any) -> None:
    array = np.arange(3_000_000)
    told = call(shared, "echo", array)
    np.testing.assert_array_equal(told.value[1][0], array)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("segfault", "the process died (signal 11): SIGSEGV"),
        ("exit", "the process died (exit code 3)"),
        ("leave", "the process died (exit code 0)"),
        ("kill", "the process died (signal 9): SIGKILL, perhaps for want of memory"),
    ],
)
def test_a_crash_ends_that_attempt_alone(how: str, said: str) -> None:
    adopted = isolated()
    before = pid_of(adopted)
    told = call(adopted, how)
    assert (told.kind, told.reason) == ("exception", said)
    assert pid_of(adopted) != before
    gone(before)
    adopted.kind.close()


@pytest.mark.parametrize("noticed", [False, True])
def test_a_process_that_died_idle_is_replaced(noticed: bool) -> None:
    adopted = isolated()
    before = pid_of(adopted)
    pool = adopted.kind._idle[0]._pool
    os.kill(before, signal.SIGKILL)
    gone(before)
    for _ in range(3000 if noticed else 0):  # until the pool has seen it and takes no more work
        time.sleep(0.01 * pool.active)
    assert pid_of(adopted) != before
    adopted.kind.close()


def test_a_limit_kills_the_process_and_what_it_started() -> None:
    adopted = isolated(timeout=0.3)
    before = pid_of(adopted)
    child = call(adopted, "child").value
    assert isinstance(child, int)
    assert call(adopted, "loop") == Raw(
        "timeout", seconds=0.3, reason="no answer within 0.3 seconds"
    )
    gone(before)
    gone(child)
    assert call(adopted, "next").kind == "pass"
    adopted.kind.close()


def test_loading_is_under_no_limit_and_in_no_clock() -> None:
    def load() -> Any:
        import time

        time.sleep(0.6)
        return lambda x: x + 1

    adopted = adopt(candidate(load=load, isolate="process", timeout=0.3), "m")
    told = call(adopted, 1)
    assert (told.kind, told.value) == ("pass", 2)
    assert told.seconds < 0.3
    adopted.kind.close()


def test_failing_to_load_is_the_attempts_failure() -> None:
    def load() -> Any:
        raise FileNotFoundError("weights")

    adopted = adopt(candidate(load=load, isolate="process"), "m")
    told = call(adopted)
    assert (told.kind, told.seconds) == ("exception", 0)
    assert (told.reason or "").startswith("FileNotFoundError: weights")
    adopted.kind.close()


def test_threads_have_a_process_each() -> None:
    meet = threading.Barrier(2)
    adopted = isolated()
    pids: list[int] = []
    take = adopted.kind._take

    def both_at_once() -> Any:
        taken = take()
        meet.wait(30)
        return taken

    adopted.kind._take = both_at_once
    threads = [threading.Thread(target=lambda: pids.append(pid_of(adopted))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(pids)) == 2
    assert len(adopted.kind._idle) == 2
    adopted.kind.close()
    for pid in pids:
        gone(pid)


def test_batches_run_there_as_lists() -> None:
    adopted = isolated(lambda xs: [x + 1 for x in xs], batch=4)
    assert call(adopted, 1).value == 2
    adopted.kind._kind.close()


def test_async_and_seed() -> None:
    async def model(x: int, seed: int) -> int:
        return x + seed

    adopted = isolated(model, timeout=60)
    assert call(adopted, 1, seed=7).value == 8
    adopted.kind.close()


def test_what_cannot_be_sent_is_the_machines_fault(shared: Any) -> None:
    with pytest.raises(WorkerError, match="The candidate 'm' cannot be sent") as caught:
        call(isolated(threading.Lock().acquire), 1)
    assert caught.value.__cause__ is not None
    with pytest.raises(WorkerError, match="The input of the candidate 'm' cannot be sent"):
        call(shared, threading.Lock())
    with pytest.raises(WorkerError, match="cannot run in its process: ValueError"):
        call(isolated(partial(act, Bomb())), 1)
    with pytest.raises(WorkerError, match="its input cannot be read there: ValueError"):
        call(shared, Bomb())
    with pytest.raises(WorkerError, match="its output, generator, cannot be sent back"):
        call(shared, "unsendable")
    assert call(shared, "still well").kind == "pass"


def test_code_that_cannot_be_imported_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone_soon.py").write_text("def f(x):\n    return x\n")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        import gone_soon
    with pytest.raises(WorkerError, match="No module named 'gone_soon'"):
        call(isolated(gone_soon.f), 1)
    del sys.modules["gone_soon"]


def test_it_is_closed_when_the_candidate_is_gone() -> None:
    adopted = isolated()
    pid = pid_of(adopted)
    del adopted
    gone(pid)


SCRIPT = """
import os, sys
print("main is read")
from flexiflow.candidates import adopt, candidate
from flexiflow.candidates.call import run

K = 5
def helper(x):
    return x + K
class Thing:
    def __init__(self, x): self.x = x
def model(x):
    return Thing(helper(x))

adopted = adopt(candidate(model, isolate="process", timeout=60), "m")
told = run(adopted, (1,), {}, seed=0)
print(told.kind, told.value.x, isinstance(told.value, Thing), told.reason)
print(adopted.kind._idle[0].pid)
"""


@pytest.mark.parametrize("how", ["script", "text"])
def test_a_script_needs_no_guard_and_leaves_nothing(how: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, *(["-c", SCRIPT] if how == "text" else [str(script)])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert said[:2] == ["main is read", "pass 6 True None"]
    assert not psutil.pid_exists(int(said[2]))
