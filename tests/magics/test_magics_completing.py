"""The Tab key, asked as a notebook asks it: through IPython's completer."""

import pytest
from IPython.core.completer import CompletionContext, provisionalcompleter

from flexiflow.magics.completing import Completer

TWO = """
    text = (upper | lower)(x)
    mark = (strip | twice)(text)
    assert mark != threshold(0.5, name="sure")
    maximize(mark == label)
    minimize(runtime)
"""


@pytest.fixture
def complete(shell, define, tmp_path):
    shell.user_ns.update(strip=str.strip, twice=lambda s: s * 2)
    made = define(TWO, "two(x, label=None) --store memory")
    shell.user_ns["two_run"] = made.run(["a", "b", "c"], progress=False)
    shell.user_ns.update(cards=[{"x": "a", "card": 1}], number=3, words="abc", _hidden=[1])
    (tmp_path / "beliefs.json").touch()
    (tmp_path / "records").mkdir()
    (tmp_path / ".secret").touch()

    def texts(code, jedi=True):
        shell.Completer.use_jedi = jedi
        with provisionalcompleter():
            found = list(shell.Completer.completions(code, len(code)))
        return [code[: c.start] + c.text for c in found]

    return texts


OPTIONS = {
    "%flexiflow ru": ["%flexiflow run"],
    "%flexiflow p": ["%flexiflow pause", "%flexiflow pin"],
    "%flexiflow run t": ["%flexiflow run two"],
    "%flexiflow log t": ["%flexiflow log two", "%flexiflow log two_run"],
    "found = %flexiflow log two --": ["found = %flexiflow log two --last"],
    "    %flexiflow log two --l": ["    %flexiflow log two --last"],
    "%flexiflow log two ": ["%flexiflow log two --last"],
    "%flexiflow run two cards --se": ["%flexiflow run two cards --seed"],
    "%flexiflow run two cards --seed 1 --se": [],
    "%flexiflow run two cards --seed ": [],
    "%flexiflow run two cards --on-failure r": [
        "%flexiflow run two cards --on-failure return",
        "%flexiflow run two cards --on-failure raise",
    ],
    "%flexiflow run two cards --on-failure=ra": ["%flexiflow run two cards --on-failure=raise"],
    "%flexiflow run two cards --live --ids c": ["%flexiflow run two cards --live --ids card"],
    "%flexiflow run two --live ca": ["%flexiflow run two --live cards"],
    "%flexiflow compare two ": ["%flexiflow compare two two_run"],
    "%flexiflow pin two ": ["%flexiflow pin two text", "%flexiflow pin two mark"],
    "%flexiflow pin two_run text ": [
        "%flexiflow pin two_run text upper",
        "%flexiflow pin two_run text lower",
    ],
    "%flexiflow ban two mark t": ["%flexiflow ban two mark twice"],
    "%flexiflow ban two mark twice ": ["%flexiflow ban two mark twice --lift"],
    "%flexiflow weigh two ": ["%flexiflow weigh two mark == label", "%flexiflow weigh two runtime"],
    "%flexiflow weigh two mark =": ["%flexiflow weigh two mark == label"],
    "%flexiflow threshold two ": ["%flexiflow threshold two sure"],
    "%flexiflow save two b": ["%flexiflow save two beliefs.json"],
    "%flexiflow load two r": ["%flexiflow load two records/"],
    "%flexiflow load two .s": ["%flexiflow load two .secret"],
    "%flexiflow help co": ["%flexiflow help compare"],
    "%%flexiflow three(x) --de": ["%%flexiflow three(x) --device"],
    "%%flexiflow three(x) --device cu": ["%%flexiflow three(x) --device cuda"],
    "%%flexiflow three(x, y=[1, 2]) --live --se": ["%%flexiflow three(x, y=[1, 2]) --live --seed"],
    "%%flexiflow --ma": ["%%flexiflow --max-attempts", "%%flexiflow --max-seconds"],
    "%%flexiflow three(x) --store be": ["%%flexiflow three(x) --store beliefs.json"],
    "%%flexiflow three(x) --over ca": ["%%flexiflow three(x) --over cards"],
}


@pytest.mark.parametrize("jedi", [True, False])
def test_what_may_come_next_is_offered(complete, jedi):
    found = {code: complete(code, jedi) for code in OPTIONS if OPTIONS[code]}
    assert found == {code: texts for code, texts in OPTIONS.items() if texts}


def test_an_option_is_offered_once_and_numbers_are_not_guessed(shell, complete):
    ours = Completer(shell)
    assert [code for code, texts in OPTIONS.items() if not texts and ours.offer(code).texts] == []


def test_job_ids_are_offered_the_latest_first(shell, complete):
    run = shell.user_ns["two_run"]
    ids = run.jobs["job_id"].to_list()[::-1]
    for name in ("two", "two_run"):
        assert complete(f"%flexiflow explain {name} ") == [
            f"%flexiflow explain {name} {job_id}" for job_id in ids
        ]
    shell.user_ns["two"].run([{"x": "d", "card": "mine"}], ids="card", progress=False)
    assert complete("%flexiflow explain two ") == ["%flexiflow explain two mine"]


def test_variables_that_may_be_jobs_are_offered_beside_pythons_own(shell, complete):
    offered = Completer(shell).offer("%flexiflow run two ").texts
    assert "cards" in offered
    assert not {"number", "words", "_hidden", "two", "upper"} & set(offered)
    assert "%flexiflow run two cards.append" in complete("%flexiflow run two cards.app")


def test_the_body_of_a_cell_and_other_lines_are_left_to_python(shell, complete):
    body = "%%flexiflow three(x)\ntext = (upp"
    assert complete(body) == [body.replace("upp", "upper")]
    for code in ("two.fee", "%flexiflows ", "x = 3 % flexiflow", "%flexiflow nonsense "):
        assert Completer(shell).offer(code).texts == ()
    assert Completer(shell).offer("%%flexiflow three(x) --", line=1).texts == ()


def test_a_kernel_is_answered_as_a_notebook_needs_it(shell, complete):
    with pytest.warns(PendingDeprecationWarning):  # which it is in IPython itself
        text, matches = shell.complete("", "%flexiflow pin two te", 21)
    assert (text, matches) == ("te", ["text"])


class Broken:
    @property
    def steering(self):
        raise RuntimeError("broken")

    def __iter__(self):
        raise RuntimeError("broken")

    def __len__(self):
        raise RuntimeError("broken")


TYPED = [
    "pin", "pin two", "pin nobody ", "pin broken ", "run two [", "run two 'a", "run two (()) --",
    "run two broken --ids ", "run two --seed --", "--", "--=", "--seed=", "save two /nowhere/x",
    "weigh broken ", "weigh two ((", "compare ", "three(x", "three(x) --store $x", "\\", "%", "#",
]  # fmt: skip


def test_it_never_raises_whatever_is_typed(shell, complete):
    shell.user_ns["broken"] = Broken()
    match = Completer(shell).match
    for code in [start + rest for rest in TYPED for start in ("%flexiflow ", "%%flexiflow ")]:
        for end in range(len(code) + 1):
            found = match(CompletionContext("", code[:end], end, 0, None))
            assert code[:end].endswith(found["matched_fragment"])


def test_it_reads_no_store(shell, complete, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("read")

    monkeypatch.setattr(type(shell.user_ns["memory"]), "read", refuse)
    assert all(Completer(shell).offer(code).texts for code in OPTIONS if OPTIONS[code])
    assert Completer(shell).offer("%flexiflow explain two ").texts
