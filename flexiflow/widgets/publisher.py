"""What is new in a run, told to its pages: one thread, ten times a second or less.

The thread is the only one that reads the run and the only one that sends. A message of a page
is put into a queue and carried out by the thread, so whoever delivered it returns at once. A
page that has just been opened, or that missed a message, says ``hello`` and is sent everything
there is; after that only what is new. Where nothing is new nothing is sent. The thread ends
when the run is over and nobody asks any more, and starts again when somebody does.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from flexiflow.errors import BadInput
from flexiflow.widgets.packing import pack

Mark = Any  # whatever the watch gives; None before the first reading
Send = Callable[[Any, list[bytes]], None]
Steer = Callable[[str, dict[str, Any]], dict[str, Any] | None]

OVER = frozenset({"done", "failed"})
WAITING = 1024  # messages of pages; of more, the oldest are dropped
QUIET = 1.5  # seconds of rest at a pause until the output is kept

_log = logging.getLogger(__name__)


class Watch(Protocol):
    """What a dashboard sees of a run, as plain data whose leaves may be NumPy arrays."""

    def snapshot(self) -> dict[str, Any]:
        """Everything there is to see now."""
        ...

    def begin(self) -> tuple[dict[str, Any], Mark]:
        """Everything there is to see now, and the mark from which changes go on."""
        ...

    def changes(self, mark: Mark) -> tuple[dict[str, Any], Mark]:
        """What is new since a mark, nothing if nothing is, and the mark to ask with next."""
        ...

    def at(self, job: int) -> dict[str, Any]:
        """The beliefs as they were after so many jobs."""
        ...

    def why(self, job_id: str) -> dict[str, Any]:
        """The account of one job."""
        ...


class Publisher:
    """Sends a run to its pages and carries out what they ask.

    Parameters
    ----------
    watch
        The run, as plain data.
    steer
        Carries out a message of a page (its kind, the rest of it) and raises
        :class:`~flexiflow.errors.BadInput` if it cannot; what it returns is sent back.
    send
        Sends a message and its buffers to all pages.
    hz
        At most so many messages a second that nobody asked for.
    keep
        Called when the run is over, and when it rests at a pause, after something happened.
    """

    def __init__(
        self,
        watch: Watch,
        steer: Steer,
        send: Send,
        hz: float = 10.0,
        keep: Callable[[], None] | None = None,
    ) -> None:
        if not 0 < hz <= 60:
            raise BadInput(f"hz must be above 0 and at most 60, got {hz!r}. Ten is plenty.")
        self.state = ""
        self._watch, self._steer, self._send, self._keep = watch, steer, send, keep
        self._beat = 1.0 / hz
        self._asked: deque[dict[str, Any]] = deque(maxlen=WAITING)
        self._lock, self._wake, self._closed = threading.Lock(), threading.Event(), False
        self._thread: threading.Thread | None = None
        self._mark: Mark = None
        self._seq = 0
        self._watched, self._buffers = False, True
        self._stale, self._moved = True, 0.0  # not kept since something happened, and when
        self._complained = ""

    def start(self) -> None:
        """Start the thread if it does not run; after :meth:`close` this does nothing."""
        with self._lock:
            if self._closed or self._thread is not None:
                return
            self._thread = threading.Thread(
                target=self._work, name="flexiflow-dashboard", daemon=True
            )
            self._thread.start()

    def receive(self, content: Any) -> None:
        """Take a message of a page and return at once; what is not a message is dropped."""
        if isinstance(content, dict) and isinstance(content.get("kind"), str):
            self._asked.append(content)
            self._wake.set()
            self.start()

    def close(self, timeout: float = 2.0) -> None:
        """End the thread and wait for it; nothing is sent any more."""
        with self._lock:
            self._closed, thread = True, self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    def _work(self) -> None:
        while True:
            started = time.monotonic()
            with self._no_harm():
                self._turn()
            with self._lock:
                resting = self.state in OVER and not self._asked and not self._stale
                if self._closed or resting:
                    self._thread = None
                    return
            if self._wake.wait(max(self._beat - (time.monotonic() - started), 0.001)):
                self._wake.clear()

    @contextlib.contextmanager
    def _no_harm(self) -> Iterator[None]:
        """Whatever goes wrong in the view is said once, in the log and on the page."""
        try:
            yield
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            if said != self._complained:
                self._complained = said
                _log.warning("The dashboard could not be brought up to date", exc_info=True)
                with contextlib.suppress(Exception):
                    self._tell({"kind": "refused", "message": said})
            self._stale = self._stale and self.state not in OVER

    def _turn(self) -> None:
        """Carry out what was asked, then send what is new."""
        while self._asked and not self._closed:
            self._answer(self._next())
        if self._closed:
            return
        fresh, self._mark = self._watch.changes(self._mark)
        if fresh:
            self._stale, self._moved = True, time.monotonic()
            self.state = fresh.get("run", {}).get("state", self.state)
            if self._watched:
                self._seq += 1
                self._tell({"kind": "tick", "seq": self._seq, **fresh})
        self._rest()

    def _next(self) -> dict[str, Any]:
        """The next message; of places on the scrubber that follow one another, the last."""
        content = self._asked.popleft()
        while content["kind"] == "at" and self._asked and self._asked[0]["kind"] == "at":
            content = self._asked.popleft()
        return content

    def _rest(self) -> None:
        """Keep the output if the run is over, or has been left alone at a pause."""
        quiet = self.state == "paused" and time.monotonic() - self._moved > QUIET
        if self._stale and (quiet or self.state in OVER):
            self._stale = False
            if self._keep is not None:
                self._keep()

    def _answer(self, content: dict[str, Any]) -> None:
        kind, rest = content["kind"], {k: v for k, v in content.items() if k != "kind"}
        answer: dict[str, Any]
        try:
            answer = self._carry_out(kind, rest) or {}
        except BadInput as error:
            answer = {"kind": "refused", "message": str(error)}
        except Exception as error:
            _log.info("A message of the page failed: %s", kind, exc_info=True)
            answer = {"kind": "refused", "message": f"{kind}: {type(error).__name__}: {error}"}
        if "kind" in answer:
            self._tell(answer)

    def _carry_out(self, kind: str, rest: dict[str, Any]) -> dict[str, Any] | None:
        if kind == "hello":
            return self._everything(bool(rest.get("buffers", True)))
        if kind == "ping":
            return {"kind": "tick", "seq": self._seq}
        if kind == "why":
            job = str(rest.get("job"))
            return {"kind": "why", "job": job, "account": self._watch.why(job)}
        if kind == "at":
            after = rest.get("job")
            return None if after is None else {**self._watch.at(after), "kind": "at", "job": after}
        self._moved = time.monotonic()
        return self._steer(kind, rest)

    def _everything(self, buffers: bool) -> dict[str, Any]:
        """A snapshot for a page that begins; the other pages are told it too."""
        self._buffers = self._buffers and buffers
        snapshot, self._mark = self._watch.begin()
        self.state = snapshot.get("run", {}).get("state", self.state)
        self._watched = True
        return {"kind": "snapshot", "seq": self._seq, **snapshot}

    def _tell(self, message: dict[str, Any]) -> None:
        content, buffers = pack(message, self._buffers)
        self._send(content, buffers)
