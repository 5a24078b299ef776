"""What pages are told and when, and what they may ask for."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from desk_of_a_notebook import Desk

from flexiflow.sidebar import telling
from flexiflow.sidebar.acting import ACTIONS
from flexiflow.sidebar.tutorials import FOLDER

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def states(desk: Desk) -> list[dict[str, Any]]:
    return desk.answers("state")


def act(desk: Desk, action: str, workflow: str | None = "reading", **rest: Any) -> None:
    desk.asks("action", action=action, workflow=workflow, **rest)


def state_of(desk: Desk) -> str | None:
    run = desk.known().get("reading", {}).get("run")
    return None if run is None else run["state"]


def refusal(desk: Desk) -> str:
    (said,) = desk.until(lambda: desk.answers("refused"))
    desk.sent.remove(said)
    message: str = said["message"]
    return message


def test_nothing_is_said_and_no_thread_runs_until_a_page_asks(desk: Desk) -> None:
    desk.define()
    assert desk.telling._thread is None
    assert desk.sent == []
    desk.asks("hello")
    desk.until(lambda: "reading" in desk.known())


def test_what_is_unchanged_is_not_sent_again(desk: Desk) -> None:
    desk.define("first")
    desk.asks("hello")
    desk.until(desk.known)
    desk.define("second")
    desk.until(lambda: len(desk.known()) == 2)
    assert list(states(desk)[-1]["workflows"]) == ["second"]
    many = len(states(desk))
    for _ in range(5):
        desk.cell(lambda: None)
    desk.asks("hello")  # answered after whatever the cells gave rise to
    desk.until(lambda: len(states(desk)) > many)
    assert len(states(desk)) == many + 1
    assert list(states(desk)[-1]["workflows"]) == ["first", "second"]


def test_while_a_cell_runs_all_is_told_again_to_pages_that_cannot_ask(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AGAIN", 0.05)
    desk.define()
    desk.asks("hello")
    desk.until(desk.known)
    many = len(states(desk))
    desk.cell(lambda: desk.until(lambda: len(states(desk)) >= many + 3))
    assert all(list(it["workflows"]) == ["reading"] for it in states(desk)[many:])
    time.sleep(0.3)  # it takes note that the cell has ended
    many = len(states(desk))
    time.sleep(0.3)
    assert len(states(desk)) == many


def test_a_workflow_that_is_gone_is_told_to_be(desk: Desk) -> None:
    desk.define()
    desk.asks("hello")
    desk.until(desk.known)
    desk.cell(lambda: desk.space.pop("reading"))
    desk.until(lambda: not desk.known())
    assert states(desk)[-1] == {"kind": "state", "order": [], "workflows": {}}


def test_a_run_is_followed_at_a_bounded_pace(desk: Desk) -> None:
    desk.telling._beat = 0.1
    go = threading.Event()
    desk.define()
    desk.asks("hello")
    desk.until(desk.known)
    began, many = time.monotonic(), len(desk.sent)
    # Half of them at once, the rest slowly: what has ended is told with what comes next.
    jobs = ({"x": k} for k in range(300) if k < 150 or go.wait(0.02) or True)
    run = desk.space["reading"].run(jobs, wait=False, progress=False)
    desk.telling.nudge()
    desk.until(lambda: (desk.known()["reading"]["run"] or {}).get("done", 0) >= 120)
    go.set()
    run.wait()
    desk.until(lambda: state_of(desk) == "done")
    assert desk.known()["reading"]["run"]["done"] == 300
    assert len(desk.sent) - many <= (time.monotonic() - began) / 0.1 + 2


def test_a_run_is_begun_and_steered(desk: Desk) -> None:
    desk.define()
    desk.space["jobs"] = [{"x": k} for k in range(3)]
    desk.space["more"] = [{"x": k} for k in range(10**6)]
    desk.asks("hello")
    act(desk, "run", jobs="jobs")
    desk.until(lambda: state_of(desk) == "done")
    assert desk.space["reading_run"].total == 3
    assert desk.known()["reading"]["chosen"] == "jobs"
    act(desk, "run", jobs="more")
    desk.until(lambda: state_of(desk) == "running")
    act(desk, "run")
    assert "under way" in refusal(desk)
    act(desk, "pause")
    desk.until(lambda: state_of(desk) == "paused")
    run = desk.space["reading"].last_run
    assert not run.wait(0.05)
    at = run.total
    act(desk, "step")
    desk.until(lambda: state_of(desk) == "paused" and desk.known()["reading"]["run"]["done"] > at)
    assert run.total == at + 1
    act(desk, "resume")
    desk.until(lambda: desk.known()["reading"]["run"]["done"] > at + 5)
    act(desk, "stop")
    desk.until(lambda: state_of(desk) == "done")
    assert run.total < 10**6
    act(desk, "explain")
    (account,) = desk.until(lambda: desk.answers("account"))
    assert account["text"] == repr(desk.space["reading"].explain())


def test_the_last_chosen_jobs_are_run_again(desk: Desk) -> None:
    desk.define()
    desk.space["jobs"] = [{"x": 1}]
    act(desk, "run")
    assert "Choose a variable" in refusal(desk)
    act(desk, "run", jobs="jobs")
    desk.until(lambda: state_of(desk) == "done")
    first = desk.space["reading_run"]
    act(desk, "run")
    desk.until(lambda: desk.space["reading_run"] is not first)
    assert desk.space["reading_run"].wait(10)
    assert desk.space["reading_run"].total == 1


@pytest.mark.parametrize("jobs", ["missing", "_secret", "__import__('os')", "jobs[0]", 3, ["jobs"]])
def test_jobs_are_a_variables_name_and_nothing_else(desk: Desk, jobs: Any) -> None:
    desk.define()
    desk.space.update(jobs=[{"x": 1}], _secret=[{"x": 1}])
    act(desk, "run", jobs=jobs)
    assert refusal(desk)
    assert desk.space["reading"].last_run is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "action", "action": "eval", "workflow": "reading"}, "cannot ask for 'eval'"),
        ({"kind": "action", "action": "explian", "workflow": "reading"}, "Did you mean 'explain'"),
        ({"kind": "action", "workflow": "reading"}, "cannot ask for 'None'"),
        ({"kind": "run", "action": "run", "workflow": "reading"}, "cannot ask for 'run'"),
        ({"kind": "action", "action": "stop", "workflow": "reading"}, "has had no run here yet"),
        ({"kind": "action", "action": "stop", "workflow": "raeding"}, "Did you mean 'reading'"),
        ({"kind": "action", "action": "stop", "workflow": "number"}, "no workflow 'number'"),
        ({"kind": "action", "action": "stop", "workflow": ["reading"]}, "no workflow"),
        ({"kind": "action", "action": "explain", "workflow": "reading"}, "has run no job yet"),
    ],
)
def test_what_cannot_be_done_is_refused(desk: Desk, asked: dict[str, Any], said: str) -> None:
    desk.define()
    desk.space["number"] = 3
    desk.telling.receive(asked)
    assert said in refusal(desk)


@pytest.mark.parametrize("odd", [None, 3, "hello", ["hello"], {}, {"kind": 3}])
def test_what_is_no_message_is_dropped(desk: Desk, odd: Any) -> None:
    desk.telling.receive(odd)
    assert desk.telling._thread is None
    assert desk.sent == []


def test_the_tutorials_are_copied_once(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    act(desk, "copy", None)
    (copied,) = desk.until(lambda: desk.answers("copied"))
    names = sorted(p.name for p in NOTEBOOKS.glob("*.ipynb"))
    assert copied["notebooks"] == names
    assert (Path(copied["folder"]), copied["kept"]) == (tmp_path / FOLDER, 0)
    mine = tmp_path / FOLDER / names[0]
    mine.write_text("mine")
    (tmp_path / FOLDER / names[1]).unlink()
    act(desk, "copy", None)
    copied = desk.until(lambda: desk.answers("copied")[1:])[0]
    assert (copied["notebooks"], copied["kept"]) == ([names[1]], len(names) - 1)
    assert mine.read_text() == "mine"
    assert (tmp_path / FOLDER / names[1]).read_bytes() == (NOTEBOOKS / names[1]).read_bytes()


def test_what_goes_wrong_in_looking_is_said_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flexiflow.sidebar.looking import Looking

    def breaks(*_: Any) -> Any:
        raise OSError("no room")

    monkeypatch.setattr(Looking, "workflows", breaks)
    for _ in range(3):
        desk.asks("hello")
    assert "no room" in refusal(desk)
    act(desk, "eval")
    assert "cannot ask for" in refusal(desk)
    assert desk.answers("refused") == []


def test_the_actions_are_a_short_list() -> None:
    assert set(ACTIONS) == {"run", "pause", "resume", "step", "stop", "explain", "copy"}
