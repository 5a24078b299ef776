"""The front of a workflow's plans: a table, a figure, and a view in which to pick one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flexiflow.figures import front as drawing
from flexiflow.planning import Demand, Pareto


@dataclass(frozen=True)
class Front(Pareto):
    """Plans of which none is both cheaper and as accurate, ascending by cost.

    Shown in a notebook it is its figure; ``view()`` is live.

    Attributes
    ----------
    demand
        What all of them meet.
    again
        The front for another demand, from the same beliefs and measurements.
    """

    demand: Demand
    again: Callable[[Demand], Pareto] = field(repr=False, compare=False)

    def figure(self, **options: Any) -> Any:
        """Cost and accuracy of each plan, with what serves each node where the pointer is.

        Parameters
        ----------
        **options
            ``height`` and ``width`` in pixels.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return drawing.picture(self.plans, **options)

    def view(self) -> Any:
        """A view for the notebook: a click picks a plan, sliders move the demand.

        The plan that is picked is ``view.plan``, the front that is shown ``view.front``.

        Returns
        -------
        flexiflow.widgets.front.FrontView
        """
        from flexiflow.widgets.front import FrontView

        return FrontView(Pareto(self.plans), self.demand, self.again)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The figure, kept in the notebook, and in words where there is no script."""
        shown = {"application/vnd.plotly.v1+json": self.figure().to_plotly_json()}
        return {"text/plain": str(self.table()), **shown}
