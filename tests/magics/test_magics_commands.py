"""The commands of ``%flexiflow``, beside their equals in Python."""

import threading

import polars as pl
import pytest

import flexiflow
from flexiflow import BadInput, Fixed, MemoryStore, Run, Workflow

TWO = """
    text = (upper | lower)(x)
    mark = (strip | twice)(text)
    assert confident(mark) >= threshold(0.5, name="sure")
    minimize(runtime)
    maximize(mark == label, weight=2)
"""


@pytest.fixture
def two(shell, define):
    shell.user_ns.update(strip=str.strip, twice=lambda s: s * 2, confident=lambda s: 0.9)
    return define(TWO, "two(x, label=None) --store memory")


@pytest.fixture
def slow(shell, define):
    """A live run of jobs that wait for a gate, one release a job."""
    gate = threading.Semaphore(0)

    def wait(x):
        assert gate.acquire(timeout=20)
        return x

    shell.user_ns.update(wait=wait)
    define("text = wait(x)\n", "slow(x) --store memory")
    return gate


def test_line_magics_run_log_explain_show_and_reset(shell, define, ask, shown):
    define()
    shell.user_ns["jobs"] = [{"x": "ab"}, {"x": "cd"}]
    run = ask("run read jobs --seed 1 --max-attempts 5")
    assert run.total == 2
    assert shell.user_ns["read_run"] is run
    assert len(ask("log read")) == 2
    assert ask("log read --last 1")["job_id"].to_list() == [run.jobs["job_id"][1]]
    assert ask("log read_run").equals(run.jobs)
    job_id = run.jobs["job_id"][0]
    assert job_id in repr(ask(f"explain read {job_id}"))
    assert repr(ask(f"explain read_run {job_id}")) == repr(run.explain(job_id))
    assert run.jobs["job_id"][1] in repr(ask("explain read"))
    assert run.jobs["job_id"][1] in repr(ask("explain read_run"))
    assert ask("show read") is shell.user_ns["read"]
    shown()
    ask("reset read")
    assert "forgotten" in shown()
    assert shell.user_ns["read"].sampler.evidence == 0
    assert len(ask("log read")) == 2


def test_a_run_is_shown_as_its_dashboard(define, ask):
    define()
    ask("run read ['ab']")
    dashboard = ask("show read_run")
    try:
        assert type(dashboard).__name__ == "Dashboard"
        assert "1 of 1" in repr(dashboard) or "1 job" in repr(dashboard)
    finally:
        dashboard.close()


def test_what_is_run_may_be_any_expression(shell, define, ask):
    define()
    shell.user_ns["jobs"] = [{"x": "p"}, {"x": "q"}]
    for jobs, total in {
        "[{'x': 'ab'}, {'x': 'c d'}]": 2,
        "[{'x': c} for c in 'ab']": 2,
        "list(jobs)  --seed 3": 2,
        "jobs + jobs --seed 3": 4,
        "--seed 3 jobs + jobs": 4,
        "({'x': c} for c in '--')": 2,
    }.items():
        assert ask(f"run read {jobs}").total == total


def test_options_of_a_run_are_those_of_python(shell, two, ask, monkeypatch):
    seen = {}
    monkeypatch.setattr(Workflow, "run", lambda self, jobs, **given: seen.update(given))
    shell.user_ns.update(half=lambda decision: False, who=Fixed(), kept=MemoryStore())
    ask(
        "run two [] --live --no-wait --seed 3 --workers 2 --ids card --resume --no-progress "
        "--max-attempts 4 --max-seconds 1.5 --stop-when half --on-failure raise "
        "--on-refusal switch --cooldown 0 --sampler who --store kept"
    )
    names = shell.user_ns
    assert seen == {
        "live": True, "wait": False, "seed": 3, "workers": 2, "ids": "card", "resume": True,
        "progress": False, "max_attempts": 4, "max_seconds": 1.5, "stop_when": names["half"],
        "on_failure": "raise", "on_refusal": "switch", "cooldown": 0.0,
        "sampler": names["who"], "store": names["kept"],
    }  # fmt: skip


def test_a_run_is_paused_stepped_resumed_stopped_and_waited_for(shell, slow, ask, shown):
    run = ask("run slow ['a', 'b', 'c', 'd', 'e'] --no-wait --no-progress")
    assert isinstance(run, Run)
    ask("pause slow")
    slow.release()
    assert not run.wait(0.2)
    assert (run.state, run.total) == ("paused", 1)
    slow.release(2)
    ask("step slow_run 2")
    assert not run.wait(0.5)
    assert run.total == 3
    ask("resume slow")
    ask("stop slow")
    slow.release(2)
    shown()
    ask("wait slow 20")
    assert "slow: done, " in shown()
    assert run.total in (3, 4)  # the job that was begun between the two goes to its end


def test_speed_is_set_and_lifted(slow, ask, shown):
    slow.release()
    run = ask("run slow ['a']")
    ask("speed slow 2.5")
    assert run.speed == 2.5
    assert "2.5 jobs a second" in shown()
    ask("speed slow_run")
    assert run.speed is None


def test_candidates_are_pinned_and_banned_and_set_free_again(two, ask, shown):
    ask("pin two text lower")
    assert two.steering.pins == {"text": "lower"}
    ask("pin two text --lift")
    assert two.steering.pins == {}
    ask("ban two mark twice")
    assert two.steering.bans == {"mark": {"twice"}}
    assert two("ab") in ("AB", "ab")
    ask("ban two mark twice --lift")
    assert two.steering.bans == {}
    assert shown().splitlines()[-1] == "mark: twice may be taken again, from the next job on."


def test_terms_are_weighed_as_they_are_written(two, ask):
    ask("weigh two runtime 0.25")
    ask("weigh two mark == label 3")
    ask("weigh two 'mark == label' 4")
    assert two.steering.weights == {"runtime": 0.25, "mark == label": 4.0}


def test_thresholds_are_moved_and_set_free(two, ask, shown):
    ask("threshold two sure 0.75")
    assert two.thresholds["sure"] == 0.75
    assert two.thresholds.fixed == {"sure"}
    ask("threshold two sure --free")
    assert two.thresholds["sure"] == 0.5
    assert two.thresholds.fixed == set()
    assert shown().splitlines()[-2:] == ["sure: 0.75.", "sure: 0.5, and left to the sampler."]


def test_what_was_learned_is_saved_and_loaded(shell, two, ask, tmp_path):
    two.run(["a"] * 10, progress=False)
    before = two.sampler.state
    shell.user_ns["place"] = tmp_path / "by variable.json"
    for word, file in (
        ("beliefs.json", "beliefs.json"),
        ("'my beliefs.json'", "my beliefs.json"),
        ("$place", "by variable.json"),
    ):
        ask(f"save two {word}")
        assert (tmp_path / file).is_file()
        ask("reset two")
        assert two.sampler.evidence == 0
        ask(f"load two {word}")
        assert two.sampler.state == before


def test_compare_is_that_of_python_under_the_notebooks_names(two, ask):
    two.run(["a"] * 12, progress=False)
    ask("run two ['b'] * 12 --no-progress")
    found = ask("compare two two_run")
    assert isinstance(found, pl.DataFrame)
    assert found["of"].unique(maintain_order=True).to_list() == ["two", "two_run"]
    assert found.equals(flexiflow.compare(two=two, two_run=two.last_run))


WRONG = [
    ("rnu read jobs", "no command 'rnu'. Did you mean 'run'"),
    ("run", "run needs more: %flexiflow run NAME JOBS"),
    ("run read", "run needs more: %flexiflow run NAME JOBS"),
    ("run read jobs --workers many", "--workers must be a whole number. Got 'many'"),
    ("run read jobs --workers 0", "workers must be a whole number, 1 or more"),
    ("run read jobs --nope", "There is no option '--nope'. Did you mean"),
    ("log read --zzz", "There is no option '--zzz'. There are: --last"),
    ("run read jobs --sampler UCBB", "--sampler `UCBB` could not be evaluated"),
    ("run read jobs --seed 1 + jobs", "--seed stands amid other words"),
    ("run raed jobs", "called 'raed'. Did you mean 'read'"),
    ("run read nothing", "The jobs `nothing` could not be evaluated"),
    ("run read_run jobs", "'read_run' is a run. Give its workflow: 'read'"),
    ("log", "log needs more: %flexiflow log NAME"),
    ("log read --last 0", "--last must be 1 or more"),
    ("log jobs", "called 'jobs'. There are: other, read, read_run"),
    ("explain read a b", "explain takes no more than: %flexiflow explain NAME [ID]"),
    ("explain read job9", "has no job 'job9'"),
    ("pause other", "other has no run here yet. Begin one with: %flexiflow run other JOBS"),
    ("step read two", "The number of jobs must be a whole number. Got 'two'"),
    ("speed read 0", "speed must be a number of jobs a second"),
    ("pin read text", "Which candidate? %flexiflow pin NAME NODE CANDIDATE, or --lift"),
    ("pin read txet upper", "no node 'txet'. Did you mean 'text'"),
    ("ban read text uper", "no candidate 'uper'. Did you mean 'upper'"),
    ("weigh read runtime 1", "has no objective 'runtime'"),
    ("threshold read sure", "Which number? %flexiflow threshold NAME KEY NUMBER, or --free"),
    ("threshold read sure 1", "There is no threshold 'sure'"),
    ("load read nowhere.json", "'nowhere.json' cannot be read"),
    ("save read 'no where'/x.json", "cannot be written"),
    ("save read $nothing", "The file name `nothing` could not be evaluated"),
]


def test_wrong_lines_are_refused_in_words(shell, define, ask):
    define()
    define(header="other(x)")
    shell.user_ns["jobs"] = []
    shell.user_ns["read_run"] = shell.user_ns["read"].run([], progress=False)
    for line, message in WRONG:
        with pytest.raises(BadInput) as caught:
            ask(line)
        assert message in str(caught.value)
        assert f"    %flexiflow {line}" in str(caught.value)


def test_without_a_workflow_it_is_told_how_to_make_one(ask):
    with pytest.raises(BadInput, match=r"'read'\. Define one in a %%flexiflow cell"):
        ask("run read []")
