"""Which workflows a notebook has, and where they were defined."""

from __future__ import annotations

from desk_of_a_notebook import Desk, made

from flexiflow.sidebar.cells import Cell, variables


def test_a_workflow_belongs_to_the_cell_that_made_it(desk: Desk) -> None:
    first = desk.define("first", cell_id="a", number=1)
    second = desk.define("second", cell_id="b", number=2)
    desk.cell(lambda: None, cell_id="c", number=3)
    assert desk.cells.cell_of(first) == Cell("a", 1)
    assert desk.cells.cell_of(second) == Cell("b", 2)


def test_a_cell_that_is_run_again_makes_another_workflow(desk: Desk) -> None:
    old = desk.define(cell_id="a", number=1)
    new = desk.define(cell_id="b", number=2)
    assert list(desk.cells.workflows().values()) == [new]
    assert desk.cells.cell_of(new) == Cell("b", 2)
    assert desk.cells.cell_of(old) == Cell("a", 1)


def test_what_is_made_while_a_cell_runs_is_known_at_once(desk: Desk) -> None:
    seen = []

    def work() -> None:
        desk.space["reading"] = made()
        seen.append(desk.cells.cell_of(desk.space["reading"]))
        assert desk.cells.busy

    desk.cell(work, cell_id="a", number=4)
    assert seen == [Cell("a", None)]
    assert desk.cells.cell_of(desk.space["reading"]) == Cell("a", 4)
    assert not desk.cells.busy


def test_what_no_cell_made_has_no_cell(desk: Desk) -> None:
    desk.space["reading"] = made()
    desk.cell(lambda: None, cell_id="a")
    assert desk.cells.cell_of(desk.space["reading"]) == Cell(None, None)


def test_one_workflow_under_two_names_is_listed_once_by_its_own(desk: Desk) -> None:
    workflow = made()
    desk.space.update(other=workflow, reading=workflow, _hidden=made("hidden"), number=3)
    assert desk.cells.workflows() == {"reading": workflow}
    del desk.space["reading"]
    assert desk.cells.workflows() == {"other": workflow}


def test_objects_are_not_asked_what_they_are(desk: Desk) -> None:
    class Lazy:
        """Something that does its work as soon as anybody looks."""

        @property
        def __class__(self) -> type:  # type: ignore[override]  # it lies
            raise RuntimeError("not now")

    desk.space["lazy"] = Lazy()
    assert list(desk.cells.workflows()) == []


def test_the_notebooks_own_variables_are_listed_the_latest_first() -> None:
    space = {"In": [], "_": 1, "first": 1, "second": 2}
    assert variables(space, {"In": None}) == {"second": 2, "first": 1}
    assert list(variables(space, {"In": None})) == ["second", "first"]
