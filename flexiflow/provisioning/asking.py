"""Plans and fronts of a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.planning import Demand, Pareto, Plan
from flexiflow.planning import pareto as front_of
from flexiflow.planning import plan as plan_of
from flexiflow.planning.problem import Accuracy
from flexiflow.provisioning.fronts import Front
from flexiflow.provisioning.known import problem_of
from flexiflow.remembering import Remembering

_OPTIONS = ("headroom", "tail", "waiting", "spare", "batch_price")


def plan(
    workflow: Remembering,
    sla: float,
    rate: float,
    budget: float | None = None,
    accuracy: Accuracy = "product",
    confidence: float | None = 0.95,
    *,
    weight: float = 0.0,
    profile: Any = None,
    batches: Sequence[int] | None = None,
    cores: Mapping[tuple[str, str], float] | None = None,
    **demand: Any,
) -> Plan:
    r"""Plan which candidate serves each node, in what batches, with how many replicas.

    Parameters
    ----------
    workflow
        One that has run jobs: pass rates and seconds are read from what it has learned.
    sla
        Seconds that a job may take from end to end.
    rate
        Jobs that arrive a second.
    budget
        Most that all replicas may cost, in cores; None: no limit.
    accuracy
        ``"product"`` of what each candidate adds to the chance that all checks hold, their
        ``"average"``, or as ``"learned"`` for whole configurations (the default sampler knows
        these).
    confidence
        Probability with which the SLA is to hold, given what is believed of seconds; None
        takes them as expected.
    weight
        Accuracy given up for a core.
    profile
        Measurements (:class:`flexiflow.planning.Profile`, or a table of its columns); the log
        fills in candidates that it lacks.
    batches
        Batch sizes to offer where a candidate takes batches.
    cores
        Of one replica, by node and candidate, for what is read from the log.
    **demand
        More of :class:`flexiflow.planning.Demand`: ``headroom``, ``tail``, ``waiting``,
        ``spare``, ``batch_price``.

    Raises
    ------
    Infeasible
        If no plan fits; it says what is in the way and what could be met.
    BadInput
        If an option is out of its range, or nothing is known of a node's seconds.

    Examples
    --------
    >>> import flexiflow
    >>> from flexiflow.language import read
    >>> text = "shout(x)\nloud = (str.upper | str.title)(x)\nassert loud.isupper()"
    >>> shout = flexiflow.Workflow(read(text, {}), store=flexiflow.MemoryStore())
    >>> run = shout.run(["hello", "you"] * 20, seed=1, progress=False)
    >>> plan(shout, sla=1.0, rate=5.0).describe()
    'loud: str.upper, batch 1, 1 x 1 cores'
    """
    asked = _demand(sla, rate, budget, demand)
    problem = problem_of(workflow, accuracy, profile, batches, cores)
    return replace(plan_of(problem, asked, confidence, weight), workflow=workflow)


def pareto(
    workflow: Remembering,
    sla: float,
    rate: float,
    budget: float | None = None,
    accuracy: Accuracy = "product",
    confidence: float | None = 0.95,
    *,
    profile: Any = None,
    batches: Sequence[int] | None = None,
    cores: Mapping[tuple[str, str], float] | None = None,
    **demand: Any,
) -> Front:
    """All plans that meet a demand and are best for their cost; parameters as for :func:`plan`.

    With ``confidence=None`` the front is exact for the seconds that are expected.
    """
    asked = _demand(sla, rate, budget, demand)
    problem = problem_of(workflow, accuracy, profile, batches, cores)

    def again(other: Demand) -> Pareto:
        found = front_of(problem, other, confidence)
        return Pareto(tuple(replace(p, workflow=workflow) for p in found.plans))

    return Front(again(asked).plans, asked, again)


def _demand(sla: float, rate: float, budget: float | None, more: Mapping[str, Any]) -> Demand:
    for option in more:
        if option not in _OPTIONS:
            raise BadInput(f"A plan has no option {option!r}. Options are {', '.join(_OPTIONS)}.")
    return Demand(sla, rate, budget, **more)
