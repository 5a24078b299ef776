"""Options in the first line of a ``%%flexiflow`` cell."""

import pytest

from flexiflow import BadInput, Fixed, Hybrid, JobFailed, MemoryStore, Run, Workflow

NEVER = "text = (upper | lower)(x)\nassert text == 'no'\n"


@pytest.fixture(autouse=True)
def _stores(shell):
    shell.user_ns.update(MemoryStore=MemoryStore, Fixed=Fixed)


def test_over_runs_right_after_defining(shell, define, shown):
    shell.user_ns["jobs"] = [{"x": c} for c in "abcd"]
    run = define(header="read(x) --over jobs --seed 1 --workers 2 --no-progress")
    assert isinstance(run, Run)
    assert run.total == 4
    assert shell.user_ns["read_run"] is run
    assert shell.user_ns["read"].last_run is run
    assert "upper | lower" in shown()  # the picture, as where nothing is run


def test_a_seed_repeats_the_run(shell, define):
    orders = []
    for _ in range(2):
        run = define(header="again(x) --over ['ab']*8 --seed 5 --no-progress --store MemoryStore()")
        orders.append(run.attempts["candidate"].to_list())
        del shell.user_ns["again"]
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    "header",
    [
        "read(x, y='a b') --max-attempts 1 --store memory",
        "--max-attempts 1 --store memory read(x, y='a b')",
        "--max-attempts=1 read(x, y='a b') --store=memory   # as one likes",
        "read(x, y='a b') --max_attempts 1 --store memory",
    ],
)
def test_options_stand_behind_the_header_or_before_it(shell, define, header):
    made = define(NEVER, header)
    assert made.store is shell.user_ns["memory"]
    assert made.job("ab").job.attempts == 1
    assert made.graph.text.splitlines()[0] == "read(x, y='a b')"


def test_options_change_nothing_of_what_a_definition_is(define):
    bare = define()
    assert define(header="read(x) --max-attempts 3").graph.digest == bare.graph.digest


def test_what_holds_for_jobs_holds_for_all_of_them(define):
    made = define(NEVER, "read(x) --on-failure raise --max-seconds 5 --stop-when 2 --cooldown 1")
    assert made.settings.max_seconds == 5.0
    assert made.settings.stop_when == 2
    assert made.settings.cooldown == 1.0
    with pytest.raises(JobFailed):
        made("ab")


def test_a_store_is_a_file_or_a_variable(define, tmp_path):
    made = define(header="read(x) --store kept.sqlite --over ['ab'] --no-progress").steering
    assert made.graph.name == "read"
    assert (tmp_path / "kept.sqlite").is_file()
    quoted = define(header="other(x) --store 'my records.sqlite'")
    quoted("ab")
    assert (tmp_path / "my records.sqlite").is_file()


def test_the_same_store_and_device_again_go_on_with_the_same_workflow(define):
    header = "read(x) --store kept.sqlite --device cpu"
    made = define(header=header)
    made.run(["ab"] * 5, progress=False)
    again = define(header=header)
    assert again.sampler is made.sampler
    assert again.store is made.store
    assert again.sampler.device == "cpu"
    assert define().store is made.store  # nothing said: as before


def test_another_device_learns_again_from_the_same_store(define):
    made = define(header="read(x) --store memory --device cpu")
    made.run(["ab"] * 5, progress=False)
    again = define(header="read(x) --device auto")
    assert again.store is made.store
    assert isinstance(again.sampler, Hybrid)
    assert again.sampler.device == "auto"
    again.run(["ab"], progress=False)
    assert again.sampler.evidence > made.sampler.evidence >= 10


def test_another_store_begins_with_nothing_learned_and_keeps_the_device(define):
    made = define(header="read(x) --store memory --device cpu")
    made.run(["ab"] * 5, progress=False)
    again = define(header="read(x) --store MemoryStore()")
    assert again.store is not made.store
    assert again.sampler.evidence == 0
    assert again.sampler.device == "cpu"


def test_a_live_cell_shows_a_dashboard_and_goes_on(shell, define, monkeypatch):
    views = []
    monkeypatch.setattr(Run, "show", lambda run: views.append(run))
    run = define(header="read(x) --over ['ab']*3 --live --no-progress")
    assert run.wait(20)
    assert views == [run]
    assert run.total == 3


def test_a_run_that_fails_is_left_in_the_notebook_with_its_workflow(shell):
    cell = f"%%flexiflow read(x) --over ['ab'] --on-failure raise --no-progress\n{NEVER}"
    result = shell.run_cell(cell)
    assert isinstance(result.error_in_exec, JobFailed)
    assert isinstance(shell.user_ns["read"], Workflow)
    assert shell.user_ns["read_run"].state == "failed"


WRONG = [
    ("read(x) --live", "--live is for a run. Say what to run: --over JOBS"),
    ("read(x) --sed 3", "no option '--sed'. Did you mean '--seed'"),
    ("read(x) --seed", "--seed needs a value: --seed N"),
    ("read(x) --seed --live", "--seed needs a value"),
    ("read(x) --seed= --live", "--seed needs a value"),
    ("read(x) --live=1", "--live takes no value"),
    ("read(x) --over ['a'] --seed x", "--seed must be a whole number. Got 'x'"),
    ("read(x) --max-attempts 0", "max_attempts must be a whole number, 1 or more"),
    ("read(x) --device gpu", "--device cannot be 'gpu'. Did you mean 'cpu'"),
    ("read(x) --device cpu --device cpu", "--device is given twice"),
    ("read(x) --over ['a'] --wait --no-wait", "--wait and --no-wait cannot both be"),
    ("read(x) --over ['a'] + ['b']", "its value has blanks"),
    ("read(x) --over nothing", "The jobs `nothing` could not be evaluated: NameError"),
    ("--max-attempts 3", "The header is missing"),
    ("read(x) --store Fixed()", "store must be a Store"),
]


def test_wrong_options_are_refused_in_words(shell):
    for header, message in WRONG:
        body = "text = (upper | lower)(x)\n"
        error = shell.run_cell(f"%%flexiflow {header}\n{body}").error_in_exec
        assert isinstance(error, BadInput)
        assert message in str(error)
        assert f"    %%flexiflow {header}" in str(error)
