"""How the dashboard's page lives: messages lost, views closed and made anew, long runs."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from bare_page import START, emit, open_page, page_code
from desk import IN_A_BROWSER, Desk, pixels
from fake_run import FakeWatch
from live_view import live_view

from flexiflow.widgets.packing import pack

pytestmark = IN_A_BROWSER
SPY = """
window.open_ones = { listeners: 0, frames: 0, timers: 0 };
const add = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, act, options) {
  if (options?.signal) {
    open_ones.listeners++;
    add.call(options.signal, 'abort', () => open_ones.listeners--);
  } else if (this !== window) open_ones.listeners += 1000;
  return add.call(this, type, act, options);
};
const set = window.setInterval, clear = window.clearInterval;
window.setInterval = (...rest) => (open_ones.timers++, set(...rest));
window.clearInterval = (id) => (open_ones.timers--, clear(id));
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (act) => (open_ones.frames++, ask(act));
"""
UNPACK = """([content, buffers]) => {
  const keep = (c, b) => (window.got = code.unpack(c, b));
  model.heard.add(keep);
  emit({ kind: 'none', ...JSON.parse(content) }, buffers);
  model.heard.delete(keep);
  const plain = ([name, array]) => [name, [array.constructor.name, [...array]]];
  return Object.fromEntries(Object.entries(got.said[0]).map(plain));
}"""
ANEW = """(id) => {
  const el = document.getElementById(id) || document.createElement('div');
  if (!el.isConnected) document.body.append(el);
  window.other = widget.render({ model, el });
}"""


def test_lost_buffers_are_asked_for_as_text(desk: Desk) -> None:
    content, _ = pack({"kind": "snapshot", "seq": 9, **desk.watch.snapshot()})
    emit(desk.page, content, [])
    assert desk.asked("hello")[-1] == {"kind": "hello", "buffers": False}
    before = pixels(desk, ".ff-strip canvas")
    desk.snapshot(buffers=False)
    assert pixels(desk, ".ff-strip canvas") == before


def test_a_lost_tick_is_noticed(desk: Desk) -> None:
    desk.seq += 3
    desk.tick(1)
    assert len(desk.asked("hello")) == 2


@pytest.mark.parametrize("buffers", [True, False])
def test_arrays_arrive_as_they_were_sent(desk: Desk, buffers: bool) -> None:
    rng = np.random.default_rng(3)
    arrays = {
        "f": rng.normal(size=(7, 5)).astype(np.float32),
        "u": rng.integers(0, 256, 33).astype(np.uint8),
        "i": rng.integers(-(2**31), 2**31 - 1, (4, 5, 2)).astype(np.int32),
        "r": np.arange(7, 700, 9, dtype=np.int32),
        "h": np.array([0, -0.5, 1 / 3, 6e-8, 1e-5, 65504, 7], np.float16),
    }
    content, raw = pack({"said": [arrays]}, buffers)
    back = desk.page.evaluate(
        UNPACK,
        [json.dumps(content), [base64.b64encode(b).decode() for b in raw]],
    )
    kinds = ("Float32", "Uint8", "Int32", "Int32", "Float32")
    for (name, array), kind in zip(arrays.items(), kinds, strict=True):
        assert back[name][0] == f"{kind}Array"
        assert back[name][1] == array.ravel().tolist()


def test_a_kernel_that_is_gone_is_said_and_what_was_known_stays(browser: Any) -> None:
    page = open_page(browser, start=False)
    page.clock.install()
    page.evaluate(START, list(page_code()))
    desk = Desk(page, FakeWatch())
    desk.watch.advance(20)
    emit(page, *pack({"kind": "snapshot", "seq": 0, **desk.watch.snapshot()}))
    page.clock.run_for(7_000)
    assert desk.asked("ping") == [{"kind": "ping"}]
    assert page.locator(".ff-gone").is_hidden()
    page.clock.run_for(7_000)
    assert "No word from the kernel" in page.locator(".ff-gone").inner_text()
    assert page.locator(".ff-card").count() == 3
    emit(page, {"kind": "tick", "seq": 0}, [])
    page.clock.run_for(1_500)
    assert page.locator(".ff-gone").is_hidden()
    page.close()


def test_closing_leaves_no_listener_timer_or_frame(browser: Any) -> None:
    page = open_page(browser, start=False)
    page.add_script_tag(content=SPY)
    page.evaluate(START, list(page_code()))
    desk = Desk(page, FakeWatch())
    desk.watch.advance(30)
    desk.snapshot()
    desk.page.locator(".ff-cand").first.click()
    assert page.evaluate("open_ones.listeners") in range(8, 100)
    assert page.evaluate("open_ones.timers") == 1
    page.evaluate("cleanup()")
    assert page.evaluate("[open_ones.listeners, open_ones.timers, model.heard.size]") == [0, 0, 0]
    frames = page.evaluate("open_ones.frames")
    emit(page, *pack({"kind": "tick", "seq": 1, "run": desk.watch.run()}))
    page.wait_for_timeout(100)
    assert page.evaluate("open_ones.frames") == frames
    assert page.locator("#here").inner_html() == ""
    page.close()


def test_nothing_is_drawn_when_nothing_changed(browser: Any) -> None:
    page = open_page(browser, start=False)
    page.add_script_tag(content=SPY)
    page.evaluate(START, list(page_code()))
    desk = Desk(page, FakeWatch())
    desk.watch.advance(30)
    desk.snapshot()
    page.wait_for_timeout(200)
    frames = page.evaluate("open_ones.frames")
    page.wait_for_timeout(300)
    assert page.evaluate("open_ones.frames") == frames
    page.close()


def test_two_views_of_one_run(desk: Desk) -> None:
    desk.page.evaluate(ANEW, "there")
    assert len(desk.asked("hello")) == 2
    desk.snapshot()
    desk.page.locator("#here tr[data-job='card-118']").click()
    desk.say(kind="why", job="card-118", account=desk.watch.why("card-118"))
    assert desk.page.locator(".ff-dash").count() == 2
    desk.page.evaluate("other()")
    desk.tick(2)
    assert desk.text(".ff-fact").startswith("122 of")
    assert desk.page.locator(".ff-dash").count() == 1


def test_a_view_made_anew_looks_at_the_same(desk: Desk) -> None:
    desk.page.locator("[role=tab]").nth(2).click()
    desk.page.locator("tr[data-job='card-118']").click()
    desk.page.evaluate("cleanup()")
    desk.page.evaluate(ANEW, "here")
    desk.snapshot()
    assert desk.page.locator("[role=tab][aria-selected=true]").inner_text() == "date"
    assert desk.asked("why")[-1]["job"] == "card-118"


def test_long_histories_are_thinned_on_the_page(desk: Desk) -> None:
    watch = FakeWatch(total=None)
    watch.every = 1
    desk.watch = watch
    watch.advance(1500)
    desk.mark = None
    desk.snapshot()
    for _ in range(4):
        watch.advance(400)
        fresh, desk.mark = watch.changes(desk.mark)
        fresh["columns"]["every"] = 1  # a kernel that does not thin
        desk.seq += 1
        emit(desk.page, *pack({"kind": "tick", "seq": desk.seq, **fresh}))
    desk.drawn()
    assert desk.text(".ff-strip .ff-key") == "one job in 2 is shown"


def test_ten_updates_a_second_are_seen_with_a_long_run_behind(browser: Any) -> None:
    found = live_view(browser, seconds=6, behind=100_000)
    print(found)
    assert found["ticks seen"] >= 0.9 * found["ticks sent"] > 40
