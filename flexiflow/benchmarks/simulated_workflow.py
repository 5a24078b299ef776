"""Running the jobs of a simulation by the runner itself.

A candidate stands for a model: it hands on a *token*, the job's number and who has been
chosen at which node, in which it notes itself. The assertion looks the token up among the
verdicts that were drawn, and the clock gives the seconds that were drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from flexiflow.benchmarks.nothing import Nothing
from flexiflow.benchmarks.simulate import Bools, Floats, Ints, Simulation
from flexiflow.flow import Workflow
from flexiflow.graph import Graph
from flexiflow.language import read
from flexiflow.records import Outcome
from flexiflow.samplers import Sampler

Token = tuple[int, ...]
"""The job's number, then the choice at each node; ``_UNSET`` where it has not run."""

_UNSET = -1


class Jobs(NamedTuple):
    """How the jobs of a stream ended, `(jobs,)` each; ``right``: passed, and truly right."""

    seconds: Floats
    passed: Bools
    right: Bools


def run(
    simulation: Simulation, sampler: Sampler, seed: int = 0, max_seconds: float | None = None
) -> Jobs:
    """Run all jobs in their order; ``max_seconds`` is the budget of one job."""
    workflow = Workflow(graph_of(simulation), sampler=sampler, store=Nothing())
    ended: list[Outcome] = []
    workflow.run(
        inputs_of(simulation), seed=seed, clock=_clock(simulation), progress=False,
        max_seconds=max_seconds, on_outcome=ended.append,
    )  # fmt: skip
    passed = np.array([o.passed for o in ended])
    sizes = simulation.world.sizes
    accepted = [_accepted(o, sizes) if o.passed else 0 for o in ended]
    right = passed & simulation.right[np.arange(len(ended)), accepted]
    return Jobs(np.array([o.seconds for o in ended]), passed, right)


def graph_of(simulation: Simulation) -> Graph:
    """The workflow of a simulation, read from its text."""
    world = simulation.world
    shown = [f"x{i}" for i in range(world.features)]
    lines = [f"simulated_{world.name.replace('-', '_')}({', '.join(['job', *shown])})"]
    models: dict[str, Any] = {"good": _test(simulation.passes, world.sizes)}
    for v, (size, parents) in enumerate(zip(world.sizes, world.parents, strict=True)):
        names = [_candidate(v, k) for k in range(size)]
        models |= {name: _model(v, k) for k, name in enumerate(names)}
        reads = ", ".join(map(_node, parents)) or "job"
        lines.append(f"{_node(v)} = ({' | '.join(names)})({reads})")
    lines.append(f"assert good({', '.join(map(_node, world.sinks))})")
    if shown:
        lines.append(f"context({', '.join(shown)})")
    return read("\n".join(lines) + "\n", models)


def inputs_of(simulation: Simulation) -> list[dict[str, Any]]:
    """The inputs of each job: its token, and the features that are shown of it."""
    blank = (_UNSET,) * len(simulation.world.sizes)
    shown = [{f"x{i}": x for i, x in enumerate(row)} for row in simulation.features.tolist()]
    return [{"job": (j, *blank), **row} for j, row in enumerate(shown)]


def named(configurations: Ints) -> list[dict[str, str]]:
    """Configurations, `(n, nodes)`, by the names of nodes and candidates, for ``Fixed``."""
    return [{_node(v): _candidate(v, k) for v, k in enumerate(c)} for c in configurations.tolist()]


def _accepted(outcome: Outcome, sizes: tuple[int, ...]) -> int:
    """The number of the configuration that gave the output."""
    names = outcome.job.configuration
    chosen = [int(names[_node(v)].rpartition("_")[2]) for v in range(len(sizes))]
    return int(np.ravel_multi_index(chosen, sizes))


def _clock(simulation: Simulation) -> Callable[[int, str, str], float]:
    drawn = {
        (_node(v), _candidate(v, k)): table[:, k].tolist()
        for v, table in enumerate(simulation.seconds)
        for k in range(table.shape[1])
    }
    return lambda number, node, candidate: drawn[node, candidate][number]


def _node(v: int) -> str:
    return f"step{v}"


def _candidate(v: int, k: int) -> str:
    return f"model{v}_{k}"


def _joined(tokens: tuple[Token, ...]) -> Token:
    """One token of several: what has been chosen on any of the ways."""
    return tokens[0] if len(tokens) == 1 else tuple(map(max, *tokens))


def _model(v: int, k: int) -> Callable[..., Token]:
    """A candidate: it notes in the token that it has been chosen."""

    def model(*tokens: Token) -> Token:
        token = _joined(tokens)
        return (*token[: v + 1], k, *token[v + 2 :])

    return model


def _test(passes: Bools, sizes: tuple[int, ...]) -> Callable[..., bool]:
    """The assertion: the verdict that was drawn for the configuration of a token."""
    table = passes.reshape(len(passes), *sizes)

    def good(*tokens: Token) -> bool:
        return bool(table[_joined(tokens)])

    return good
