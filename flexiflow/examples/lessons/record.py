"""Every path of a workflow on every job, measured once: what any policy would have earned.

Each candidate is called on every value that a path through the earlier nodes can bring it;
equal values count as one, as in a real job. A path goes on behind a failed check, so that
what a single path is worth without checks is known too; behind a candidate that raises
there is nothing to go on with.

Seconds are those of the processor, all threads of this process together, so that it does not
matter what else the machine does. Models are loaded, and called on one job, before the
first reading.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.candidates.base import Raw
from flexiflow.candidates.call import run as call
from flexiflow.checks import BUGS, View, terms_of
from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.graph import Graph
from flexiflow.jobs import read_jobs
from flexiflow.steps import mixed
from flexiflow.versions import Memo, Version, digest

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Key = tuple[str, str, bytes]
"""Node, candidate, and the digest of what the candidate was called with."""

ARROW = " > "
_BLOCK = 100  # jobs between two lines that say how far it has come


@dataclass(frozen=True)
class Record:
    """A workflow's every path on every job.

    Attributes
    ----------
    graph
        The workflow.
    jobs
        The inputs of each job.
    configurations
        Every path: one candidate a node, the last node changing fastest.
    ran, good
        Whether a path's node could be run, and whether it then gave a value and every check
        due at it held, `(jobs, configurations, nodes)`.
    seconds, confidence
        Of each node of each path, same shape; 0 where it could not run, NaN where there is none.
    runs
        Numbers of the runs, same shape: two paths that share one share its number; -1 where
        it could not run.
    right
        The first term that the workflow maximises, `(jobs, configurations)`; 0 for a path
        that gave no output. 0 or 1 where that term says right or wrong.
    tape
        What each run gave, its seconds included.
    """

    graph: Graph
    jobs: tuple[Mapping[str, Any], ...]
    configurations: tuple[tuple[str, ...], ...]
    ran: Bools = field(repr=False)
    good: Bools = field(repr=False)
    seconds: Floats = field(repr=False)
    confidence: Floats = field(repr=False)
    runs: Ints = field(repr=False)
    right: Floats = field(repr=False)
    tape: Mapping[Key, Raw] = field(repr=False)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, in the order in which they run."""
        return tuple(self.graph.nodes[v].name for v in self.graph.order)

    @property
    def names(self) -> list[str]:
        """The names of the configurations."""
        return [ARROW.join(c) for c in self.configurations]

    @cached_property
    def passed(self) -> Bools:
        """Whether a path ran to its end and every check held, `(jobs, configurations)`."""
        return np.asarray(self.good.all(axis=2))

    @cached_property
    def total(self) -> Floats:
        """Seconds of a whole path that no check cuts short, `(jobs, configurations)`."""
        return np.asarray(self.seconds.sum(axis=2))

    def take(self, jobs: NDArray[Any]) -> Record:
        """The same with only these jobs, given by their numbers or a mask."""
        numbers = np.arange(len(self.jobs))[jobs]
        arrays = {
            name: getattr(self, name)[numbers]
            for name in ("ran", "good", "seconds", "confidence", "runs", "right")
        }
        return replace(self, jobs=tuple(self.jobs[j] for j in numbers), **arrays)


def record(
    workflow: Workflow,
    jobs: Any,
    clock: Callable[[], float] = time.process_time,
    say: Callable[[str], None] | None = None,
) -> Record:
    """Run every path of a workflow on every job.

    Parameters
    ----------
    workflow
        It must maximise a term that can be computed for each of the jobs (labels given); its
        candidates must give the same when called again.
    jobs
        As for :meth:`flexiflow.Workflow.run`.
    clock
        Gives seconds; a run takes the difference of two readings.
    say
        Receives a line now and then about how far it has come.

    Raises
    ------
    BadInput
        The term is not stated or cannot be computed, or a candidate reads a value that
        cannot be compared.
    """
    graph = workflow.graph
    if not any(o.word is None and o.sign == 1 for o in graph.objectives):
        raise BadInput(
            f"A record tells how often {graph.name} is right, and the workflow does not say what "
            "that is. Add to it, say: maximize(exact_match(output, label))"
        )
    given = [inputs for _, inputs in read_jobs(graph, jobs, None)]
    if not given:
        raise BadInput("A record needs jobs. Got none.")
    recorder = _Recorder(graph, workflow.thresholds, clock)
    recorder.job(given[0], 0)  # models are loaded, caches are warm
    recorder.tape.clear()
    arrays = []
    for number, inputs in enumerate(given):
        arrays.append(recorder.job(inputs, number))
        if say is not None and ((number + 1) % _BLOCK == 0 or number + 1 == len(given)):
            say(f"{number + 1} of {len(given)} jobs")
    stacked = {name: np.stack([a[name] for a in arrays]) for name in arrays[0]}
    return Record(graph, tuple(given), recorder.names, **stacked, tape=recorder.tape)


class _Recorder:
    """Runs all paths of one job after the other."""

    def __init__(
        self, graph: Graph, thresholds: Mapping[str, float], clock: Callable[[], float]
    ) -> None:
        self.graph, self.thresholds, self.clock = graph, thresholds, clock
        self.tape: dict[Key, Raw] = {}
        self.paths = list(product(*(range(len(n.choices)) for n in graph.nodes)))
        if any(choice.roll for node in graph.nodes for choice in node.choices):
            raise BadInput("A record runs each candidate once: take rerolls=... out of them.")
        self.names = tuple(
            tuple(graph.nodes[v].candidates[path[v]].name for v in graph.order)
            for path in self.paths
        )
        self.term = next(o.text for o in graph.objectives if o.word is None and o.sign == 1)

    def job(self, inputs: Mapping[str, Any], number: int) -> dict[str, Any]:
        """The arrays of one job, by their names in :class:`Record`."""
        shape = (len(self.paths), len(self.graph.nodes))
        found: dict[str, Any] = {
            "ran": np.zeros(shape, dtype=bool),
            "good": np.zeros(shape, dtype=bool),
            "seconds": np.zeros(shape),
            "confidence": np.full(shape, np.nan),
            "runs": np.full(shape, -1),
            "right": np.zeros(len(self.paths)),
        }
        memo, runs = Memo(self.graph), dict[tuple[Any, ...], tuple[int, float]]()
        for row, path in enumerate(self.paths):
            view = View(self.graph, inputs, self.thresholds)
            for place, v in enumerate(self.graph.order):
                known = (v, path[v], tuple(view.made[p].number for p in self.graph.parents[v]))
                result = memo.get(*known)
                if result is None:
                    raw = self._run(v, path[v], view)
                    runs[known] = (len(runs), raw.seconds)
                    result = memo.keep(*known, raw)
                found["ran"][row, place] = True
                found["runs"][row, place], found["seconds"][row, place] = runs[known]
                if not isinstance(result, Version):
                    break
                view.made[v] = result
                if result.confidence is not None:
                    found["confidence"][row, place] = result.confidence
                found["good"][row, place] = all(map(self._holds(view), self.graph.checks[v]))
            else:
                found["right"][row] = self._worth(view, inputs, number)
        return found

    def _run(self, v: int, choice: int, view: View) -> Raw:
        node, candidate = self.graph.nodes[v], self.graph.candidate(v, choice)
        try:
            args = tuple(view.evaluate(e) for e in node.args)
            kwargs = {name: view.evaluate(e) for name, e in node.kwargs}
        except BUGS:
            raise
        except Exception as error:
            return Raw("exception", reason=str(error))
        key = digest((args, kwargs))
        if key is None:
            raise BadInput(
                f"{node.name!r} reads a value that cannot be compared, so its runs cannot be "
                "recorded. Use numbers, text, lists, dictionaries, arrays, tensors or images."
            )
        began = self.clock()
        raw = call(candidate, args, kwargs, mixed(0, v, 0))
        raw = raw._replace(seconds=self.clock() - began)
        self.tape[node.name, candidate.name, key] = raw
        return raw

    def _holds(self, view: View) -> Callable[[int], bool]:
        def holds(assertion: int) -> bool:
            try:
                return bool(view.evaluate(self.graph.assertions[assertion].test))
            except BUGS:
                raise
            except Exception:
                return False

        return holds

    def _worth(self, view: View, inputs: Mapping[str, Any], number: int) -> float:
        terms, wrong = terms_of(self.graph, view, inputs)
        worth = terms[self.term]
        if worth is None:
            raise BadInput(
                f"On job {number}, `{self.term}` could not be computed: "
                f"{wrong or 'it waits for a label, which a record needs'}."
            )
        return worth
