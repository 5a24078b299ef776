"""The notebook's door, in a real IPython shell: defining, help, and errors at the user's line."""

import pytest
from IPython.utils.tokenutil import token_at_cursor

import flexiflow
from flexiflow import BadInput, Fixed, MemoryStore, Workflow
from flexiflow.magics.faults import WrongLine

BODY = "text = (upper | lower)(x)\nassert text != 'AB', 'not that'\nreturn text\n"


def test_a_cell_defines_a_workflow_and_shows_it(shell, define):
    made = define()
    assert isinstance(made, Workflow)
    assert shell.user_ns["read"] is made
    assert made("cd") in ("CD", "cd")


def test_running_an_unchanged_cell_again_keeps_what_was_learned(define, shown):
    made = define()
    made.run([{"x": "ab"}] * 20)
    again = define()
    assert again is not made
    assert again.sampler is made.sampler
    assert again.sampler.evidence > 0
    shown()
    define(BODY.replace("'AB'", "'ab'"))
    assert "is learned anew" in shown()


def test_options_of_the_old_definition_live_on(shell, define):
    made = define()
    shell.user_ns["read"] = Workflow(made.graph, store=MemoryStore(), sampler=Fixed())
    again = define()
    assert isinstance(again.sampler, Fixed)
    assert again.store is shell.user_ns["read"].store


def test_help_is_there_in_all_ways(shell, ask, shown):
    ask("help")
    told = shown()
    assert "%%flexiflow id_cards(image, label=None)" in told
    assert "a comment above it makes it an ordinary cell" in told
    ask("")
    assert shown() == told
    for name in ("%%flexiflow", "%flexiflow", token_at_cursor("%%flexiflow read(x)", 8)):
        found = shell.object_inspect(name)
        assert found["found"]
        assert found["docstring"].strip() == told.strip()


def test_help_names_every_option_and_command_and_those_of_one_command(ask, shown):
    from flexiflow.magics.commands import COMMANDS
    from flexiflow.magics.options import CELL, RUN

    ask("help")
    told = shown()
    assert [o.name for o in CELL if f"    --{o.name}" not in told] == []
    assert [c for c in COMMANDS if f"%flexiflow {c}" not in told] == []
    ask("help run")
    told = shown()
    assert [o.name for o in RUN if f"    --{o.name}" not in told] == []
    assert "In Python: NAME.run(JOBS, ...)" in told
    with pytest.raises(BadInput, match=r"no command 'rnu'\. Did you mean 'run'"):
        ask("help rnu")


def test_an_error_shows_the_users_line_and_nothing_else(shell, shown):
    result = shell.run_cell("%%flexiflow read(x)\ntext = (upper | lowr)(x)\n", store_history=True)
    assert isinstance(result.error_in_exec, flexiflow.WorkflowSyntaxError)
    told = shown()
    assert "Cell In[1], line 2" in told
    assert "text = (upper | lowr)(x)" in told
    assert "lower" in told
    assert "Traceback" not in told
    assert told.count("\n") < 10
    assert "read" not in shell.user_ns


def test_a_wrong_line_is_shown_with_a_mark_under_the_word(shell, define, shown):
    define()
    shown()
    result = shell.run_cell("here = 1\n%flexiflow explain raed", store_history=True)
    assert type(result.error_in_exec) is WrongLine
    lines = shown().splitlines()
    assert lines == [
        "WrongLine: No workflow or run here is called 'raed'. Did you mean 'read'? "
        "See %flexiflow help.",
        "  Cell In[1], line 2",
        "    %flexiflow explain raed",
        "                       ^^^^",
    ]


def test_errors_are_ordinary_ones_for_whoever_runs_the_notebook(shell):
    from IPython.core.error import UsageError

    error = shell.run_cell("%flexiflow rnu").error_in_exec
    assert not isinstance(error, (SyntaxError, UsageError))
    assert isinstance(error, BadInput)
    assert error._render_traceback_() == [f"WrongLine: {error}"]


def test_an_assertion_that_is_wrong_shows_its_line_and_no_frame_of_ours(shell, define, shown):
    shell.user_ns["check"] = eval("lambda value: missing_helper(value)")
    define("text = (upper | lower)(x)\nassert check(text)\n")
    for cell in ("read('ab')", "%flexiflow run read ['ab'] --no-progress"):
        shown()
        result = shell.run_cell(cell)
        assert isinstance(result.error_in_exec, NameError)
        told = shown()
        assert "assert check(text)" in told
        assert "line 3 of the workflow" in told
        assert "judge.py" not in told
        assert "running.py" not in told


def test_a_cell_whose_magic_is_not_its_first_line_is_refused(shell, shown):
    result = shell.run_cell(f"# a comment\n%%flexiflow read(x)\n{BODY[:26]}", store_history=True)
    assert isinstance(result.error_in_exec, BadInput)
    told = shown()
    assert "must be on the first line of its cell" in told
    assert "Cell In[1], line 2" in told
    assert "read" not in shell.user_ns


def test_unloading_takes_everything_away_and_loading_again_adds_it_once(shell):
    def ours():
        return [m for m in shell.Completer.custom_matchers
                if getattr(m, "matcher_identifier", "") == "flexiflow"]  # fmt: skip

    shell.run_line_magic("reload_ext", "flexiflow")
    assert len(ours()) == 1
    shell.run_line_magic("unload_ext", "flexiflow")
    assert ours() == []
    for kind in ("line", "cell"):
        assert [n for n in shell.magics_manager.magics[kind] if "flexiflow" in n] == []
    shell.run_line_magic("load_ext", "flexiflow")
    assert shell.find_line_magic("flexiflow") is not None
    assert shell.find_cell_magic("flexiflow") is not None
    assert len(ours()) == 1
