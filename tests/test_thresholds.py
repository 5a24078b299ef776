"""Thresholds that are set, freed and learned: from jobs whose best numbers are known.

The cheap model is right where it is sure enough for its class, the dear one always: each class
has its own best number.
"""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from cells import cell

from flexiflow import BadInput, Hybrid, MemoryStore
from flexiflow.candidates import Result, candidate
from flexiflow.samplers import Thompson
from flexiflow.samplers.base import Ask
from flexiflow.samplers.splines import DRAWS
from flexiflow.thresholds import Thresholds

SURE = {"a": 0.8, "b": 0.3}
WORLD = """w(kind, sure, truth=None)
y = (cheap | dear)(kind, sure)
assert confidence(y) >= threshold(0.5, "sure", by=kind)
maximize(y == truth)
minimize(cost, weight=0.1)
"""


def world(text=WORLD, **options):
    def cheap(kind, sure):
        return Result("right" if sure > SURE[kind] else "wrong", confidence=sure)

    def dear(kind, sure):
        return Result("right", confidence=0.99)

    names = {"cheap": candidate(cheap, cost=1.0), "dear": candidate(dear, cost=5.0)}
    return cell(text, names, **options)


def jobs(n, seed):
    rng = np.random.default_rng(seed)
    return [
        {"kind": "ab"[int(rng.integers(2))], "sure": round(float(rng.random()), 3)}
        for _ in range(n)
    ]


def play(flow, n, seed, labels=1.0):
    """Run jobs, then give labels late; right answers' share and mean cost."""
    rng = np.random.default_rng(seed)
    run = flow.run(jobs(n, seed), seed=seed, clock=lambda *_: 0.0)
    for job_id in run.jobs["job_id"]:
        if rng.random() < labels:
            flow.feedback(job_id, truth="right")
    right = [json.loads(o) == "right" for o in flow.store.read("jobs", run=run.run_id)["output"]]
    return np.mean(right), run.jobs["cost"].mean(), run


def optimum(n, seed):
    """Mean cost of accepting the cheap one just where it is right."""
    return np.mean([1.0 if j["sure"] > SURE[j["kind"]] else 6.0 for j in jobs(n, seed)])


def advised(flow, kind, later=False, who=0, graph=None):
    """The numbers under each draw."""
    graph = graph or flow.graph
    member = ("y", graph.nodes[0].candidates[who].fingerprint)
    return [
        flow.sampler.advise(Ask(graph, 0, draw, member, 0.6, kind, later, {})).number
        for draw in range(DRAWS)
    ]


@pytest.fixture(scope="module")
def learned():
    """The world's workflow after some hundred jobs."""
    flow = world(WORLD.replace("0.5", "0.95"))
    history = [play(flow, 100, seed, 0.4) for seed in range(8)]
    return flow, history


def test_numbers_end_near_the_optimum(learned):
    flow, _ = learned
    for kind, best in SURE.items():
        assert np.mean(advised(flow, kind)) == pytest.approx(best, abs=0.1)


def test_cost_falls_nearly_to_the_optimum_and_answers_stay_right(learned):
    _, history = learned
    rights, costs = (np.array([h[k] for h in history]) for k in (0, 1))
    best = np.array([optimum(100, seed) for seed in range(len(history))])
    assert costs[0] > 1.4 * best[0]
    assert costs[-3:].sum() < 1.1 * best[-3:].sum()
    assert rights[0] > 0.97
    assert rights[-3:].mean() > 0.97


def test_verdicts_say_what_was_compared_with_which_number(learned):
    _, history = learned
    for _, _, run in (history[0], history[-1]):
        table = run.verdicts
        assert {"threshold", "statistic", "group"} <= set(table.columns)
        rows = table.rows(named=True)
        assert {row["group"] for row in rows} == {"a", "b"}
        assert all(row["result"] == (row["statistic"] >= row["threshold"]) for row in rows)
    assert set(history[0][2].verdicts["threshold"]) == {0.95}
    assert len(set(history[-1][2].verdicts["threshold"])) > 4


def test_a_number_that_was_set_stays_until_it_is_freed(learned):
    flow = copy.copy(learned[0])
    flow.thresholds["sure"] = 0.9
    set_ = flow.run(jobs(30, 50), seed=50, clock=lambda *_: 0.0).verdicts
    assert set(set_["threshold"]) == {0.9}
    assert set_["result"].to_list() == [s >= 0.9 for s in set_["statistic"]]
    flow.thresholds.free("sure")
    freed = flow.run(jobs(30, 50), seed=50, clock=lambda *_: 0.0).verdicts
    assert 0.9 not in set(freed["threshold"])
    assert len(set(freed["threshold"])) > 2


def test_the_objective_in_force_moves_the_numbers(learned):
    flow = learned[0]
    found = []
    for weight in (5.0, 0.1, 5.0, 0.1):  # each is fitted anew to what is known now
        flow.weigh("cost", weight)
        graph = flow.steering.now.graph
        found.append(advised(flow, "b", graph=graph))
    assert found[1] == found[3]
    assert np.mean(found[1]) == pytest.approx(SURE["b"], abs=0.1)
    assert max(found[0]) < 0.1  # nothing is worth the dear one


def test_two_lives_with_the_same_seeds_are_the_same():
    lives = []
    for _ in range(2):
        flow = world()
        runs = [play(flow, 40, seed)[2] for seed in range(3)]
        lives.append([r.verdicts.select("threshold", "statistic", "result").rows() for r in runs])
    assert lives[0] == lives[1]


def test_a_restart_believes_what_one_life_does():
    store = MemoryStore()
    flow = world(store=store)
    for seed in range(3):
        play(flow, 40, seed, 0.7)
    snapshot = world(store=store)  # from the snapshot
    snapshot.run([])
    log = world(store=store, sampler=Hybrid())
    log._learner._log().anew()  # from the log alone
    ((mark, mine),) = flow.sampler.about("w").cutoffs.items()
    for other in (snapshot, log):
        assert other.sampler.about("w").cutoffs[mark].state() == mine.state()
        assert advised(other, "a") == advised(snapshot, "a")
        assert advised(other, "b", later=True, who=1) == advised(snapshot, "b", later=True, who=1)


@pytest.mark.parametrize("when", ["with the job", "late"])
def test_labels_teach_what_was_right_and_what_was_paid(when):
    flow = world()
    if when == "late":
        play(flow, 60, 1)
    else:
        given = [{**job, "truth": "right"} for job in jobs(60, 1)]
        flow.run(given, seed=1, clock=lambda *_: 0.0)
    assert flow.store.read("feedback").is_empty() == (when == "with the job")
    (cutoffs,) = flow.sampler.about("w").cutoffs.values()
    cheap, dear = (c.fingerprint for c in flow.graph.nodes[0].candidates)
    told = {member[1:]: list(rows.values()) for member, rows in cutoffs.told.items()}
    assert sum(map(len, told.values())) == flow.store.read("verdicts").height
    for (fingerprint, _), rows in told.items():
        for t in rows:
            right = fingerprint == dear or t.statistic > SURE[t.group]
            assert (t.own or t.final) == {"y == truth": right, "cost": t.final["cost"]} or (
                t.own == {"y == truth": right}
            )
            assert t.held == (t.own is None)
    assert {t.cost for t in told[cheap, False] if not t.held} == {5.0}
    assert {t.cost for t in told[cheap, False] if t.held} == {0.0}


def test_where_nothing_is_learned_the_start_stays():
    thompson = world(sampler=Thompson())
    _, _, run = play(thompson, 40, 0)
    _, _, run = play(thompson, 40, 1)
    assert set(run.verdicts["threshold"]) == {0.5}
    assert Hybrid().advise(Ask(thompson.graph, 0, 1, ("y", "f"), 0.5, None, False, {})) is None
    no_labels = world()
    for seed in range(2):
        _, _, run = play(no_labels, 40, seed, labels=0.0)
    assert set(run.verdicts["threshold"]) == {0.5}


def test_a_number_that_is_set_is_fixed_and_freed_back_to_its_start():
    numbers = Thresholds({"sure": 0.75, "least": 3.0})
    assert numbers.fixed == set()
    numbers["sure"] = 1
    numbers.update(least=np.float64(2.5))
    assert (dict(numbers), numbers.fixed) == ({"sure": 1.0, "least": 2.5}, {"sure", "least"})
    numbers.free("sure")
    numbers.free("sure")
    assert (dict(numbers), numbers.fixed) == ({"sure": 0.75, "least": 2.5}, {"least"})
    numbers["sure"] = 0.75  # set to where it starts: set all the same
    assert numbers.fixed == {"sure", "least"}


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, True, "0.5", None])
def test_what_is_no_finite_number_is_refused_and_fixes_nothing(value):
    numbers = Thresholds({"sure": 0.75})
    with pytest.raises(BadInput, match="'sure' must be a finite number"):
        numbers["sure"] = value
    with pytest.raises(BadInput, match=r"no threshold 'shure' \(did you mean 'sure'"):
        numbers.free("shure")
    assert (dict(numbers), numbers.fixed) == ({"sure": 0.75}, set())
