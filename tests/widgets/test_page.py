"""What the dashboard's page shows in Chromium, of a made-up run."""

from __future__ import annotations

from typing import Any

import pytest
from bare_page import emit
from desk import IN_A_BROWSER, Desk, desk_at, pixels

from flexiflow.widgets.packing import pack

pytestmark = IN_A_BROWSER
ODD = [
    "<script>window.bad = 1</script>",
    "</svg><img src=x onerror='window.bad=1'>",
    "\"'&😀",
    "نموذج",
]
CONTRAST = """() => {
  const of = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const line = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
  const skipped = '.ff-unseen, [disabled], [data-tag=banned]', found = [];
  const walk = document.createTreeWalker(document.querySelector('.ff-dash'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), at = walk.currentNode.parentElement;
    if (!text || !at.checkVisibility() || at.closest(skipped)) continue;
    let ground = at;
    const clear = (node) => of(getComputedStyle(node).backgroundColor)[3] < 1;
    while (ground !== document.body && clear(ground)) ground = ground.parentElement;
    const under = of(getComputedStyle(ground).backgroundColor);
    const over = of(getComputedStyle(at).color);
    const mixed = under.map((v, i) => over[i] * over[3] + v * (1 - over[3]));
    const [a, b] = [light(mixed), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([text, ratio]);
  }
  return found;
}"""


def test_it_says_hello_and_shows_what_it_is_told(desk: Desk) -> None:
    assert desk.asked("hello") == [{"kind": "hello", "buffers": True}]
    assert desk.text("h2") == "id_cards"
    assert desk.text(".ff-chip") == "Running"
    assert desk.text(".ff-fact") == "120 of 1\u202f000\njobs"
    assert desk.page.locator(".ff-card").count() == 3
    assert desk.page.locator("tr[data-act=why]").count() == 50


def test_numbers_change_with_each_tick(desk: Desk) -> None:
    before = (
        desk.text(".ff-card .ff-meter b"),
        desk.page.locator("tr[data-job]").first.get_attribute("data-job"),
    )
    desk.watch.a[0, 0] += 400
    desk.tick(3)
    while desk.seq % 3:  # each tick tells of one node
        desk.tick(3)
    assert desk.text(".ff-fact").startswith(f"{desk.watch.done} of")
    assert desk.text(".ff-card .ff-meter b") != before[0]
    assert (
        desk.page.locator("tr[data-job]").first.get_attribute("data-job")
        == f"card-{desk.watch.done - 1}"
    )
    assert desk.page.locator(".ff-dash").get_attribute("data-seq") == str(desk.seq)


def test_the_canvases_are_painted_in_the_candidates_colours(desk: Desk) -> None:
    for where in (".ff-strip canvas", ".ff-beliefs canvas"):
        assert {0x0072B2, 0xE69F00, 0x009E73, 0xD55E00} <= set(pixels(desk, where))
    for n in range(desk.page.locator(".ff-gains canvas").count()):
        assert pixels(desk, f".ff-gains figure:nth-of-type({n + 1}) canvas")


def test_why_a_job_went_as_it_did(desk: Desk) -> None:
    desk.page.locator("tr[data-job='card-117']").click()
    assert desk.asked("why") == [{"kind": "why", "job": "card-117"}]
    desk.say(kind="why", job="card-1", account=desk.watch.why("card-1"))  # not asked by this page
    assert "Asking" in desk.text(".ff-why")
    desk.say(kind="why", job="card-117", account=desk.watch.why("card-117"))
    for said in ("card-117", "back from text to picture", "runner-up", "71 %", "no date", "66 %"):
        assert said in desk.text(".ff-why")
    desk.page.locator("tr[data-job='card-117']").focus()
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    assert desk.asked("why")[-1] == {"kind": "why", "job": "card-116"}


def test_the_table_is_held_while_it_is_read(desk: Desk) -> None:
    desk.page.locator("tr[data-job='card-119']").focus()
    desk.tick(4)
    assert desk.page.locator("tr[data-job]").first.get_attribute("data-job") == "card-119"
    assert desk.text(".ff-jobs .ff-key").startswith("4 new")
    desk.page.evaluate("document.activeElement.blur()")
    desk.drawn()
    assert desk.page.locator("tr[data-job]").first.get_attribute("data-job") == "card-123"


@pytest.mark.parametrize("odd", ODD)
def test_texts_stay_texts(browser: Any, odd: str) -> None:
    desk = desk_at(browser)
    watch = desk.watch
    plain = watch.snapshot()
    plain["graph"]["nodes"][0]["candidates"] = [odd] * 4
    plain["graph"]["nodes"][1]["name"] = plain["graph"]["nodes"][1]["targets"][0] = odd
    plain["graph"]["assertions"][0]["text"] = plain["graph"]["objectives"][0]["text"] = odd
    plain["run"]["workflow"] = plain["run"]["error"] = odd
    plain["notices"] = [odd]
    for row in plain["jobs"]:
        row[0] = f"{odd}{row[1]}"
        row[3] = row[9] = odd
    emit(desk.page, *pack({"kind": "snapshot", "seq": 0, **plain}))
    desk.drawn()
    desk.page.locator("tr[data-act=why]").first.click()
    job = desk.asked("why")[-1]["job"]
    desk.say(kind="why", job=job, account={**watch.why("card-1"), "lines": [odd]})
    desk.page.locator(".ff-cand").first.click()
    assert desk.text("h2") == odd
    assert desk.text(".ff-why li") == odd
    assert desk.text(".ff-menu-title") == odd
    assert desk.page.locator(".ff-dash img, .ff-dash script").count() == 0
    assert desk.page.evaluate("window.bad") is None
    assert desk.page.evaluate("errors") == []
    desk.page.close()


@pytest.mark.parametrize("width", [600, 900, 1300])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_can_be_read(browser: Any, width: int, dark: bool) -> None:
    desk = desk_at(browser, width=width, dark=dark)
    desk.page.locator("[data-act=steer]").click()
    desk.drawn()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        desk.page.evaluate("document.querySelector('.ff-dash').classList.contains('ff-dark')")
        is dark
    )
    low = desk.page.evaluate(CONTRAST)
    assert low == []
    desk.page.close()


def test_the_theme_can_change_while_it_is_open(desk: Desk) -> None:
    light = pixels(desk, ".ff-strip canvas")
    desk.page.evaluate(
        "() => { document.body.style.setProperty('--jp-layout-color1', '#111');"
        " document.body.dataset.jpThemeLight = 'false'; }"
    )
    desk.wait("document.querySelector('.ff-dash').classList.contains('ff-dark')")
    desk.drawn()
    assert pixels(desk, ".ff-strip canvas") != light
