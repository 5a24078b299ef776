"""The live view of a run: one widget with its own small page code.

The dashboard is an ipywidgets widget, so it stands in a ``VBox`` beside others and can be
observed. It knows a run only as plain data (:class:`~flexiflow.widgets.publisher.Watch`) and
steers it only through one function. What it shows is kept in the notebook as well, as a still
picture and a table that need neither kernel nor script.
"""

from __future__ import annotations

import contextlib
import threading
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from flexiflow.graph import Graph
from flexiflow.widgets.publisher import Publisher, Steer, Watch
from flexiflow.widgets.static import html, text

VIEW = "application/vnd.jupyter.widget-view+json"


def _page(name: str) -> str:
    return files("flexiflow.widgets").joinpath(name).read_text("utf-8")


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

    _esm = _page("dashboard.js")
    _css = _page("dashboard.css")
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
                self._shown.update(self._bundle(), raw=True)

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

    def _bundle(self) -> dict[str, Any]:
        """The widget, and beside it what is shown where there is none."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        snapshot = self._watch.snapshot()
        still = html(snapshot, self._graph)
        return {"text/plain": text(snapshot), "text/html": still, VIEW: view}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return self._bundle()

    def _ipython_display_(self) -> None:
        """Displayed with an id, however it is shown, so that the output can be kept."""
        from IPython.display import display

        self._shown = display(self._bundle(), raw=True, display_id=True) or self._shown

    def __repr__(self) -> str:
        with contextlib.suppress(Exception):
            return text(self._watch.snapshot())
        return super().__repr__()  # type: ignore[no-any-return]
