"""A real IPython shell that knows the magics, and what it says."""

from __future__ import annotations

import atexit
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flexiflow import MemoryStore, Workflow

BODY = """\
text = (upper | lower)(x)   # a comment
assert text != 'AB', "not that"
return text
"""


@pytest.fixture(scope="module")
def _one_shell(tmp_path_factory) -> Iterator[Any]:
    """Making and ending a shell takes its time: one serves all tests of a file."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patched.setitem(sys.modules, "__main__", sys.modules["__main__"])  # the shell replaces it
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
        shell.run_line_magic("load_ext", "flexiflow")
        yield shell
        shell.atexit_operations()
        atexit.unregister(shell.atexit_operations)
        InteractiveShell.clear_instance()


@pytest.fixture
def shell(_one_shell, tmp_path, monkeypatch) -> Iterator[Any]:
    """A shell with two models and a store, its folder empty, its first cell to come."""
    shell = _one_shell
    monkeypatch.setenv("FLEXIFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = dict(shell.user_ns)
    shell.execution_count = 1
    shell.user_ns.update(upper=str.upper, lower=str.lower, memory=MemoryStore())
    yield shell
    for made in [v for v in shell.user_ns.values() if isinstance(v, Workflow)]:
        made.store.close()
    shell.user_ns.clear()
    shell.user_ns.update(before)


@pytest.fixture
def define(shell) -> Callable[..., Workflow]:
    """Run a cell that defines a workflow, and give what the cell gives."""

    def made(body: str = BODY, header: str = "read(x)") -> Any:
        result = shell.run_cell(f"%%flexiflow {header}\n{textwrap.dedent(body)}")
        result.raise_error()
        return result.result

    return made


@pytest.fixture
def ask(shell) -> Callable[[str], Any]:
    """Ask ``%flexiflow`` something."""
    return lambda line: shell.run_line_magic("flexiflow", line)


@pytest.fixture
def shown(capsys) -> Callable[[], str]:
    """What was printed since the last look, without colours."""
    return lambda: re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
