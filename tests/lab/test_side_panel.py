"""The side panel in a real JupyterLab: it follows the notebook in front and steers its runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live import IN_A_LAB, Opens
from real_lab import KERNEL
from side import MODELS, WITH_EXTENSION, Side, defining

pytestmark = [*IN_A_LAB, WITH_EXTENSION]
ASIDE = "run = reading.run([{'x': k} for k in range(5000)], seed=1, wait=False)"
BUSY = "import os\nwhile not os.path.exists({!r}):\n    time.sleep(0.02)"
ACTIVE = "jupyterapp.shell.currentWidget.content.activeCellIndex"
SOURCES = "jupyterapp.shell.currentWidget.content.widgets.map(it => it.model.sharedModel.source)"
OPEN = "async (path) => { await jupyterapp.commands.execute('docmanager:open', { path }); }"
RENAMED = """
from flexiflow import named
@flexiflow.workflow(store=MemoryStore())
def odd(x):
    text = any_of({'<img src=x onerror=alert(1)>': quick, '<b>bold</b>': thorough})(x)
    assert text is not None, "nothing was read"
"""


def done(side: Side) -> int:
    said = side.flow("reading").locator(".ff-side-fact").first.inner_text()
    return int(str(said).split(" of ")[0])


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no-subshells"])
def test_it_follows_a_run_and_steers_it(opens: Opens) -> None:
    side = Side(opens(begin=ASIDE)).show()
    side.says("FlexiFlow is not imported in this notebook yet.")
    side.run(0)
    side.becomes("reading", "No run yet")
    assert side.flow("reading").locator(".ff-side-candidate").count() == 3
    assert side.flow("reading").locator("[data-act=stop]").is_disabled()
    side.run(1)
    side.becomes("reading", "Running")
    side.flow("reading").get_by_text("Best single: ").wait_for()
    side.press("reading", "toggle")
    side.becomes("reading", "Paused")
    side.page.wait_for_timeout(1000)  # a job that was under way goes to its end
    at = done(side)
    side.press("reading", "step")
    side.flow("reading").get_by_text(f"{at + 1} of 5000 jobs").wait_for()
    side.press("reading", "explain")
    side.flow("reading").get_by_text("of reading: passed after").wait_for()
    side.flow("reading").locator("[data-act=toggle]").focus()
    side.page.keyboard.press("Enter")
    side.becomes("reading", "Running")
    side.press("reading", "stop")
    side.becomes("reading", "Done")
    assert done(side) > at


def test_it_is_brought_up_to_date_while_a_cell_runs(opens: Opens, tmp_path: Path) -> None:
    go = tmp_path / "go"
    side = Side(opens(BUSY.format(str(go)), begin=ASIDE)).show().run(0)
    side.flow("reading").wait_for()
    side.run(1)
    side.lab.run(2)
    side.becomes("reading", "Running")
    side.press("reading", "toggle")
    side.becomes("reading", "Paused")
    assert side.lab.is_busy(2)
    side.page.reload()
    side.root.wait_for()
    side.becomes("reading", "Paused")
    assert side.lab.is_busy(2)
    go.touch()
    side.becomes("reading", "Paused")


def test_it_survives_a_reload_and_a_restart(opens: Opens) -> None:
    side = Side(opens(begin=ASIDE)).lets_lab_be().show().run(0, 1)
    side.becomes("reading", "Running")
    side.lab.save()
    side.page.reload()
    side.becomes("reading", "Running")
    side.lab.kernel("restart")
    side.says("FlexiFlow is not imported in this notebook yet.")
    assert side.flow("reading").count() == 0
    side.page.wait_for_function(f"{KERNEL}.session.kernel.status === 'idle'")
    side.lab.run(0)
    side.becomes("reading", "No run yet")
    side.lab.shut_down()
    side.says("This notebook has no kernel.")


def test_it_changes_with_the_notebook_in_front(opens: Opens) -> None:
    side = Side(opens(MODELS + defining("second"), begin="print()")).show().run(0, 2)
    side.flow("second").wait_for()
    names = ["reading", "second"]
    assert [side.flow(name).count() for name in names] == [1, 1]
    other = side.lab.path.with_stem(f"{side.lab.path.stem}_other")
    side.lab.save()
    other.write_bytes(side.lab.path.read_bytes())
    side.page.evaluate(OPEN, other.name)
    side.says("FlexiFlow is not imported in this notebook yet.")
    assert [side.flow(name).count() for name in names] == [0, 0]
    side.page.wait_for_function(f"{KERNEL}.session?.kernel?.connectionStatus === 'connected'")
    side.lab.run(2)
    side.flow("second").wait_for()
    assert [side.flow(name).count() for name in names] == [0, 1]
    side.page.evaluate(OPEN, side.lab.path.name)
    side.flow("reading").wait_for()
    side.page.evaluate(OPEN, other.name)
    side.page.wait_for_function("!document.querySelector('[data-flow=reading]')")
    side.flow("second").wait_for()


def test_a_node_leads_to_its_cell_and_jobs_are_chosen(opens: Opens) -> None:
    more = MODELS + defining("second") + "\nothers = [{'x': 1}]"
    side = Side(opens(*["'a cell'"] * 40, more, begin="print()")).show().run(42)
    side.flow("second").wait_for()
    side.page.evaluate(f"{ACTIVE} = 0")
    side.flow("second").locator(".ff-side-node .ff-side-link").click()
    side.page.wait_for_function(f"{ACTIVE} === 42")
    side.page.locator(".jp-Notebook").get_by_text("def second").wait_for()
    side.flow("second").get_by_label("Jobs for second").select_option("jobs")
    side.press("second", "run")
    side.flow("second").get_by_text("30 of 30 jobs").wait_for()
    side.press("second", "log")
    side.page.locator(".jp-OutputArea-output").get_by_text("job_id").first.wait_for()
    side.press("second", "dashboard")
    side.page.locator(".ff-dash").wait_for()


def test_the_palette_inserts_a_workflow_that_runs(opens: Opens) -> None:
    side = Side(opens(begin="print()")).show()
    side.command("apputils:activate-command-palette")
    side.page.keyboard.type("FlexiFlow")
    wanted = ["insert workflow cell", "run", "explain last job", "copy tutorial notebooks here"]
    for label in wanted:
        side.page.locator("#modal-command-palette").get_by_text(
            f"FlexiFlow: {label}", exact=True
        ).wait_for()
    side.page.keyboard.press("Escape")
    side.command("flexiflow:insert-cell")
    at = int(side.page.evaluate(ACTIVE))
    assert "@flexiflow.workflow" in side.page.evaluate(SOURCES)[at]
    side.run(at)
    side.flow("my_workflow").wait_for()
    side.page.locator(".jp-OutputArea-output").get_by_text("'HELLO'").wait_for()
    side.command("flexiflow:explain")
    side.flow("my_workflow").get_by_text("of my_workflow: passed after").wait_for()
    side.command("flexiflow:run")
    side.says("Choose a variable that holds the jobs")
    side.command("flexiflow:copy-tutorials")
    side.says("notebooks were copied to")
    assert list((side.lab.path.parent / "flexiflow-tutorials").glob("*.ipynb"))


def test_names_are_text_in_both_themes(opens: Opens, tmp_path: Path) -> None:
    side = (
        Side(opens("from flexiflow import any_of" + RENAMED, begin="print()")).lets_lab_be().show()
    )
    side.run(0, 2).flow("odd").wait_for()
    assert set(side.order("odd")) == {"<img src=x onerror=alert(1)>", "<b>bold</b>"}
    assert side.root.locator("img, b").count() == 0
    papers: set[Any] = set()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        side.lab.theme(theme)
        papers.add(side.root.evaluate("it => getComputedStyle(it).backgroundColor"))
        side.page.screenshot(path=tmp_path / f"{theme}.png")
    assert len(papers) == 2


def test_jupyterlab_knows_the_extension() -> None:
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    told = said.stdout + said.stderr
    (line,) = [it for it in told.splitlines() if it.split()[:1] == ["flexiflow"]]
    assert "enabled" in line
    assert "OK" in line
