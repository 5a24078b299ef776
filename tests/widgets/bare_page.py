"""A page without Jupyter: the dashboard's code in Chromium with a model that only passes words.

The kernel's side is real: a :class:`Publisher` whose messages are packed, carried into the page
as bytes, and unpacked there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flexiflow.widgets.dashboard import page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--js-flags=--expose-gc", "--enable-precise-memory-info",
]  # fmt: skip
DARK = """
body { background: #111; --jp-layout-color0: #111; --jp-layout-color1: #16181d;
 --jp-layout-color2: #2a2e36; --jp-ui-font-color1: rgba(255,255,255,.9);
 --jp-ui-font-color2: rgba(255,255,255,.62); --jp-border-color2: #3a3f48;
 --jp-brand-color1: #4da3f5; }
"""

MODEL = """
window.sent = [];
window.errors = [];
addEventListener('error', (e) => errors.push(String(e.message)));
addEventListener('unhandledrejection', (e) => errors.push(String(e.reason)));
window.model = {
  heard: new Set(),
  on(name, act) { if (name === 'msg:custom') this.heard.add(act); },
  off(name, act) { this.heard.delete(act); },
  send(content) { sent.push(content); window.kernel && kernel(JSON.stringify(content)); },
};
window.emit = (content, buffers) => {
  const views = buffers.map((text) => {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const odd = new Uint8Array(raw.length + 3);   // as Jupyter cuts them out of one frame
    odd.set(raw, 3);
    return new DataView(odd.buffer, 3, raw.length);
  });
  for (const act of [...model.heard]) act(content, views);
};
"""
START = """async ([code, css]) => {
  const style = document.createElement('style');
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
  window.code = await import(url);
  const t = performance.now();
  const el = document.getElementById('here');
  window.opened = t;
  window.widget = window.code.default();
  window.cleanup = window.widget.render({ model, el });
}"""


def page_code() -> tuple[str, str]:
    """The dashboard's JavaScript and style sheet."""
    return page()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def open_page(browser: Any, width: int = 1200, dark: bool = False, start: bool = True) -> Any:
    """A page of some width with the dashboard in it, and nobody who answers it."""
    page = browser.new_page(viewport={"width": width, "height": 1400})
    theme = DARK if dark else ""
    page.set_content(
        f"<!doctype html><html><head><style>body{{margin:12px}}{theme}</style></head>"
        f"<body data-jp-theme-light='{str(not dark).lower()}'><div id=here></div></body></html>"
    )
    page.add_script_tag(content=MODEL)
    if start:
        page.evaluate(START, list(page_code()))
    return page


def emit(page: Any, content: Any, buffers: list[bytes]) -> None:
    """Carry a message of the kernel into the page."""
    page.evaluate(
        "([content, buffers]) => emit(JSON.parse(content), buffers)",
        [json.dumps(content, allow_nan=False), [base64.b64encode(b).decode() for b in buffers]],
    )
