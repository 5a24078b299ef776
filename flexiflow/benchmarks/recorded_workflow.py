"""A recording as a workflow, so that the runner itself replays it.

A candidate gives the number of the run that it makes (see ``RecordedNode``), an assertion
looks up whether that run passed, the recorded features are the context, and the clock says
what the run took. Prices go by the clock even if they are costs, so that every sampler
steers by them.
"""

from __future__ import annotations

from collections.abc import Sequence

from flexiflow.benchmarks.recording import RecordedNode, Recording
from flexiflow.candidates import Candidate, Options
from flexiflow.graph import Assertion, Expression, Graph, Input, Node, Read


class Meter:
    """What the run that was made last took, as recorded; the workflow's clock."""

    def __init__(self) -> None:
        self.price = 0.0

    def __call__(self, number: int, node: str, candidate: str) -> float:
        """The price of the attempt that has just been made."""
        return self.price


class Replayed:
    """A recorded candidate: from the job and the runs before it to the run it makes."""

    def __init__(self, it: RecordedNode, choice: int, before: Sequence[int], meter: Meter) -> None:
        self._it, self._meter = it, meter
        self._choice, self._many, self._before = choice, len(it.candidates), before

    def __call__(self, job: int, *runs: int) -> int:
        """Make the run; the meter is told what it took.

        Raises
        ------
        RuntimeError
            It gave no output.
        """
        prefix = 0
        for run, many in zip(runs, self._before, strict=True):
            prefix = prefix * many + run
        made = prefix * self._many + self._choice
        self._meter.price = float(self._it.price[job, made])
        if not (self._it.checked or self._it.passed[job, made]):
            raise RuntimeError("it gave no output when it was recorded")
        return made


def workflow_of(recording: Recording) -> tuple[Graph, Meter]:
    """A recording as a workflow of the job's number, and the clock that goes with it.

    A node whose outcomes depend on what ran before reads the nodes since the last such node,
    and that one; any other reads the job alone.
    """
    meter, job = Meter(), "job"
    while job in {it.name for it in recording.nodes}:
        job += "_"
    nodes, assertions = [], []
    for v, it in enumerate(recording.nodes):
        parents = _parents(recording, v)
        many = [recording.nodes[u].price.shape[1] for u in parents]
        candidates = tuple(
            Candidate(name, run := Replayed(it, k, many, meter), Options(), run,
                      f"{recording.name}/{it.name}/{name}")
            for k, name in enumerate(it.candidates)
        )  # fmt: skip
        reads = tuple(_same(n) for n in (job, *(recording.nodes[u].name for u in parents)))
        nodes.append(Node(it.name, (it.name,), candidates, reads))
        if it.checked:
            assertions.append(_assertion(it, job))
    context = [
        Expression(name, 1, (Read("value", job),), values.__getitem__)
        for name, values in recording.context.items()
    ]
    graph = Graph(
        recording.name, (Input(job),), tuple(nodes), tuple(assertions), context=tuple(context),
        text=f"the recording {recording.name}",
    )  # fmt: skip
    return graph, meter


def _parents(recording: Recording, node: int) -> range:
    if not recording.nodes[node].chained:
        return range(0)
    chained = [u for u in range(node) if recording.nodes[u].chained]
    return range(chained[-1] if chained else 0, node)


def _same(name: str) -> Expression:
    return Expression(name, 1, (Read("value", name),), lambda value: value)


def _assertion(it: RecordedNode, job: str) -> Assertion:
    passed = it.passed

    def test(number: int, run: int) -> bool:
        return bool(passed[number, run])

    text = f"passed({it.name})"
    reads = (Read("value", job), Read("value", it.name))
    return Assertion(text, Expression(text, 1, reads, test), None, 1, text)
