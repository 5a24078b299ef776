"""What a reader can do on the dashboard's page, by mouse and by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from desk import IN_A_BROWSER, Desk

pytestmark = IN_A_BROWSER
ACTIVE = "document.activeElement.dataset"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("[data-act=toggle]", {"kind": "pause"}),
        ("[data-act=step]", {"kind": "step", "jobs": 1}),
        ("[data-act=stop]", {"kind": "stop"}),
    ],
)
def test_buttons_say_what_is_wanted(desk: Desk, where: str, message: dict[str, Any]) -> None:
    desk.page.locator(where).click()
    assert desk.page.evaluate("sent").pop() == message


def test_a_paused_run_can_be_resumed_and_a_finished_one_not(desk: Desk) -> None:
    desk.watch.state = "paused"
    desk.tick()
    assert (desk.text(".ff-chip"), desk.text("[data-act=toggle]")) == ("Paused", "Resume")
    desk.page.locator("[data-act=toggle]").click()
    assert desk.asked("resume") == [{"kind": "resume"}]
    desk.watch.state = "done"
    desk.tick()
    assert desk.page.locator("[data-act=step]").is_disabled()
    assert desk.text("[role=status]") == "Done"


def test_pin_ban_and_release_by_mouse(desk: Desk) -> None:
    row = desk.page.locator(".ff-cand[data-n='1'][data-c='2']")
    row.click()
    desk.page.locator("[data-act=pin]").click()
    assert desk.asked("pin") == [{"kind": "pin", "node": "text", "candidate": "binarised"}]
    desk.watch.steered = {
        "pins": {"text": "binarised"},
        "bans": {"text": ["upscaled"]},
        "weights": {},
    }
    desk.tick()
    assert desk.text(".ff-cand[data-n='1'][data-c='2'] .ff-tag") == "pinned"
    assert desk.text(".ff-cand[data-n='1'][data-c='3'] .ff-tag") == "banned"
    row.click()
    desk.page.locator("[data-act=release]").click()
    desk.page.locator(".ff-cand[data-n='1'][data-c='3']").click()
    desk.page.locator("[data-act=release]").click()
    desk.page.locator(".ff-cand[data-n='0'][data-c='0']").click()
    desk.page.locator("[data-act=ban]").click()
    assert desk.asked("pin")[-1]["candidate"] is None
    assert desk.asked("ban") == [
        {"kind": "ban", "node": "text", "candidate": "upscaled", "on": False},
        {"kind": "ban", "node": "picture", "candidate": "original", "on": True},
    ]


def test_a_candidate_is_pinned_by_keyboard_alone(desk: Desk) -> None:
    press = desk.page.keyboard.press
    desk.page.locator(".ff-cand[data-n='0'][data-c='1']").focus()
    press("Enter")
    assert desk.page.evaluate("document.activeElement.textContent") == "Pin"
    press("ArrowDown")
    assert desk.page.evaluate("document.activeElement.textContent") == "Ban"
    press("ArrowDown")
    press("Enter")
    assert desk.asked("pin") == [{"kind": "pin", "node": "picture", "candidate": "sharpened"}]
    assert desk.page.evaluate("document.activeElement.dataset.c") == "1"
    press("Enter")
    press("Escape")
    assert desk.page.locator("[role=menu]").is_hidden()
    assert desk.page.evaluate("document.activeElement.dataset.c") == "1"


def test_every_control_is_reached_with_tab(desk: Desk) -> None:
    desk.page.locator("[data-act=steer]").click()
    seen: list[str] = []
    desk.page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        desk.page.keyboard.press("Tab")
        seen.append(desk.page.evaluate(f"{ACTIVE}.act || {ACTIVE}.in || ''"))
        ring = desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none" or seen[-1] == ""
    wanted = {"toggle", "step", "stop", "speed", "weight", "threshold", "reset", "menu", "node"}
    assert wanted | {"scrub", "live", "why"} <= set(seen)


def test_nodes_are_chosen_with_the_arrow_keys(desk: Desk) -> None:
    desk.page.locator("[role=tab]").first.focus()
    desk.page.keyboard.press("ArrowRight")
    desk.drawn()
    assert desk.page.locator("[role=tab][aria-selected=true]").inner_text() == "text"
    assert "at text" in desk.page.locator(".ff-beliefs canvas").get_attribute("aria-label")
    assert desk.page.evaluate("document.activeElement.textContent") == "text"


def test_the_scrubber_shows_beliefs_as_they_were(desk: Desk) -> None:
    now = desk.text(".ff-cand .ff-meter b")
    scrub = desk.page.locator("[data-in=scrub]")
    assert (scrub.input_value(), scrub.get_attribute("max")) == ("120", "120")
    scrub.focus()
    desk.page.keyboard.press("Home")
    assert desk.asked("at") == [{"kind": "at", "job": 0}]
    desk.say(kind="at", job=7, **desk.watch.at(7))  # of another page, or too late
    assert desk.text(".ff-cand .ff-meter b") == now
    desk.say(kind="at", job=0, **desk.watch.at(0))
    then = f"{100 * desk.watch.at(0)['beliefs'][0]['pass'][0, 0]:.0f} %"
    assert now != then == desk.text(".ff-cand .ff-meter b")
    assert "Beliefs as they were after 0 of 120 jobs" in desk.text(".ff-when")
    desk.tick(5)
    assert desk.text(".ff-cand .ff-meter b") == then
    desk.page.locator("[data-act=live]").click()
    desk.drawn()
    assert desk.text(".ff-when") == ""
    assert desk.text(".ff-cand .ff-meter b") != then
    desk.wait("sent.some((m) => m.kind === 'at' && m.job === null)")


def test_sliders_steer_at_once_and_are_not_pulled_back(desk: Desk) -> None:
    desk.page.locator("[data-act=steer]").click()
    weight = desk.page.locator("[data-in=weight]").nth(1)
    weight.fill("1")
    assert desk.asked("weight") == [{"kind": "weight", "term": "runtime", "value": 1}]
    desk.tick(1)
    assert float(weight.input_value()) == 1
    weight.fill("-2.05")
    desk.wait("sent.filter((m) => m.kind === 'weight').pop().value === 0")
    desk.page.locator("[data-in=threshold]").fill("0.75")
    assert desk.asked("threshold") == [{"kind": "threshold", "name": "least", "value": 0.75}]
    desk.page.locator("[data-in=speed]").fill("0")
    assert desk.asked("speed") == [{"kind": "speed", "value": 0.5}]
    desk.page.locator("[data-in=speed]").fill("100")
    desk.wait("sent.filter((m) => m.kind === 'speed').pop().value === null")


def test_forgetting_needs_a_second_click(desk: Desk) -> None:
    reset = desk.page.locator("[data-act=reset]")
    reset.click()
    assert desk.asked("reset") == []
    assert reset.inner_text() == "Forget all that was learned?"
    reset.click()
    assert desk.asked("reset") == [{"kind": "reset"}]
    assert reset.inner_text() == "Reset beliefs"


def test_what_was_refused_is_said(desk: Desk) -> None:
    desk.say(kind="refused", message="all candidates of 'text' are banned")
    assert "all candidates of 'text' are banned" in desk.text("[role=alert]")
    desk.page.locator("[data-act=dismiss]").click()
    assert desk.page.locator("[role=alert]").is_hidden()
