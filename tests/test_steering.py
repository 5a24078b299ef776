"""Pins, bans and weights: what they allow, when they hold, and what is refused."""

import itertools

import pytest
from cells import appending, cell
from hypothesis import given
from hypothesis import strategies as st
from worlds import chain

from flexiflow import (
    KLUCB,
    UCB,
    BadInput,
    EpsilonGreedy,
    Fixed,
    Greedy,
    Hybrid,
    MemoryStore,
    Random,
    Result,
    Thompson,
)
from flexiflow.candidates import candidate
from flexiflow.steering import Steering

TEXT = """
    f(x)
    one = (a | b | c)(x)
    two = (c | d)(one)
    assert two == 'nothing'
"""
SAMPLERS = [Fixed, Random, Thompson, Hybrid, Greedy, EpsilonGreedy, UCB, KLUCB]


def tried(outcome):
    """The whole paths that a job has tried, as text."""
    return {(t.node, t.candidate) for t in outcome.attempts}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_pin_and_a_ban_hold_for_every_sampler_until_they_are_lifted(sampler):
    it = cell(TEXT, appending(), sampler=sampler())
    for _ in range(3):
        it("x")
    it.pin("one", "b")
    it.ban("two", "d")
    for _ in range(3):
        outcome = it.job("x")
        assert tried(outcome) == {("one", "b"), ("two", "c")}
        assert (outcome.status, outcome.output) == ("exhausted", "xbc")
        assert all(0 < t.propensity <= 1 for t in outcome.attempts)
    it.pin("one", None)
    assert {c for n, c in tried(it.job("x")) if n == "one"} == {"a", "b", "c"}
    it.ban("two", "d", on=False)
    assert len(tried(it.job("x"))) == 5


@pytest.mark.parametrize("sampler", [Fixed, Random, Thompson, Hybrid])
def test_they_hold_where_configurations_are_too_many_to_enumerate(sampler):
    models = {f"m{k}": lambda x, k=k: f"{x}{k}" for k in range(7)}
    names = " | ".join(models)
    lines = [f"n{v} = ({names})(n{v - 1})" for v in range(1, 6)]
    text = "\n".join(["f(n0)", *lines, "assert n5 == 'x56666'"])
    it = cell(text, models, sampler=sampler(), max_attempts=60)
    assert it.graph.size > 10_000
    it.pin("n1", "m5")
    for node in ("n2", "n3", "n4", "n5"):
        for k in range(5):
            it.ban(node, f"m{k}")
    outcome = it.job("x")
    assert {c for n, c in tried(outcome) if n == "n1"} == {"m5"}
    assert {c for n, c in tried(outcome) if n != "n1"} <= {"m5", "m6"}
    assert outcome.passed


def test_every_reroll_of_a_banned_candidate_is_out():
    models = {"a": candidate(lambda x: "a", rerolls=2), "b": lambda x: "b"}
    it = cell("f(x)\none = (a | b)(x)\nassert one == 'no'", models, sampler=Fixed())
    assert len(it.job(1).attempts) == 4
    it.ban("one", "a")
    assert [t.candidate for t in it.job(1).attempts] == ["b"]


def test_what_is_said_while_a_job_is_under_way_holds_from_the_next_one_on():
    def pinning(x):
        it.pin("one", "c")
        it.weigh("len(two)", 3.0)
        return "p"

    text = """
        f(x)
        one = (pinning | a | b | c)(x)
        two = d(one)
        assert two in ('xbd', 'xcd')
        maximize(len(two))
    """
    it = cell(text, {**appending(), "pinning": pinning}, sampler=Fixed())
    first, second = it.job("x"), it.job("x")
    assert (first.output, first.job.reward) == ("xbd", 3.0)
    assert (second.output, second.job.reward) == ("xcd", 9.0)


def test_a_pinned_effect_runs_once_and_a_job_with_no_way_left_ends():
    sent = []
    models = {
        "mail": candidate(lambda x: sent.append("mail") or 1, effects=True),
        "post": candidate(lambda x: sent.append("post") or 1, effects=True),
    }
    it = cell("f(x)\ndone = (mail | post)(x)\nassert done == 2", models, sampler=Fixed())
    it.pin("done", "post")
    outcome = it.job(1)
    assert sent == ["post"]
    assert (outcome.status, len(outcome.attempts)) == ("exhausted", 1)


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda s: s.pin("ome", "a"), "f has no node 'ome'. Did you mean 'one'?"),
        (lambda s: s.pin("one", "bb"), "Node 'one' has no candidate 'bb'. Did you mean 'b'?"),
        (lambda s: s.ban("one", "zzz"), "Node 'one' has no candidate 'zzz'. There are: 'a', 'b'"),
        (lambda s: s.pin("five", None), "f has no node 'five'. There are: 'one', 'two'."),
        (lambda s: s.pin(3, "a"), "f has no node 3."),
        (lambda s: s.ban("one", ["a"]), r"Node 'one' has no candidate ['a']."),
        (lambda s: s.pin("two", "c"), "'c' is banned at 'two' and cannot be pinned."),
        (lambda s: s.ban("one", "a"), "'a' is pinned at 'one' and cannot be banned."),
        (lambda s: s.ban("two", "d"), "Banning 'c', 'd' would leave no candidate at 'two'."),
        (lambda s: s.weigh("runtim", 1), "f has no objective 'runtim'. Did you mean 'runtime'?"),
        (lambda s: s.weigh("runtime", -1), "A weight must be a finite number, 0 or more. Got -1"),
        (lambda s: s.weigh("runtime", float("inf")), "finite number"),
        (lambda s: s.weigh("runtime", float("nan")), "finite number"),
        (lambda s: s.weigh("runtime", True), "finite number"),
        (lambda s: s.weigh("runtime", "much"), "finite number"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(say, message):
    it = cell(f"{TEXT}    minimize(runtime)", appending())
    steering = it.steering
    steering.pin("one", "a")
    steering.ban("two", "c")
    before = steering.snapshot(), steering.now
    with pytest.raises(BadInput) as caught:
        say(steering)
    assert message in str(caught.value)
    assert (steering.snapshot(), steering.now) == before


moves = st.lists(
    st.tuples(st.sampled_from(["pin", "free", "ban", "lift"]), st.integers(0, 1), st.integers(0, 2))
)


@given(moves)
def test_whatever_is_said_a_way_is_left_and_no_other_is_open(said):
    graph = chain(3, 3)
    steering = Steering(graph)
    for word, v, k in said:
        node, name = f"n{v}", f"n{v}c{k}"
        try:
            if word in ("pin", "free"):
                steering.pin(node, name if word == "pin" else None)
            else:
                steering.ban(node, name, word == "ban")
        except BadInput:
            pass
    pins, bans = steering.pins, steering.bans
    open_ = {
        (v, k)
        for v, k in itertools.product(range(2), range(3))
        if f"n{v}c{k}" not in bans.get(f"n{v}", ()) and pins.get(f"n{v}") in (None, f"n{v}c{k}")
    }
    assert {v for v, _ in open_} == {0, 1}
    assert set(steering.now.out) == set(itertools.product(range(2), range(3))) - open_


WEIGHED = "f(x, label=None)\ny = (a | b)(x)\nmaximize(y == label)\nminimize(cost, weight=0.5)"
PRICED = {"a": candidate(lambda x: x, cost=2.0), "b": candidate(lambda x: -x, cost=4.0)}


def test_weights_count_at_once_in_rewards_and_in_feedback():
    it = cell(WEIGHED, PRICED, sampler=Fixed())
    first = it.job(3, label=3)
    waiting = it.job(3)
    assert first.job.reward == 1 - 0.5 * 2
    it.weigh("cost", 0.25)
    assert it.job(3, label=3).job.reward == 1 - 0.25 * 2
    assert it.feedback(waiting.job_id, label=3).reward == 1 - 0.25 * 2
    it.weigh("cost", 0)
    assert it.job(3, label=4).job.reward == 0.0
    assert it.steering.weights == {"y == label": 1.0, "cost": 0.0}
    assert it.log()["reward"].to_list() == [0.0, 0.5, 0.5, 0.0]


def test_a_sampler_is_given_the_weights_in_force_under_the_same_digest():
    seen = []

    class Noting(Fixed):
        def propose(self, states):
            seen.extend(s.graph for s in states)
            return super().propose(states)

    it = cell(WEIGHED, PRICED, sampler=Noting())
    it(1)
    it.weigh("cost", 0.25)
    it(1)
    it.weigh("cost", 0.5)
    it(1)
    assert {g.digest for g in seen} == {it.graph.digest}
    assert [g.key for g in seen] == [(it.graph.digest, (1.0, w)) for w in (0.5, 0.25, 0.5)]
    assert it.graph.reweighed({}).key == it.graph.key


def test_a_run_cell_that_is_run_again_keeps_what_still_applies():
    it = cell(f"{TEXT}    maximize(len(two))\n    minimize(runtime)", appending())
    it.pin("one", "b")
    it.ban("two", "d")
    it.weigh("runtime", 0.1)
    it.weigh("len(two)", 0.2)
    same = cell(f"{TEXT}    maximize(len(two))\n    minimize(runtime)", appending(), like=it)
    assert same.steering is not it.steering
    assert same.steering.snapshot() == it.steering.snapshot()
    assert same.steering.now.out == it.steering.now.out
    other = """
        f(x)
        one = (a | c)(x)
        two = d(one)
        maximize(len(two), weight=2)
        minimize(runtime)
    """
    edited = cell(other, appending(), like=it)
    assert edited.steering.snapshot() == {
        "pins": {}, "bans": {}, "weights": {"len(two)": 2.0, "runtime": 0.1},
    }  # fmt: skip
    assert edited("x")
    same.pin("one", None)
    assert it.steering.pins == {"one": "b"}


def test_all_runs_share_it_and_a_store_or_sampler_of_their_own_changes_nothing():
    it = cell("f(x)\ny = (a | b)(x)", {"a": lambda x: "a", "b": lambda x: Result("b")})
    it.pin("y", "b")
    for options in ({}, {"sampler": Random()}, {"store": MemoryStore()}, {"workers": 3}):
        assert set(it.run([{"x": k} for k in range(6)], **options).results["output"]) == {"b"}
    assert repr(it.steering) == "Steering(pins={'y': 'b'}, bans={}, weights={})"
