"""The live view of a run: one widget with its own small page code.

The dashboard is an ipywidgets widget, so it stands in a ``VBox`` beside others and can be
observed. It knows a run only as plain data (:class:`~flexiflow.widgets.publisher.Watch`) and
steers it only through one function. What it shows is kept in the notebook as well, as a still
picture and a table that need neither kernel nor script.
"""

from __future__ import annotations

import contextlib
import re
import threading
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from flexiflow.graph import Graph
from flexiflow.kept import MIME, kept
from flexiflow.widgets.hearing import answer_where_asked
from flexiflow.widgets.publisher import Publisher, Steer, Watch
from flexiflow.widgets.static import html, text

VIEW = "application/vnd.jupyter.widget-view+json"


PARTS = (
    *("words", "elements", "messages", "story", "canvas"),
    *("graph", "beliefs", "strip", "gains", "jobs", "why"),
    *("line", "wheel", "view"),
)
"""The files of the page's code, each of which uses only those before it when it is read."""

_TIGHT = re.compile(r'("(?:\\.|[^"\\])*")|\s*([=*<>,;:?{}()\[\]&|]+)\s*')


def lean(code: str) -> str:
    r"""JavaScript without its comments on lines of their own and without spaces it can spare.

    Lines stay lines. One that holds a template or a slash keeps its spaces, since a look at it
    alone does not tell text from code.

    Examples
    --------
    >>> print(lean('// adds\n  const add = (a, b) => a + b; \n  say("a , b", `${a} , b`);'))
    const add=(a,b)=>a + b;
    say("a , b", `${a} , b`);
    """
    lines = (line.strip() for line in code.splitlines())
    kept = [line for line in lines if line and not line.startswith(("//", "/*"))]
    whole = [
        line if "`" in line or "/" in line else _TIGHT.sub(lambda m: m[1] or m[2], line)
        for line in kept
    ]
    return "\n".join(whole)


def _read(name: str) -> str:
    return files("flexiflow.widgets").joinpath(name).read_text("utf-8")


def page() -> tuple[str, str]:
    """The code and the style sheet of the page, as text."""
    code = "\n".join(lean(_read(f"page/{part}.js")) for part in PARTS)
    return code, _read("dashboard.css")


class Dashboard(anywidget.AnyWidget):  # type: ignore[misc]  # the package carries no types
    """A run that can be watched and steered in a notebook.

    Parameters
    ----------
    watch
        The run, as plain data.
    steer
        Carries out what the page asks: ``steer("pin", {"node": ..., "candidate": ...})``.
    hz
        At most so many updates a second.
    graph
        The workflow, for the picture that the notebook keeps.

    Attributes
    ----------
    state
        "running", "paused", "stopping", "done" or "failed"; can be observed.

    Examples
    --------
    >>> dashboard = run.dashboard()  # doctest: +SKIP
    >>> widgets.VBox([dashboard, widgets.Label("my notes")])  # doctest: +SKIP
    """

    _esm, _css = page()
    state = traitlets.Unicode("", help="what the run is doing")

    def __init__(
        self,
        watch: Watch,
        steer: Steer,
        hz: float = 10.0,
        graph: Graph | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        answer_where_asked(self.comm)
        self._watch, self._graph = watch, graph
        self._shown: Any = None
        self._keeping = threading.Lock()
        self._publisher = Publisher(watch, steer, self._tell, hz, self._rested)
        self.on_msg(self._received)
        self._publisher.start()

    def close(self) -> None:
        """Take the widget off every page and end its thread."""
        self._publisher.close()
        super().close()

    def keep(self) -> None:
        """Bring the still picture in the notebook up to date; works from any thread.

        Nothing happens where the dashboard is not displayed.
        """
        with self._keeping:
            if self._shown is not None:
                self._shown.update(self._still(), raw=True)

    def html(self) -> str:
        """The run as it is now: a page without script, to be saved or sent."""
        return html(self._watch.snapshot(), self._graph)

    def _received(self, widget: Any, content: Any, buffers: Any) -> None:
        self._publisher.receive(content)

    def _tell(self, content: Any, buffers: list[bytes]) -> None:
        if self.state != self._publisher.state:
            self.state = self._publisher.state
        self.send(content, buffers)

    def _rested(self) -> None:
        self.state = self._publisher.state
        self.keep()

    def _still(self) -> dict[str, Any]:
        """What is shown where there is no widget, and kept in the notebook."""
        snapshot = self._watch.snapshot()
        return {
            "text/plain": text(snapshot),
            "text/html": html(snapshot, self._graph),
            MIME: kept(snapshot),
        }

    def _view(self) -> dict[str, Any]:
        return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {**self._still(), **self._view()}

    def _ipython_display_(self) -> None:
        """Display the live view, and below it what is kept, which the live view hides.

        Two outputs, since a notebook that is opened without its kernel shows an error in place
        of a widget, whatever else is in that output. The second has an id, however it is
        shown, so that it can be brought up to date.
        """
        from IPython.display import display

        display({"text/plain": "The live view of a run", **self._view()}, raw=True)
        self._shown = display(self._still(), raw=True, display_id=True) or self._shown

    def __repr__(self) -> str:
        with contextlib.suppress(Exception):
            return text(self._watch.snapshot())
        return super().__repr__()  # type: ignore[no-any-return]  # ipywidgets carries no types
