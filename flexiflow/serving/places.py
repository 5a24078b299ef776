"""What serves each node: its first candidate, batch size, patience and replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flexiflow.candidates.base import Candidate
from flexiflow.candidates.batch import LONGEST_WAIT
from flexiflow.candidates.call import prepared
from flexiflow.errors import BadInput
from flexiflow.graph import Graph, Node
from flexiflow.planning import Plan


class Place(NamedTuple):
    """How one node is served.

    Its replicas run every candidate of the node, one batch at a time each.
    """

    node: str
    choice: int | None  #: of the node, that a job tries first; None: as the sampler says
    first: Candidate | None  #: the candidate behind that choice
    batch: int  #: most inputs in one call of the first candidate
    timeout: float  #: seconds that the oldest input of a batch waits for it to fill
    replicas: int

    def room(self, candidate: Candidate) -> int:
        """The most inputs in one call of a candidate: others than the first as declared."""
        return self.batch if candidate is self.first else candidate.options.batch or 1

    def patience(self, candidate: Candidate) -> float:
        """Seconds to wait for a batch to fill; what a job has switched to does not wait."""
        return self.timeout if self.first is None or candidate is self.first else 0.0

    def load(self) -> Callable[[], None] | None:
        """Load what jobs begin with, and hold it until what comes of this is called."""
        return None if self.first is None else prepared(self.first.kind)[1]

    def plain(self) -> dict[str, Any]:
        """The same in words and numbers."""
        variant = None if self.first is None else self.first.name
        return {"node": self.node, "variant": variant, "batch": self.batch,
                "timeout": self.timeout, "replicas": self.replicas}  # fmt: skip


def places(graph: Graph, plan: Plan | None) -> tuple[Place, ...]:
    """How each node of a workflow is served, in the order of its nodes.

    Without a plan each node has one replica, its sampler says what comes first, and candidates
    take batches as they were declared.

    Raises
    ------
    BadInput
        If the plan is not one of this workflow.
    """
    if plan is None:
        return tuple(Place(n.name, None, None, 1, LONGEST_WAIT, 1) for n in graph.nodes)
    if not isinstance(plan, Plan):
        raise BadInput(
            f"plan must be a Plan, as {graph.name}.plan(...) gives one. Got {type(plan).__name__}."
        )
    planned = [p.node for p in plan.placed]
    if sorted(planned) != sorted(n.name for n in graph.nodes):
        raise BadInput(
            f"The plan is for the nodes {', '.join(planned)}; {graph.name} has "
            f"{', '.join(n.name for n in graph.nodes)}. Plan this workflow."
        )
    found = {
        p.node: (p.offer.variant, p.offer.batch, wait, p.replicas)
        for p, wait in zip(plan.placed, plan.timeouts, strict=True)
    }
    return tuple(_place(node, *found[node.name]) for node in graph.nodes)


def _place(node: Node, variant: str, batch: int, timeout: float, replicas: int) -> Place:
    for k, choice in enumerate(node.choices):
        candidate = node.candidates[choice.candidate]
        if candidate.name == variant and choice.roll == 0:
            if batch > 1 and candidate.options.batch is None:
                raise BadInput(
                    f"The plan gives {variant!r} at {node.name!r} batches of {batch}, but it takes "
                    "one input at a time. Declare it with candidate(..., batch=...)."
                )
            return Place(node.name, k, candidate, batch, timeout, replicas)
    raise BadInput(
        f"The plan's variant {variant!r} is no candidate of {node.name!r}, which has "
        f"{', '.join(c.name for c in node.candidates)}. Plan again."
    )
