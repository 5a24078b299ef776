"""A real JupyterLab: its server in a folder of its own, and a notebook open in Chromium."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
LONGEST = 60_000  # ms until a test that hangs fails
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},  # an earlier test may have left
    "docmanager-extension/plugin": {"autosave": False},
}
READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget, kernel = panel?.sessionContext?.session;
  return panel?.content?.widgets?.length && kernel?.kernel?.connectionStatus === 'connected';
}"""
THERE = "window.jupyterapp?.shell.currentWidget?.content?.widgets?.length"
RUN = """async (index) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  jupyterapp.commands.execute('notebook:run-cell');
}"""
PROMPT = """(index) => {
  const cells = window.jupyterapp?.shell.currentWidget?.content?.widgets;
  return cells?.[index]?.model.executionCount ?? null;
}"""
KERNEL = "jupyterapp.shell.currentWidget.sessionContext"


@contextmanager
def lab_server(folder: Path) -> Iterator[str]:
    """Serve JupyterLab, with everything that it writes under one folder; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "notebooks").mkdir()
    (folder / "config" / "labconfig").mkdir(parents=True)
    # Else each page that is opened has Node look whether JupyterLab ought to be built.
    (folder / "config" / "labconfig" / "page_config.json").write_text('{"buildCheck": false}')
    own = {
        "HOME": ".", "IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "FLEXIFLOW_HOME": "store",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folder / 'notebooks'}", "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ]  # fmt: skip
    env = {**os.environ, **{name: str(folder / place) for name, place in own.items()}}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/api", timeout=5).close()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def settle(folder: Path, **more: dict[str, Any]) -> None:
    """Write the user's settings of a JupyterLab, by extension and plug-in."""
    for name, said in {**SETTINGS, **more}.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said))


class Lab:
    """A notebook in a page of JupyterLab, and what went wrong there.

    Attributes
    ----------
    page
        Playwright's page.
    path
        The notebook's file.
    errors
        What the page threw, and what it wrote into the console as an error.
    """

    def __init__(self, browser: Any, url: str, path: Path, cells: list[str], **view: Any) -> None:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, path)
        self.path, self.errors, self._themed = path, list[str](), False
        self.page = browser.new_page(viewport={"width": 1300, "height": 1500, **view})
        self.page.set_default_timeout(LONGEST)
        self.page.on("pageerror", self._threw)
        self.page.on("console", self._said)
        self._url = f"{url}/lab/workspaces/{path.stem}/tree/{path.name}"
        self.open()

    def _threw(self, error: Any) -> None:
        # Lab itself takes a style sheet out twice when themes follow one another quickly.
        if not (self._themed and "removeChild" in str(error)):
            self.errors.append(str(error))

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location}")

    def open(self, kernel: bool = True) -> None:
        """Open the notebook, or open it again, and wait for its kernel if it is to have one."""
        self.page.goto(self._url)
        self.page.wait_for_function(READY if kernel else THERE)

    def run(self, index: int) -> None:
        """Run a cell without waiting for it."""
        self.page.evaluate(RUN, index)

    def has_run(self, index: int) -> None:
        """Wait until a cell has ended."""
        self.page.wait_for_function(f"(i) => ({PROMPT})(i) !== null", arg=index)

    def is_busy(self, index: int) -> bool:
        """Whether a cell was begun and has not ended, as soon as there are cells to see."""
        self.page.wait_for_function(THERE)
        return self.page.evaluate(PROMPT, index) is None

    def save(self) -> dict[str, Any]:
        """Save the notebook; what is in the file."""
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        read: dict[str, Any] = json.loads(self.path.read_text("utf-8"))
        return read

    def kernel(self, act: str) -> None:
        """Have the kernel interrupted or restarted, without a question to the user."""
        self.page.evaluate(f"{KERNEL}.session.kernel.{act}()")

    def shut_down(self) -> None:
        """End the kernel."""
        self.page.evaluate(f"{KERNEL}.shutdown()")

    def theme(self, name: str) -> None:
        """Take another theme."""
        self._themed = True
        self.page.evaluate(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        light = str("Light" in name).lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def close(self) -> None:
        """End the kernel and close the page."""
        self.page.evaluate(f"{KERNEL}?.shutdown()")
        self.page.close()
