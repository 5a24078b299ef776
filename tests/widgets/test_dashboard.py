"""The widget: what it carries to the page, how it is displayed and kept, and that it ends."""

from __future__ import annotations

import gc
import re
import threading
import time
import weakref
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import ipywidgets
import pytest
from fake_run import FakeWatch
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell

from flexiflow.widgets import dashboard as module
from flexiflow.widgets.dashboard import PARTS, VIEW, Dashboard, lean, page

PATIENCE = 10.0
MOST = 53_000  # bytes of the page's code


def nothing(kind: str, rest: dict[str, Any]) -> None:
    """Steer nowhere."""


@pytest.fixture
def watch() -> FakeWatch:
    made = FakeWatch(total=200)
    made.advance(40)
    return made


@pytest.fixture
def shown(watch: FakeWatch) -> Iterator[Dashboard]:
    made = Dashboard(watch, nothing, hz=60)
    yield made
    made.close()


def until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_it_is_a_widget_among_others(shown: Dashboard) -> None:
    box = ipywidgets.VBox([shown, ipywidgets.Label("notes")])
    assert isinstance(shown, ipywidgets.DOMWidget)
    assert box.children[0] is shown
    box.close()


def test_the_code_of_the_page_is_text_small_and_self_contained(shown: Dashboard) -> None:
    assert isinstance(shown._esm, str)
    assert len(shown._esm.encode()) < MOST
    assert not re.search(r"^\s*import\b|\bimport\(", shown._esm, re.MULTILINE)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", shown._esm
    )
    assert not re.search(
        r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", shown._esm + shown._css
    )


def test_every_part_of_the_page_is_in_its_place_and_short() -> None:
    folder = files("flexiflow.widgets").joinpath("page")
    there = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert set(there) == {f"{part}.js" for part in PARTS}
    assert max(len(code.splitlines()) for code in there.values()) < 300
    code, _ = page()
    for name, text in there.items():
        (first,) = re.findall(r"^(?:class|const|function) (\w+)", text, re.MULTILINE)[:1]
        assert re.search(rf"^(?:class|const|function) {first}\b", code, re.MULTILINE), name
    assert code.count("export default") == 1


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("  a = [1, 2];  \n\n\tb = a;\n", "a=[1,2];\nb=a;"),
        ("// said\n/** said */\nf(x); // kept, for it may be text\n",
         "f(x); // kept, for it may be text"),
        ('say("a = b", "c \\" , d", e);', 'say("a = b","c \\" , d",e);'),
        ("say(`a = ${b} , c`, d);", "say(`a = ${b} , c`, d);"),
        ("x = a / b; y = / , /.test(c);", "x = a / b; y = / , /.test(c);"),
        ("i = a - -b + +c;", "i=a - -b + +c;"),
        ("for (const x of [1]) return { x };", "for(const x of[1])return{x};"),
    ],
)  # fmt: skip
def test_code_is_made_lean_without_touching_text(code: str, wanted: str) -> None:
    assert lean(code) == wanted


def test_a_message_of_the_page_reaches_the_wheel(watch: FakeWatch) -> None:
    told, here = [], threading.Event()

    def steer(kind: str, rest: dict[str, Any]) -> None:
        told.append((kind, rest))
        here.set()

    shown = Dashboard(watch, steer)
    shown._handle_custom_msg({"kind": "pin", "node": "text", "candidate": None}, [])
    assert here.wait(PATIENCE)
    assert told == [("pin", {"node": "text", "candidate": None})]
    shown.close()


def test_what_is_displayed_can_be_read_without_a_widget(shown: Dashboard) -> None:
    bundle = shown._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == shown.model_id
    assert bundle["text/plain"].startswith("id_cards: running, 40 of 200 jobs")
    assert "<svg" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert repr(shown) == bundle["text/plain"]


class Display:
    """Stands for a front end: what was shown, and what it became."""

    def __init__(self) -> None:
        self.shown: list[tuple[Any, dict[str, Any]]] = []
        self.updated: list[tuple[Any, bool]] = []
        self.by: list[str] = []

    def __call__(self, thing: Any, **options: Any) -> Display:
        self.shown.append((thing, options))
        return self

    def update(self, thing: Any, raw: bool = False) -> None:
        self.updated.append((thing, raw))
        self.by.append(threading.current_thread().name)


def test_it_is_displayed_once_with_an_id_and_kept_at_the_end(
    watch: FakeWatch, shown: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = Display()
    monkeypatch.setattr("IPython.display.display", display)
    shown.keep()
    assert display.updated == []  # nobody sees it yet
    assert DisplayFormatter(parent=InteractiveShell.instance()).format(shown) == ({}, {})
    (live, raw_only), (kept, options) = display.shown
    assert (raw_only, options) == ({"raw": True}, {"raw": True, "display_id": True})
    assert live[VIEW]["model_id"] == shown.model_id
    assert (VIEW in kept, "text/html" in live, "<svg" in kept["text/html"]) == (False, False, True)
    watch.advance(160)
    until(lambda: display.updated)
    last, raw = display.updated[-1]
    assert raw
    assert last["text/plain"].startswith("id_cards: done, 200 jobs")
    assert display.by[-1] == "flexiflow-dashboard"
    assert shown.state == "done"


def test_the_state_can_be_observed(watch: FakeWatch, shown: Dashboard) -> None:
    seen: list[str] = []
    shown.observe(lambda change: seen.append(change["new"]), "state")
    shown._handle_custom_msg({"kind": "hello", "buffers": True}, [])
    until(lambda: seen)
    watch.advance(160)
    until(lambda: "done" in seen)
    assert seen == ["running", "done"]


def test_it_can_be_saved_as_a_page(shown: Dashboard) -> None:
    assert shown.html() == module.html(shown._watch.snapshot(), None)


def test_a_closed_one_is_gone(watch: FakeWatch) -> None:
    before, kept = threading.active_count(), []
    for _ in range(50):
        shown = Dashboard(watch, nothing, hz=60)
        shown._handle_custom_msg({"kind": "hello", "buffers": True}, [])
        shown.close()
        kept.append(weakref.ref(shown))
    del shown
    gc.collect()
    assert threading.active_count() == before
    assert [ref for ref in kept if ref() is not None] == []
