"""A live run in a real JupyterLab, steered while a cell runs and while none does."""

from __future__ import annotations

from pathlib import Path

import pytest
from live import IN_A_LAB, Opens

pytestmark = IN_A_LAB
BUSY = "import os\nwhile not os.path.exists({!r}):\n    time.sleep(0.02)"


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no-subshells"])
def test_a_run_is_watched_and_steered(opens: Opens) -> None:
    live = opens().begin()
    live.grows(by=20)
    at = live.pause()
    live.page.wait_for_timeout(700)
    at = max(at, live.done())  # a job that was under way has gone to its end
    live.page.wait_for_timeout(700)
    assert live.done() == at
    live.press("step")
    live.reaches(at + 1)
    live.page.wait_for_timeout(300)
    assert live.done() == at + 1
    last = [live.candidate(c) for c in range(3)][live.order().index("3")]
    c = int(str(last.get_attribute("data-c")))
    live.pin(c)
    live.page.wait_for_function(
        "(c) => document.querySelectorAll('.ff-card .ff-order')[c].textContent === '1'", arg=c
    )
    live.press("step")
    live.reaches(at + 2)
    names = ["quick", "usual", "thorough"]
    assert live.root.locator("tr[data-job] .ff-path").first.inner_text().startswith(names[c])
    live.press("toggle")
    live.grows()
    live.press("stop")
    live.becomes("Done")
    at = live.done()
    live.page.wait_for_timeout(300)
    assert live.done() == at
    assert live.root.locator("[data-act=step]").is_disabled()


@pytest.mark.parametrize("subshells", [True, False], ids=["subshells", "no-subshells"])
def test_buttons_while_a_cell_runs(opens: Opens, tmp_path: Path, subshells: bool) -> None:
    go = tmp_path / "go"
    live = opens(BUSY.format(str(go))).begin()
    live.lab.run(2)
    live.grows(by=10)
    live.press("toggle")
    if subshells:
        live.becomes("Paused")
    else:
        live.grows(by=30)
        assert live.root.locator(".ff-chip").inner_text() == "Running"
    assert live.lab.is_busy(2)
    go.touch()
    live.lab.has_run(2)
    live.becomes("Paused")


def test_a_candidate_is_chosen_with_the_mouse_and_a_job_explained(opens: Opens) -> None:
    live = opens().begin()
    live.grows(by=10)
    live.pause()
    live.candidate(1).click()
    live.root.get_by_role("menuitem", name="Ban").click()
    live.root.locator(".ff-cand[data-c='1'][data-tag=banned]").wait_for()
    live.root.locator("tr[data-job]").nth(2).click()
    live.root.locator(".ff-why li").first.wait_for()
    assert "propensity" in live.root.locator(".ff-why").inner_text()
    live.root.locator("[data-in=scrub]").focus()
    live.page.keyboard.press("Home")
    live.root.get_by_text("Beliefs as they were after 0 of").wait_for()


def test_two_views_of_one_run(opens: Opens) -> None:
    live = opens("other = run.dashboard()\nother", "other").begin()
    live.lab.run(2)
    live.page.locator(".ff-dash").nth(1).wait_for()
    live.lab.run(3)
    views = [type(live)(live.lab, n) for n in range(3)]
    for view in views:
        view.grows()
    views[1].press("toggle")
    for view in views:
        view.becomes("Paused")
    assert len({view.done() for view in views}) == 1
    views[2].pin(0)
    for view in views:
        view.root.locator(".ff-cand[data-c='0'][data-tag=pinned]").wait_for()


def test_the_canvases_have_the_candidates_colours_in_every_theme(opens: Opens) -> None:
    live = opens().begin()
    live.grows(by=20)
    light = live.painted({0x0072B2, 0xE69F00, 0x009E73})
    live.lab.theme("JupyterLab Dark")
    dark = live.painted({0x3D9BE0, 0xF0B429, 0x1FBF92})
    live.lab.theme("JupyterLab Light")
    assert live.painted(light & {0x0072B2, 0xE69F00, 0x009E73})
    assert 0 not in light | dark
