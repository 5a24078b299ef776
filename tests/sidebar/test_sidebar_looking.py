"""What is told of a workflow: plain, short data with the numbers of the dashboard's panels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from desk_of_a_notebook import Desk, made
from worlds import chain

from flexiflow import MemoryStore, Workflow
from flexiflow.sidebar.looking import (
    MOST_CANDIDATES,
    MOST_VARIABLES,
    ROOM,
    Looking,
    brief,
    jobs_among,
    short,
)


@pytest.fixture
def looking(desk: Desk) -> Looking:
    return Looking(desk.cells, {"In": None})


def seen(looking: Looking, name: str = "reading", **chosen: str) -> dict[str, Any]:
    return looking.workflows(chosen)[name]


def test_the_numbers_are_those_of_the_panels(desk: Desk, looking: Looking) -> None:
    workflow = desk.define(cell_id="a", number=2)
    run = workflow.run([{"x": k} for k in range(60)], seed=1, progress=False)
    told = seen(looking)
    snapshot = run.watch.snapshot()
    beliefs, single = snapshot["beliefs"][0], snapshot["gains"]["single"]
    (node,) = told["nodes"]
    names = ["quick", "thorough"]
    assert [c["name"] for c in node["candidates"]] == [names[k] for k in beliefs["order"]]
    for shown, k in zip(node["candidates"], beliefs["order"], strict=True):
        assert shown["pass"] == pytest.approx(beliefs["pass"][k], rel=5e-3)
        wanted = None if np.isnan(beliefs["seconds"][k]).any() else beliefs["seconds"][k]
        assert (shown["seconds"] is None) == (wanted is None)
        if wanted is not None:
            assert shown["seconds"] == pytest.approx(wanted, rel=5e-3)
    assert told["run"]["passed"] == 1.0
    assert told["run"]["seconds"] == pytest.approx(run.seconds / 60, rel=5e-3)
    assert (told["run"]["done"], told["run"]["total"], told["run"]["state"]) == (60, 60, "done")
    assert told["run"]["job"] is None
    assert told["best"]["configuration"] == single["configuration"]
    assert told["best"]["passed"] == pytest.approx(single["passed"], rel=5e-3)
    assert told["cell"] == {"id": "a", "number": 2}


def test_a_workflow_without_a_run_shows_what_is_believed(desk: Desk, looking: Looking) -> None:
    workflow = desk.define()
    told = seen(looking)
    assert (told["run"], told["best"], told["notices"]) == (None, None, [])
    assert [c["seconds"] for c in told["nodes"][0]["candidates"]] == [None, None]
    before = told["nodes"][0]["candidates"][0]["pass"]
    assert 0 < before[1] < before[0] < before[2] < 1
    for k in range(9):
        workflow(x=3 * k + 1)
    after = {c["name"]: c for c in seen(looking)["nodes"][0]["candidates"]}
    assert any(c["seconds"] is not None for c in after.values())
    assert workflow.last_run is None


def test_a_workflow_that_cannot_be_shown_hides_no_other(
    desk: Desk, looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.define("sound")
    broken = desk.define("broken")

    def breaks() -> Any:
        raise OSError("the store is closed")

    monkeypatch.setattr(broken.steering, "snapshot", breaks)
    assert seen(looking, "broken")["notices"] == ["Cannot be shown: the store is closed"]
    assert seen(looking, "broken")["nodes"] == []
    assert len(seen(looking, "sound")["nodes"]) == 1


def test_pins_and_bans_are_told(desk: Desk, looking: Looking) -> None:
    workflow = desk.define()
    first = seen(looking)["nodes"][0]["candidates"][0]["name"]
    (last,) = {"quick", "thorough"} - {first}
    workflow.pin("text", last)
    shown = seen(looking)["nodes"][0]["candidates"]
    assert [(c["name"], c["tag"]) for c in shown] == [(last, "pinned"), (first, "")]
    workflow.pin("text", None)
    workflow.ban("text", first)
    shown = seen(looking)["nodes"][0]["candidates"]
    assert [(c["name"], c["tag"]) for c in shown] == [(last, ""), (first, "banned")]


def test_notices_are_told(desk: Desk, looking: Looking) -> None:
    graph = chain(2)
    desk.space["it"] = workflow = Workflow(graph, store=MemoryStore())
    run = workflow.run(["a"] * 3, seed=0, progress=False)
    run.watch._notices.texts = lambda: ["n0c0 dominates\nat n0 " + "x" * 999]  # type: ignore[method-assign]  # for the test
    workflow.run(["b"], seed=0, progress=False)
    assert workflow.last_run is not run
    workflow.last_run = run
    run.watch._read = None  # look again
    (notice,) = seen(looking, "it")["notices"]
    assert notice.startswith("n0c0 dominates at n0 xxx")
    assert len(notice) <= 240


def test_a_run_under_way_tells_the_job_at_hand(desk: Desk, looking: Looking) -> None:
    workflow = desk.define()
    run = workflow.run([{"x": 1}] * 5, wait=False, progress=False)
    run.wait()
    state = run.facts() | {"state": "running"}
    run.watch._facts = lambda: state
    run.watch._under_way = lambda: [{"job": "r-5", "choice": [1], "node": 0, "back": None}]
    assert seen(looking)["run"]["job"] == {"id": "r-5", "path": "thorough", "node": "text"}
    run.watch._under_way = lambda: [{"job": "r-6", "choice": [], "node": None, "back": None}]
    assert seen(looking)["run"]["job"] == {"id": "r-6", "path": "", "node": None}


def test_what_is_told_is_short_and_plain_whatever_the_workflow(
    desk: Desk, looking: Looking
) -> None:
    names = {f"candidate {k} " + "long" * 30: str for k in range(40)}
    text = "wide(x)\nit = any_of(models)(x)\nassert it"
    from flexiflow.language import read

    desk.space["wide"] = Workflow(read(text, {"models": names}), store=MemoryStore())
    desk.space.update({f"jobs{k}": [{"x": 1}] for k in range(100)})
    told = seen(looking, "wide")
    (node,) = told["nodes"]
    assert (len(node["candidates"]), node["more"]) == (MOST_CANDIDATES, 40 - MOST_CANDIDATES)
    assert all(len(c["name"]) <= ROOM for c in node["candidates"])
    assert len(told["jobs"]) == MOST_VARIABLES
    assert len(json.dumps(told, allow_nan=False)) < 4000


def test_names_are_made_printable() -> None:
    assert short("a\x1b[31m\u202eb\nc") == "a\ufffd[31m\ufffdb c"
    assert brief([0.123456, 1e-9, 2.0]) == [0.123, 1e-9, 2.0]
    assert brief([0.5, float("nan"), 1.0]) is None


def test_variables_that_hold_jobs_are_offered() -> None:
    graph = made().graph

    class Sly(list):  # type: ignore[type-arg]  # of anything
        """Something that does things when it is looked at."""

        def __getitem__(self, at: Any) -> Any:
            raise AssertionError

    offered = {
        "polars": pl.DataFrame({"x": [1], "more": [2]}),
        "pandas": pd.DataFrame({"x": [1]}),
        "dictionaries": [{"x": 1}],
        "values": (1, 2),
        "empty": [],
        "others": [{"y": 1}],
        "frame": pl.DataFrame({"y": [1]}),
        "functions": [made],
        "text": "x",
        "sly": Sly([1]),
        "generator": (x for x in [1]),
    }
    assert jobs_among(offered, graph) == ["polars", "pandas", "dictionaries", "values"]
