"""The hybrid: the contract of samplers, what it decides, and that it learns."""

import copy
import dataclasses
import itertools
import json
from collections import Counter

import numpy as np
import pytest
from cells import cell
from contracts.sampler_contract import SamplerContract
from worlds import assertion, chain, diamond, expression, node, outcome, tag

from flexiflow import MemoryStore
from flexiflow.errors import BadInput
from flexiflow.graph import Expression, Graph, Input, Objective, Read
from flexiflow.records import Labelled
from flexiflow.samplers import Hybrid, JobState, Thompson


class TestHybrid(SamplerContract):
    make = staticmethod(Hybrid)


def with_context(made, **context):
    return dataclasses.replace(made, job=made.job._replace(context=context))


def taught(jobs, sampler=None, seed=0):
    """A sampler that has seen jobs on which the sign of x tells which first candidate passes."""
    sampler, rng, graph = sampler or Hybrid(), np.random.default_rng(seed), chain(2, 2)
    for _ in range(jobs):
        x, c = float(rng.normal()), tuple(rng.integers(2, size=2).tolist())
        sampler.update([with_context(outcome(graph, c, (x > 0) == (c[0] == 0)), x=x)])
    return sampler


def decisions(sampler, graph, n=20):
    """What is decided on some jobs, at their start and after a failure."""
    found = []
    for seed in range(n):
        state = JobState(graph, seed, {"x": seed - n / 2})
        for _ in range(3):
            made = sampler.propose([state])[0]
            found.append((made.configuration, made.explain()))
            state.present, state.known = made.configuration, [set() for _ in graph.nodes]
            state.failures.append((0, made.configuration))
            state.exclude((0, 1), made.configuration)
    return found


def test_a_batch_is_decided_as_each_job_by_itself():
    sampler, other, graph = taught(60), taught(60), diamond()
    for k in range(30):
        for one in (sampler, other):
            one.update([outcome(graph, (k % 2, k // 2 % 2, 0, 1), k % 3 > 0)])
    states = [JobState(g, seed, {"x": 1.0}) for seed in range(8) for g in (chain(2, 2), graph)]
    together = sampler.propose(copy.deepcopy(states))
    apart = [other.propose([state])[0] for state in states]
    assert [d.configuration for d in together] == [d.configuration for d in apart]
    assert [d.pass_probability for d in together] == [d.pass_probability for d in apart]


def test_workflows_do_not_mix():
    sampler, graph = taught(40), chain(3)
    before = decisions(copy.deepcopy(sampler), chain(2, 2))
    for k in range(50):
        sampler.update([outcome(graph, (k % 3,), k % 3 == 1)])
    sampler.propose([JobState(graph, 0)])
    assert decisions(sampler, chain(2, 2)) == before


def test_a_large_workflow_finds_what_passes():
    graph, sampler = chain(*[5] * 7), Hybrid()  # 78 125 configurations
    rng, good = np.random.default_rng(0), (3, 1, 4, 1, 0, 2, 2)
    for _ in range(150):
        c = tuple(int(k if rng.random() < 0.8 else rng.integers(5)) for k in good)
        sampler.update([outcome(graph, c, c == good)])
    chosen = Counter(sampler.propose([JobState(graph, s)])[0].configuration for s in range(10))
    assert chosen.most_common(1)[0][0] == good


@pytest.mark.parametrize("context", [True, False])
def test_its_state_gives_the_same_decisions_at_any_point_of_a_job(context):
    sampler = taught(80)
    if not context:
        sampler = Hybrid()
        for k in range(60):
            sampler.update([outcome(chain(2, 2), (k % 2, k // 3 % 2), k % 5 > 1)])
    state = json.loads(json.dumps(sampler.state))
    made = []
    for one in (sampler, Hybrid(), Hybrid()):
        if one is not sampler:
            one.state = state
        made.append(decisions(one, chain(2, 2)))
    assert made[0] == made[1] == made[2]


def test_a_state_that_was_spoilt_is_refused_and_changes_nothing():
    sampler, good = Hybrid(), json.loads(json.dumps(taught(10).state))
    sampler.state = good
    knowledge = ("workflows", "chain2x2")
    model = (*knowledge, "passing", 0, 1)
    spoilt = {
        (*knowledge, "evidence"): "many",
        (*knowledge, "completes", "sums", 0, 0): float("nan"),
        (*knowledge, "seconds", "keys"): [["one"]],
        (*knowledge, "context", "seen"): [],
        (*knowledge, "passing"): None,
        (*model, "nodes"): ["n1", "n0"],
        (*model, "weights"): [[1.0]],
        (*model, "counted", "members"): [[[-1.0, 0.0]] * 4] * 2,
        (*model, "recent", "whole", 0, 0): [0, 9],
        (*model, "blame"): None,
        (*model, "contextual", "bent"): -1,
        (*model, "contextual", "covariance"): "AAAA",
        ("workflows",): ["chain2x2"],
    }
    for path, value in spoilt.items():
        bad = copy.deepcopy(good)
        part = bad
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value
        with pytest.raises(BadInput, match="Hybrid"):
            sampler.state = bad
        assert json.loads(json.dumps(sampler.state)) == good


def test_two_workers_that_merge_decide_like_one_that_saw_all():
    merged, theirs = taught(70, seed=1), taught(70, seed=2)
    alone, both = taught(70, seed=1), taught(70, taught(70, seed=1), seed=2)
    merged.merge(theirs)
    assert merged.evidence == both.evidence
    graph = chain(2, 2)

    def right(sampler):
        asked = [(s, x) for s in range(40) for x in (-1.2, -0.3, 0.3, 1.2)]
        made = [(x, sampler.propose([JobState(graph, s, {"x": x})])[0]) for s, x in asked]
        return sum((x > 0) == (d.configuration[0] == 0) for x, d in made) / 160

    assert right(both) > 0.85
    assert right(merged) > max(right(both) - 0.1, right(alone) - 0.05)
    into_nothing = Hybrid()
    into_nothing.merge(theirs)
    assert right(into_nothing) == pytest.approx(right(theirs), abs=0.05)


def test_what_is_learned_from_other_jobs_changes_no_decision_that_was_taken():
    """With several workers other jobs end between a decision and its explanation."""
    graph, told = chain(2, 2), []
    for late in (False, True):
        sampler, state = taught(40, seed=4), JobState(chain(2, 2), 3, {"x": 0.2})
        first = sampler.propose([state])[0]
        now = None if late else first.explain()
        if late:
            for k in range(200):
                made = outcome(graph, (k % 2, k // 2 % 2), k % 2 == 1)
                sampler.update([with_context(made, x=0.2, new=float(k))])
                sampler.propose([JobState(graph, k, {"x": 0.2, "new": 1.0})])
        state.present, state.known = first.configuration, [set() for _ in graph.nodes]
        state.failures.append((0, first.configuration))
        state.exclude((0, 1), first.configuration)
        second = sampler.propose([state])[0]
        told.append((now or first.explain(), second.configuration, second.explain()))
    assert told[0] == told[1]


def test_definitions_that_take_turns_share_what_they_have_in_common():
    """A cell is re-run with more candidates, while a job of the older one is under way."""
    small, sampler = chain(2, 2), taught(40)
    more, many = (
        dataclasses.replace(chain(*sizes), name=small.name) for sizes in ((4, 3), (101, 100))
    )
    states = [JobState(g, 5, {"x": 1.0}) for g in (small, more, many)]
    for state, _ in itertools.product(states, range(2)):
        for at in (state, JobState(state.graph, 6, {"x": -1.0}), *states):
            decision = sampler.propose([at])[0]
            told = decision.explain()
            assert 0 < told.path_propensity <= 1
    assert sampler.propose([JobState(small, 7, {"x": 2.0})])[0].configuration[0] == 0


def test_more_candidates_than_have_pairs_may_come_one_by_one():
    sampler, theirs, graph = Hybrid(), Hybrid(), chain(40, 40)
    for k in range(40):
        sampler.update([outcome(graph, (k, k), k == 30)])
        theirs.update([outcome(graph, (39 - k, 39 - k), k == 9)])
    sampler.merge(theirs)
    for seed in range(3):
        chosen = sampler.propose([JobState(graph, seed)])[0].configuration
        assert 30 in chosen


def test_a_job_teaches_although_its_candidates_were_never_proposed():
    graph, sampler = chain(3, 3), Hybrid()
    one, two, three = (outcome(graph, c, c == (2, 1)) for c in ((0, 0), (1, 0), (2, 1)))
    later = [v._replace(step=step) for v, step in ((two.verdicts[0], 2), (three.verdicts[0], 3))]
    sampler.update([dataclasses.replace(one, verdicts=(*one.verdicts, *later))] * 20)
    chosen = [sampler.propose([JobState(graph, s)])[0].configuration for s in range(20)]
    assert Counter(chosen)[2, 1] >= 15


def priced(weight):
    """One node with two candidates; what passes is worth something, and time may cost."""
    label = Expression("right", 1, (Read("value", "n0"),), bool)
    goals = [Objective("right", label, 1, 1.0, 1)]
    if weight:
        word = Expression("runtime", 1, (Read("runtime", ""),), float)
        goals.append(Objective("runtime", word, -1, weight, 1))
    both = node("n0", {"careful": tag("1"), "hasty": tag("2")}, "x")
    return Graph(
        "priced", (Input("x"),), (both,), (assertion("n0", "n0"),), objectives=tuple(goals),
        output=expression("n0", "n0"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("weight", "quick", "best"), [(0.0, 0.1, 1), (0.0, 0.7, 0), (0.01, 0.1, 0), (1.0, 0.1, 1)]
)
@pytest.mark.parametrize("late", [False, True])
def test_what_passes_but_is_wrong_is_weighed_against_its_price(weight, quick, best, late):
    """The hasty one is quicker, passes as often, and is right every second time."""
    graph, sampler = priced(weight), Hybrid()
    for k in range(120):
        hasty, terms = k % 2, {"right": float(k % 4 != 1), "runtime": 1.0}
        made = outcome(graph, (hasty,), True, (quick if hasty else 1.0,))
        job = made.job._replace(
            configuration={"n0": "hasty" if hasty else "careful"},
            terms={"right": None} if late else terms,
        )
        made = dataclasses.replace(made, job=job)
        sampler.update([made])
        if late:
            sampler.label([Labelled(made, {"right": None}, terms)])
    chosen = [sampler.propose([JobState(graph, s)])[0] for s in range(20)]
    assert {d.configuration for d in chosen} == {(best,)}
    assert all(d.explain().path_propensity > 0.5 for d in chosen)


def run(text, models, jobs, sampler, seed):
    """The seconds of each job; every attempt takes one."""
    workflow = cell(text, models, store=MemoryStore())
    ended = []
    workflow.run(
        jobs, sampler=sampler, seed=seed, clock=lambda *_: 1.0, on_outcome=ended.append
    )  # fmt: skip
    return np.array([one.seconds for one in ended])


def by_context(seed):
    """One candidate passes where x is above 0, one where it is not, one every second time."""
    rng = np.random.default_rng(seed)
    jobs = [
        {"x": x, "luck": luck}
        for x, luck in zip(rng.normal(size=300).tolist(), rng.random(300).tolist(), strict=True)
    ]
    models = {
        "above": lambda x, luck: x > 0, "below": lambda x, luck: x <= 0,
        "chance": lambda x, luck: luck < 0.5,
    }  # fmt: skip
    text = """w(x, luck)
    out = (above | below | chance)(x, luck)
    assert out
    context(x)"""
    return text, models, jobs


def by_pairs(seed):
    """Which first one does is chance; which second one does follows from the first."""
    rng = np.random.default_rng(seed)
    jobs = [{"works": works} for works in (rng.random((250, 3)) < 0.5).tolist()]
    models = {f"a{k}": lambda works, k=k: (k, works[k]) for k in range(3)}
    models |= {f"b{k}": lambda first, k=k: (first[0], k) for k in range(3)}
    text = """w(works)
    first = (a0 | a1 | a2)(works)
    assert first[1]
    out = (b0 | b1 | b2)(first)
    assert out[1] == (out[0] + 1) % 3"""
    return text, models, jobs


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("world", "by_far"), [(by_context, 0.75), (by_pairs, 0.85)])
def test_it_learns_what_a_node_by_itself_does_not_show(world, by_far, seed):
    text, models, jobs = world(seed)
    text = text.replace("\n    ", "\n")
    ours, theirs = (run(text, models, jobs, s, seed) for s in (Hybrid(), Thompson()))
    half = len(jobs) // 2
    assert ours.mean() < by_far * theirs.mean()
    assert ours[half:].mean() < by_far * theirs[half:].mean()


def test_a_run_is_repeated_exactly_by_its_seed():
    text, models, jobs = by_context(3)
    text = text.replace("\n    ", "\n")
    first, again, other = (run(text, models, jobs[:80], Hybrid(), seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
