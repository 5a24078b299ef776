"""What is new in a notebook's workflows, told to its side panels: one thread, twice a second.

The thread starts when a page first asks. A message of a page is put into a queue and carried out
by the thread, so whoever delivered it returns at once, in a kernel that answers pages while a
cell runs and in one that does not. A page says ``hello`` and is sent everything; after that only
the workflows of which something differs are sent. While no cell runs and no run is under way the
thread sleeps until something happens. While a cell runs everything is sent again now and then: a
page that was reloaded meanwhile cannot ask for it, but it can listen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.sidebar.cells import Cells

BEAT = 0.5  # seconds from one message that nobody asked for to the next
AGAIN = 4.0  # seconds from one telling of everything to the next, while a cell runs
WAITING = 256  # messages of pages; of more, the oldest are dropped

Data = dict[str, Any]

_log = logging.getLogger(__name__)


class Telling:
    """Tells pages of a notebook's workflows and carries out what they ask; thread-safe.

    Parameters
    ----------
    send
        Sends a message to all pages.
    cells
        The notebook's variables and cells.
    hidden
        Variables that are not the user's.
    beat
        Seconds from one message that nobody asked for to the next.
    """

    def __init__(
        self,
        send: Callable[[Data], Any],
        cells: Cells,
        hidden: Mapping[str, Any] | None = None,
        beat: float = BEAT,
    ) -> None:
        self._send, self._cells, self._hidden, self._beat = send, cells, hidden or {}, beat
        self._asked: deque[Data] = deque(maxlen=WAITING)
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._told: Data = {}
        self._order: list[str] = []
        self._sent = self._whole = -float("inf")
        self._complained = ""

    def receive(self, content: Any) -> None:
        """Take a message of a page and return at once; what is not a message is dropped."""
        if isinstance(content, dict) and isinstance(content.get("kind"), str):
            self._asked.append(content)
            with self._lock:
                if self._thread is None and not self._closed:
                    self._thread = threading.Thread(
                        target=self._work, name="flexiflow-sidebar", daemon=True
                    )
                    self._thread.start()
            self._wake.set()

    def nudge(self) -> None:
        """Have the thread, if a page has asked before, look what is new."""
        if self._thread is not None:
            self._wake.set()

    def close(self, timeout: float = 2.0) -> None:
        """End the thread and wait for it; nothing is sent any more."""
        with self._lock:
            self._closed, thread = True, self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _work(self) -> None:
        from flexiflow.sidebar.acting import Actions
        from flexiflow.sidebar.looking import Looking

        looking = Looking(self._cells, self._hidden)
        actions = Actions(self._cells)
        while not self._closed:
            active = True
            try:
                active = self._turn(looking, actions)
            except Exception as error:
                self._complain(error)
            self._rest(active)

    def _rest(self, active: bool) -> None:
        """Sleep until something happens, or for a beat; and a beat from the last message on."""
        self._wake.wait(self._beat if active else None)
        self._wake.clear()
        while not (self._asked or self._closed):
            left = self._sent + self._beat - time.monotonic()
            if left <= 0:
                return
            self._wake.wait(left)
            self._wake.clear()

    def _turn(self, looking: Any, actions: Any) -> bool:
        """Carry out what was asked, send what is new; whether more is to be expected soon."""
        everything = False
        while self._asked and not self._closed:
            content = self._asked.popleft()
            if content["kind"] == "hello":
                everything = True
            else:
                self._tell(self._answer(actions, content))
        if self._closed:
            return False
        now = looking.workflows(actions.chosen)
        again = self._cells.busy and time.monotonic() - self._whole > AGAIN
        self._publish(now, everything or (again and bool(now)))
        return self._cells.busy or looking.under_way

    def _answer(self, actions: Any, content: Data) -> Data | None:
        try:
            answer: Data | None = actions.do(content)
        except BadInput as error:
            message = str(error)
        except Exception as error:
            _log.info("An action of the side panel failed: %s", content, exc_info=True)
            message = f"{type(error).__name__}: {error}"
        else:
            return answer
        return {"kind": "refused", "workflow": content.get("workflow"), "message": message[:2000]}

    def _publish(self, now: Data, everything: bool) -> None:
        """Send the workflows that differ from what was told of them, or all."""
        fresh = {n: it for n, it in now.items() if everything or self._told.get(n) != it}
        if everything or fresh or self._order != list(now):
            self._told, self._order = now, list(now)
            self._sent = time.monotonic()
            if len(fresh) == len(now):
                self._whole = self._sent
            self._tell({"kind": "state", "order": self._order, "workflows": fresh})

    def _complain(self, error: Exception) -> None:
        """Say what goes wrong in the panel once, in the log and on the page."""
        said = f"{type(error).__name__}: {error}"
        if said != self._complained:
            self._complained = said
            _log.warning("The side panel could not be brought up to date", exc_info=True)
            self._tell({"kind": "refused", "workflow": None, "message": said[:2000]})

    def _tell(self, content: Data | None) -> None:
        if content is not None and not self._closed:
            self._send(content)
