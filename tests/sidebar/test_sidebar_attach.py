"""The comm that waits in a kernel: with a made-up one, and in a real kernel without a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flexiflow.sidebar import COMM, attach

DEFINE = """\
import flexiflow

@flexiflow.workflow(store=flexiflow.MemoryStore())
def loud(text):
    said = (str.upper | str.title)(text)
    assert said.isupper()
"""
BUSY = "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.02)"


class Events:
    """IPython's events, as far as they are used."""

    def __init__(self) -> None:
        self.known: list[str] = []

    def register(self, name: str, function: Any) -> None:
        self.known.append(name)


def test_outside_a_kernel_nothing_is_attached() -> None:
    assert attach(SimpleNamespace(user_ns={}, events=Events())) is None
    assert attach(None) is None


def test_it_is_attached_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import comm

    known = comm.base_comm.CommManager()
    monkeypatch.setattr(comm, "get_comm_manager", lambda: known)
    shell = SimpleNamespace(kernel=object(), user_ns={}, user_ns_hidden={}, events=Events())
    assert attach(shell) is not None
    assert list(known.comms) == [COMM]
    assert attach(shell) is None
    assert sorted(shell.events.known) == ["post_run_cell"] * 2 + ["pre_run_cell"] * 2
    known.comms.clear()


class Talk:
    """A kernel that is spoken to as a page would."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, code: str, cell: str) -> str:
        """Begin a cell; the id of the request."""
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": True,
        }  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def ran(self, code: str, cell: str = "a") -> None:
        """Run a cell to its end."""
        asked = self.run(code, cell)
        self.until(
            lambda m: (
                m["msg_type"] == "status"
                and m["content"]["execution_state"] == "idle"
                and m["parent_header"].get("msg_id") == asked
            )
        )

    def comms(self) -> dict[str, Any]:
        """The comms of the kernel that are for the side panel."""
        asked = self.client.comm_info(COMM)
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == asked:
                found: dict[str, Any] = reply["content"]["comms"]
                return found

    def subshell(self) -> str:
        """Have the kernel answer beside its cells."""
        message = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=30)
        return str(reply["content"]["subshell_id"])

    def says(self, subshell: str | None = None, **data: Any) -> None:
        """Say something on the comm."""
        message = self.client.session.msg("comm_msg", {"comm_id": COMM, "data": data})
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def until(self, met: Any) -> Any:
        """Wait for a message that all hear."""
        latest = time.monotonic() + 30
        while True:
            message = self.client.get_iopub_msg(timeout=max(latest - time.monotonic(), 0.01))
            if met(message):
                return message

    def told(self, met: Any) -> Any:
        """Wait until something was told on the comm."""

        def right(message: Any) -> bool:
            content = message["content"]
            ours = message["msg_type"] == "comm_msg" and content["comm_id"] == COMM
            return ours and bool(met(content["data"]))

        return self.until(right)["content"]["data"]


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    from jupyter_client.manager import KernelManager

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    kernel = KernelManager(kernel_name="python3", transport="ipc", ip=str(tmp_path / "k"))
    kernel.start_kernel(cwd=str(tmp_path))
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield Talk(client)
    client.stop_channels()
    kernel.shutdown_kernel(now=True)
    kernel.cleanup_resources()
    kernel.context.destroy(linger=0)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_kernel_tells_of_its_workflows_also_while_a_cell_runs(talk: Talk, tmp_path: Path) -> None:
    assert talk.comms() == {}
    talk.ran(DEFINE, "the cell")
    assert talk.comms() == {COMM: {"target_name": COMM}}
    talk.says(kind="hello")
    told = talk.told(lambda data: data["kind"] == "state")["workflows"]["loud"]
    assert told["cell"] == {"id": "the cell", "number": 1}
    assert {c["name"] for c in told["nodes"][0]["candidates"]} == {"str.upper", "str.title"}
    talk.ran("texts = ['a', 'b', 'c']", "another")
    beside = talk.subshell()
    talk.run(BUSY, "a busy cell")
    talk.says(kind="action", action="run", workflow="loud", jobs="texts", subshell=beside)
    done = talk.told(lambda data: (data["workflows"]["loud"]["run"] or {}).get("state") == "done")
    assert done["workflows"]["loud"]["run"]["passed"] == 1.0
    (tmp_path / "go").touch()
    talk.ran("assert loud_run.total == 3", "last")
