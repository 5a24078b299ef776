"""A run that a notebook kept, opened again without a kernel and looked at closely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from live import IN_A_LAB, Live, Opens
from side import WITH_EXTENSION

from flexiflow.kept import MIME, VERSION

pytestmark = [*IN_A_LAB, WITH_EXTENSION]
HOSTILE = "<img src=x onerror=window.hacked=1>"
BEGIN = f"""\
from flexiflow import any_of

seen = {{"<b>quick</b>": quick, {HOSTILE!r}: usual, "thorough": thorough}}

def longer(text):
    return None if text is None else str(text) * 2

@flexiflow.workflow(store=MemoryStore())
def reading(x):
    text = any_of(seen)(x)
    assert text is not None, "nothing was read <i>at all</i>"
    twice = (longer | str)(text)
    minimize(runtime)

run = reading.run([{{'x': k}} for k in range(60)], seed=1, live=True)
"""
KEPT = """(mime) => jupyterapp.shell.currentWidget.content.model.toJSON().cells
  .some((cell) => cell.outputs?.some((out) => out.data?.[mime]?.run.state === 'done'))"""


@pytest.fixture
def reopened(opens: Opens) -> Live:
    """A notebook with a run that has ended, saved and opened again without its kernel."""
    live = opens(begin=BEGIN).begin()
    live.becomes("Done")
    live.page.wait_for_function(KEPT, arg=MIME)
    live.lab.save()
    live.lab.shut_down()
    live.lab.open(kernel=False)
    live.page.locator(".ffk").wait_for()
    live.lab.errors = [e for e in live.lab.errors if "widget model not found" not in e]
    return live


def bundle(saved: dict[str, Any]) -> dict[str, Any]:
    found = [o["data"] for c in saved["cells"] for o in c["outputs"] if MIME in o["data"]]
    assert len(found) == 1
    return found[0]


def test_a_run_is_looked_at_without_a_kernel(reopened: Live, tmp_path: Path) -> None:
    page, run = reopened.page, reopened.page.locator(".ffk")
    data = bundle(json.loads(reopened.lab.path.read_text("utf-8")))
    assert {"text/plain", "text/html", MIME} <= data.keys()
    kept = data[MIME]
    assert "reading: done, 60 jobs" in run.inner_text()
    assert run.locator(".ffk-card").count() == 2
    ridges = run.locator(".ffk-ridge")
    assert ridges.count() == 3
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        reopened.lab.theme(theme)
        run.screenshot(path=tmp_path / f"{theme[-5:].strip()}.png")

    order = [int(c) for c in kept["beliefs"][0]["order"].split()]
    names = kept["graph"]["nodes"][0]["candidates"]
    rows = run.locator(".ffk-candidates tbody tr")
    assert [row.split("\t")[1].strip() for row in rows.all_inner_texts()] == [
        names[c] for c in order
    ]
    mean = float(kept["beliefs"][0]["pass"].split()[order[0]])
    rows.first.hover()
    tip = run.locator(".ffk-tip")
    assert f"passes {100 * mean:.0f}" in tip.inner_text()

    rows.first.get_by_role("checkbox").uncheck()
    assert ridges.count() == 2
    assert run.locator(".ffk-off").count() == 1
    assert rows.nth(1).locator("td").first.inner_text() == "1"
    focused = page.evaluate("document.activeElement.getAttribute('data-key')")
    assert focused == f"c{order[0]}"
    page.keyboard.press("Space")
    assert ridges.count() == 3
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    run.wait_for(state="detached")
    page.set_viewport_size({"width": 900, "height": 900})


def test_it_is_worked_by_keyboard(reopened: Live) -> None:
    page, run = reopened.page, reopened.page.locator(".ffk")
    run.locator(".ffk-card").nth(1).focus()
    page.keyboard.press("Enter")
    assert "twice" in run.locator(".ffk-candidates caption").inner_text()
    assert run.locator(".ffk-card").nth(1).get_attribute("aria-pressed") == "true"
    assert run.locator(".ffk-ridge").count() == 2
    run.get_by_label("Candidate of twice accepted, job by job").focus()
    page.keyboard.press("Home")
    assert run.locator(".ffk-tip").inner_text().splitlines()[0] == "job 1"
    page.keyboard.press("End")
    assert run.locator(".ffk-tip").inner_text().splitlines()[0] == "job 60"
    page.keyboard.press("Escape")
    assert run.locator(".ffk-tip").is_hidden()
    run.locator("summary").focus()
    page.keyboard.press("Enter")
    assert run.locator("details tbody tr").count() == 12
    cells = page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length")
    assert cells == 2  # no key of ours was taken for a command of the notebook


def test_names_are_text(reopened: Live) -> None:
    page, run = reopened.page, reopened.page.locator(".ffk")
    assert HOSTILE in run.locator(".ffk-candidates").inner_text()
    assert "<b>quick</b>" in run.locator(".ffk-candidates").inner_text()
    assert "nothing was read <i>at all</i>" not in run.inner_html()
    assert run.locator("img, b, i, script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_what_is_no_kept_run_is_a_line(opens: Opens) -> None:
    damaged = {"version": VERSION, "graph": {"nodes": 7}, "beliefs": [None]}
    told = {
        f"kept in version {VERSION + 1} of its format": {"version": VERSION + 1},
        "it holds none": "<b>no run</b>",
        "0 jobs": damaged,
    }
    live = opens()
    live.lab.shut_down()
    book = nbformat.read(live.lab.path, as_version=4)
    book.cells[1].outputs = [
        nbformat.v4.new_output("display_data", {MIME: data, "text/plain": "a run"})
        for data in told.values()
    ]
    nbformat.write(book, live.lab.path)
    live.lab.open(kernel=False)
    live.page.wait_for_function("document.querySelectorAll('.ffk').length === 3")
    for said, text in zip(told, live.page.locator(".ffk").all_inner_texts(), strict=True):
        assert said in text
    # A kernel that was ended while it began is not what this is about.
    live.lab.errors = [e for e in live.lab.errors if "before replies were done" not in e]


def test_the_live_view_hides_what_is_kept(opens: Opens) -> None:
    live = opens(begin=BEGIN).begin()
    live.becomes("Done")
    live.page.wait_for_function(KEPT, arg=MIME)
    live.page.locator(".ffk").wait_for(state="attached")
    assert live.page.locator(".ffk").is_hidden()
    assert live.root.is_visible()
