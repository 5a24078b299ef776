"""What becomes of a live view: pages reloaded, kernels restarted, runs that end in an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from live import IN_A_LAB, Opens

pytestmark = IN_A_LAB
VIEW = "application/vnd.jupyter.widget-view+json"
KEPT = """() => JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON())
  .includes('reading: done, 60 jobs')"""
SHORT = "run = reading.run([{'x': k} for k in range(60)], seed=1, live=True)"
FAILING = """\
def cards():
    for k in range(20):
        yield {"x": k}
    raise OSError("the scanner is <b>unplugged</b>")

run = reading.run(cards(), live=True)
"""


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no-subshells"])
def test_it_lives_on_when_the_page_is_reloaded(opens: Opens) -> None:
    live = opens().begin()
    live.lab.save()
    before = live.done()
    live.page.reload()
    live.reaches(before + 1)
    live.grows()
    live.pause()


def test_a_notebook_without_a_kernel_keeps_a_still_picture(opens: Opens) -> None:
    live = opens("run.wait()", begin=SHORT).begin()
    live.lab.run(2)
    live.lab.has_run(2)
    live.becomes("Done")
    live.page.wait_for_function(KEPT)
    saved = live.lab.save()
    view, output = saved["cells"][1]["outputs"]
    assert VIEW in view["data"]
    assert "widgets" not in saved["metadata"]
    assert "reading: done, 60 jobs" in "".join(output["data"]["text/plain"])
    kept = "".join(output["data"]["text/html"])
    assert kept.count("<svg") >= 3
    assert "<script" not in json.dumps(saved)
    live.lab.shut_down()
    live.lab.open(kernel=False)
    still = live.page.locator(".ff-kept")
    still.wait_for()
    assert "reading: done, 60 jobs" in still.inner_text()
    assert still.locator("svg").count() >= 3
    assert live.page.locator(".ff-dash").count() == 0
    live.lab.errors = [e for e in live.lab.errors if "widget model not found" not in e]


def test_the_saved_notebook_as_a_page(opens: Opens) -> None:
    from nbconvert import HTMLExporter

    live = opens(begin=SHORT).begin()
    live.becomes("Done")
    live.page.wait_for_function(KEPT)
    live.lab.save()
    page, _ = HTMLExporter().from_filename(str(live.lab.path))
    assert "reading: done, 60 jobs" in page
    assert 'class="ff-kept"' in page


def test_a_run_that_raises_says_so(opens: Opens) -> None:
    live = opens("run.wait()", begin=FAILING).begin()
    live.becomes("Failed")
    said = live.root.get_by_role("alert").inner_text()
    assert "OSError: the scanner is <b>unplugged</b>" in said
    live.reaches(20)
    assert live.done() == 20
    live.lab.run(2)
    live.page.get_by_text("the scanner is <b>unplugged</b>").nth(1).wait_for()


def test_an_interrupt_while_waiting_stops_the_run(opens: Opens) -> None:
    live = opens("run.wait()", "print(run.state, run.total)").begin()
    live.lab.run(2)
    live.grows(by=10)
    live.lab.kernel("interrupt")
    live.becomes("Done")
    live.lab.has_run(2)
    live.lab.run(3)
    live.page.get_by_text(f"done {live.done()}", exact=True).wait_for()
    outputs: list[dict[str, Any]] = live.lab.save()["cells"][2]["outputs"]
    assert [o["ename"] for o in outputs] == ["KeyboardInterrupt"]


def test_a_kernel_that_was_restarted_is_said_and_the_view_stays(opens: Opens) -> None:
    live = opens().begin()
    live.grows(by=10)
    at = live.done()
    live.lab.kernel("restart")
    gone = live.root.locator(".ff-gone")
    gone.wait_for()
    assert "No word from the kernel" in gone.inner_text()
    assert live.done() >= at
    assert live.root.locator(".ff-card").count() == 1
    assert live.root.locator("tr[data-job]").count() > 0
