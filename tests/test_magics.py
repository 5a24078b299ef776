"""The notebook's door, in a real IPython shell."""

import atexit
import re
import sys
import textwrap

import pytest

import flexiflow
from flexiflow import BadInput, Fixed, MemoryStore, Workflow

CELL = """\
text = (upper | lower)(x)   # a comment
assert text != 'AB', "not that"
return text
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("FLEXIFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # the shell replaces it
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "flexiflow")
    shell.user_ns.update(upper=str.upper, lower=str.lower)
    yield shell
    for made in [v for v in shell.user_ns.values() if isinstance(v, Workflow)]:
        made.store.close()
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()


def define(shell, body=CELL, header="read(x)"):
    result = shell.run_cell(f"%%flexiflow {header}\n{textwrap.dedent(body)}")
    result.raise_error()
    return result.result


def test_a_cell_defines_a_workflow_and_shows_it(shell):
    made = define(shell)
    assert isinstance(made, Workflow)
    assert shell.user_ns["read"] is made
    assert made("cd") in ("CD", "cd")


def test_line_magics_run_log_explain_show_and_reset(shell, capsys):
    define(shell)
    shell.user_ns["jobs"] = [{"x": "ab"}, {"x": "cd"}]
    run = shell.run_line_magic("flexiflow", "run read jobs --seed 1 --max-attempts 5")
    assert run.total == 2
    assert shell.user_ns["read_run"] is run
    assert len(shell.run_line_magic("flexiflow", "log read")) == 2
    job_id = run.jobs["job_id"][0]
    assert job_id in repr(shell.run_line_magic("flexiflow", f"explain read {job_id}"))
    assert "passed" in repr(shell.run_line_magic("flexiflow", "explain read"))
    assert shell.run_line_magic("flexiflow", "show read") is shell.user_ns["read"]
    shell.run_line_magic("flexiflow", "reset read")
    assert "forgotten" in capsys.readouterr().out
    assert shell.user_ns["read"].sampler.evidence == 0
    assert len(shell.run_line_magic("flexiflow", "log read")) == 2


@pytest.mark.parametrize(
    "jobs", ["[{'x': 'ab'}, {'x': 'c d'}]", "[{'x': c} for c in 'ab']", "list(jobs)  --seed 3"]
)
def test_what_is_run_may_be_any_expression(shell, jobs):
    define(shell)
    shell.user_ns["jobs"] = [{"x": "p"}, {"x": "q"}]
    assert shell.run_line_magic("flexiflow", f"run read {jobs}").total == 2


def test_running_an_unchanged_cell_again_keeps_what_was_learned(shell, capsys):
    made = define(shell)
    made.run([{"x": "ab"}] * 20)
    again = define(shell)
    assert again is not made
    assert again.sampler is made.sampler
    assert again.sampler.evidence > 0
    capsys.readouterr()
    define(shell, CELL.replace("'AB'", "'ab'"))
    assert "is learned anew" in capsys.readouterr().out


def test_help_is_there_in_both_ways(shell, capsys):
    shell.run_line_magic("flexiflow", "help")
    shown = capsys.readouterr().out
    assert "%%flexiflow id_cards(image, label=None)" in shown
    shell.run_line_magic("flexiflow", "")
    assert capsys.readouterr().out == shown
    found = shell.object_inspect("%%flexiflow")
    assert found["found"]
    assert "Define a workflow in a cell" in found["docstring"]


def test_an_error_shows_the_users_line_and_nothing_else(shell, capsys):
    result = shell.run_cell("%%flexiflow read(x)\ntext = (upper | lowr)(x)\n")
    assert isinstance(result.error_in_exec, flexiflow.WorkflowSyntaxError)
    shown = capsys.readouterr().out
    assert "line 2" in shown
    assert "text = (upper | lowr)(x)" in shown
    assert "lower" in shown
    assert "Traceback" not in shown
    assert shown.count("\n") < 10
    assert "read" not in shell.user_ns


def test_an_assertion_that_is_wrong_shows_its_line_of_the_cell(shell, capsys):
    shell.user_ns["check"] = eval("lambda value: missing_helper(value)")
    define(shell, "text = (upper | lower)(x)\nassert check(text)\n")
    result = shell.run_cell("read('ab')")
    assert isinstance(result.error_in_exec, NameError)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "assert check(text)" in shown
    assert "line 3 of the workflow" in shown
    assert "judge.py" not in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rnu read jobs", "no command 'rnu'. Did you mean 'run'"),
        ("run", "required: name, jobs"),
        ("run read jobs --workers many", "invalid int value"),
        ("run read jobs --nope", "unrecognized arguments: --nope"),
        ("run raed jobs", "'raed' is not a workflow here. Did you mean 'read'"),
        ("run read nothing", "The jobs `nothing` could not be evaluated"),
        ("log", "expected the name of a workflow, got nothing"),
        ("explain read a b", "expected the name of a workflow and a job id"),
    ],
)
def test_wrong_lines_are_refused_in_words(shell, line, message):
    define(shell)
    shell.user_ns["jobs"] = []
    with pytest.raises(BadInput, match=message):
        shell.run_line_magic("flexiflow", line)


def test_options_of_the_old_definition_live_on(shell):
    made = define(shell)
    shell.user_ns["read"] = Workflow(made.graph, store=MemoryStore(), sampler=Fixed())
    again = define(shell)
    assert isinstance(again.sampler, Fixed)
    assert again.store is shell.user_ns["read"].store
