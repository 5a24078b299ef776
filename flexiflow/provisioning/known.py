"""What is known of a workflow's candidates: seconds from measurements and its log, pass rates."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.panels.beliefs import Beliefs, read
from flexiflow.panels.past import CONTEXTS
from flexiflow.panels.places import Places
from flexiflow.panels.tally import Tally
from flexiflow.planning import Problem, Profile, Step, offers
from flexiflow.planning.problem import Accuracy, Joint
from flexiflow.recall import outcomes_of
from flexiflow.remembering import Remembering
from flexiflow.runner import lock_of
from flexiflow.samplers import Hybrid, JobState, Sampler
from flexiflow.samplers.moment import Moment

_MOST = 2_000  # configurations that are planned for one by one
_JOBS = 64  # the latest, over which learned chances are averaged


def problem_of(
    workflow: Remembering,
    accuracy: Accuracy = "product",
    profile: Any = None,
    batches: Sequence[int] | None = None,
    cores: Mapping[tuple[str, str], float] | None = None,
) -> Problem:
    """What is to be planned for a workflow: its nodes, who reads whom, and their offers.

    Candidates that are banned, or that another is pinned before, are not offered. Parameters
    are those of :func:`flexiflow.provisioning.plan`.
    """
    graph = workflow.steering.graph
    out = set(workflow.steering.now.out)
    known = profile_of(workflow, profile, cores)
    believed = beliefs_of(workflow)
    mean, variance = believed.part.T
    steps = []
    for v, node in enumerate(graph.nodes):
        start = believed.places.offsets[v]
        free = {ch.candidate for c, ch in enumerate(node.choices) if (v, c) not in out}
        at = {c.name: start + k for k, c in enumerate(node.candidates) if k in free}
        right = {name: float(mean[k]) for name, k in at.items()}
        doubt = {name: float(variance[k]) for name, k in at.items()}
        single = [c.name for c in node.candidates if c.options.batch is None]
        offered = offers(known, node.name, right, batches, single, doubt)
        if not offered:
            raise BadInput(
                f"Nothing is known of the seconds of node {node.name!r}. Run some jobs, or give "
                "profile= with its candidates."
            )
        parents = tuple(graph.nodes[p].name for p in graph.parents[v])
        steps.append(Step(node.name, offered, parents))
    joint = _joint(workflow, graph) if accuracy == "learned" else None
    return Problem(tuple(steps), accuracy, joint)


def profile_of(
    workflow: Remembering, profile: Any = None, cores: Mapping[tuple[str, str], float] | None = None
) -> Profile:
    """Measurements, with the log's seconds for the candidates that they lack.

    Of the log only attempts of candidates as they are now count, not those of older code.
    """
    given = profile if isinstance(profile, Profile) or profile is None else Profile(profile)
    graph = workflow.steering.graph
    attempts = workflow.store.read("attempts", workflow=workflow.name)
    now = {(n.name, c.name, c.fingerprint) for n in graph.nodes for c in n.candidates}
    rows = zip(*(attempts[c] for c in ("node", "candidate", "fingerprint")), strict=True)
    logged = attempts.filter(np.array([row in now for row in rows], dtype=bool))
    try:
        learned = Profile.from_attempts(logged, cores)
    except BadInput:
        if given is None:
            raise
        return given
    return learned if given is None else given.filled(learned)


def beliefs_of(workflow: Remembering) -> Beliefs:
    """What the workflow's sampler believes of its candidates, all that is in the log learned."""
    workflow.learned()
    tally, contexts = _logged(workflow)
    lock = lock_of(workflow.sampler)
    return read(
        workflow.sampler, Places(workflow.steering.graph), tally.counts, contexts[-CONTEXTS:], lock
    )


def _logged(workflow: Remembering) -> tuple[Tally, list[Mapping[str, Any]]]:
    """What was counted in the log, and the contexts of the latest jobs."""
    tally, contexts = Tally(Places(workflow.steering.graph)), list[Mapping[str, Any]]()
    for _, block in outcomes_of(workflow.store, workflow.name):
        for outcome in block:
            tally.add(outcome)
        contexts = [*contexts, *(o.job.context for o in block)][-_JOBS:]
    return tally, contexts


def _joint(workflow: Remembering, graph: Graph) -> Joint:
    """The learned chance of a pass of each configuration, with its variance over the draws.

    It is that of the latest jobs together, not of one with an average context.
    """
    if not isinstance(workflow.sampler, Hybrid):
        raise BadInput(
            "accuracy='learned' needs the sampler Hybrid, which knows whole configurations. Use "
            "'product' or 'average'."
        )
    if graph.size > _MOST:
        raise BadInput(
            f"accuracy='learned' goes through all configurations: at most {_MOST}, here "
            f"{graph.size}. Use 'product'."
        )
    contexts = _logged(workflow)[1] or [{}]
    with lock_of(workflow.sampler):
        block = _moment(workflow.sampler, graph).block
        every = block.space.everything
        each = [
            Moment.begin(block, 0, JobState(graph, 0, context=dict(context)))
            .index(slice(None), every, None)
            .passes
            for context in contexts
        ]
        chances = np.mean(each, axis=0)
    tempered = workflow.sampler.tuning.tempered
    found = {}
    for k, picked in enumerate(every.tolist()):
        if any(graph.nodes[v].choices[c].roll for v, c in enumerate(picked)):
            continue
        names = tuple(graph.candidate(v, c).name for v, c in enumerate(picked))
        drawn = chances[:, k]
        found[names] = (float(np.clip(drawn.mean(), 0.0, 1.0)), float(drawn.var() / tempered))
    return found


def _moment(sampler: Sampler, graph: Graph) -> Moment:
    """A fresh job, as a copy of the sampler sees it: nothing is drawn from the one that works."""
    state = JobState(graph, 0)
    copy.deepcopy(sampler).propose([state])
    moment = state.draw
    assert isinstance(moment, Moment)
    return moment
