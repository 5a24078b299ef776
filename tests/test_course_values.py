"""What is handed from node to node, and what equal values save."""

import numpy as np
import pytest
from cells import cell, count_calls

from flexiflow import Fixed, Unavailable


def spoil(array):
    array[...] = 0
    return array


@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: [a], lambda a: {"k": a}, lambda a: (a, 1)])
def test_a_candidate_cannot_spoil_a_jobs_input(wrap):
    array = np.ones(3)
    pick = {"bad": lambda v: spoil(next(iter(v.values())) if isinstance(v, dict) else
                                   v if isinstance(v, np.ndarray) else v[0]),
            "good": lambda v: 3.0}  # fmt: skip
    outcome = cell("f(x)\ny = (bad | good)(x)", pick, sampler=Fixed()).job(wrap(array))
    assert outcome.output == 3.0
    assert "read-only" in outcome.attempts[0].reason
    assert array.tolist() == [1.0, 1.0, 1.0]


def test_an_array_that_is_given_out_can_be_written_to():
    output = cell("f(x)\ny = make(x)", {"make": lambda x: np.zeros(2)})(1)
    output[0] = 1.0
    assert output.tolist() == [1.0, 0.0]


def test_many_equal_values_do_not_multiply():
    names = {f"c{k}": count_calls(lambda x: x) for k in range(4)}
    lines = ["f(x)", "n0 = (c0 | c1 | c2 | c3)(x)"]
    lines += [f"n{v} = (c0 | c1 | c2 | c3)(n{v - 1})" for v in range(1, 6)]
    outcome = cell("\n".join([*lines, "assert n5 == 99"]), names).job(1)
    assert outcome.status == "exhausted"
    assert outcome.job.attempts == 24  # each candidate of each node once
    assert len(outcome.attempts) < 300


def test_a_large_workflow_runs_and_can_be_told_about():
    names = {f"c{k}": (lambda x, k=k: f"{x}{k}") for k in range(8)}
    lines = ["f(x)", f"n0 = ({' | '.join(names)})(x)"]
    lines += [f"n{v} = ({' | '.join(names)})(n{v - 1})" for v in range(1, 12)]
    it = cell("\n".join([*lines, "assert n11[-1] in '34'"]), names)
    run = it.run([{"x": ""}] * 3, max_attempts=100)
    assert run.jobs["status"].is_in(["passed", "budget"]).all()
    assert run.attempts["propensity"].is_between(0, 1).all()


def test_the_best_of_what_did_not_pass_is_chosen_by_the_objective():
    text = "f(x)\ny = (one | two | zero)(x)\nassert y > 9\nmaximize(y)"
    names = {"one": lambda x: 1, "two": lambda x: 2, "zero": lambda x: 0}
    outcome = cell(text, names, sampler=Fixed()).job(0)
    assert (outcome.passed, outcome.output) == (False, 2)


def test_a_pass_that_is_worth_less_than_its_price_ends_the_job():
    names = {"slow": lambda x: 0, "slower": lambda x: 0}
    text = "f(x)\ny = (slow | slower)(x)\nassert y"
    jobs = [{"x": k} for k in range(20)]

    def clock(*_):
        return 10.0

    dear = cell(text, names).run(jobs, clock=clock, stop_when=0.5, seed=1)
    assert set(dear.jobs["status"][5:]) == {"stopped"}
    assert cell(text, names).run(jobs, clock=clock, stop_when=1e6).jobs["attempts"].min() == 2


def test_candidates_that_all_cool_down_are_asked_once_each_last():
    def away(x):
        raise Unavailable("busy", retry_after=1000)

    it = cell("f(x)\ny = (u1 | u2)(x)", {"u1": away, "u2": lambda x: away(x)}, sampler=Fixed())
    run = it.run([{"x": 1}, {"x": 2}])
    asked = run.attempts["candidate"].to_list()
    assert asked == ["u1", "u2", "u1", "u2", "u1", "u2"]
    again = it.run([{"x": 3}])  # the cool-down outlives the run
    assert again.attempts["candidate"].to_list() == ["u1", "u2"]
