"""The cascade's arithmetic by brute force, and what the tables hold."""

import argparse
import itertools
import json

import numpy as np
import pytest

from flexiflow.benchmarks import cascade
from flexiflow.samplers import Fixed, Greedy, Random, Thompson


def paid(problem, order, job):
    """What an order pays for a job, one candidate after the other."""
    total = 0.0
    for k in order:
        total += problem.price[k]
        if problem.passes[job, k]:
            break
    return total


def test_the_best_order_is_that_of_brute_force():
    problem = cascade.draw(jobs=30, seed=4, candidates=4)

    def expected(order):
        reach, total = 1.0, 0.0
        for k in order:
            total += reach * problem.price[k]
            reach *= 1 - problem.chance[k]
        return total

    best = min(itertools.permutations(range(4)), key=expected)
    np.testing.assert_allclose(problem.best(), [paid(problem, best, j) for j in range(30)])


@pytest.mark.parametrize("declared", [True, False])
def test_the_excess_is_what_is_paid_beyond_the_best_order(declared):
    problem = cascade.draw(jobs=30, seed=5, candidates=4)
    written = np.array([paid(problem, range(4), j) for j in range(30)])
    found = cascade.excess(Fixed(), problem, declared)
    np.testing.assert_allclose(found, written - problem.best())


def test_jobs_teach_what_happened():
    problem, sampler = cascade.draw(jobs=50, seed=6, candidates=3), Greedy()
    cascade.excess(sampler, problem, declared=False)
    counts, sums = sampler.passes.table, sampler.seconds.table.sums
    names = [c.fingerprint for c in cascade.workflow(problem, False).nodes[0].candidates]
    order = [names.index(key[-1]) for key in sampler.state["passes"]["keys"]]
    passes, fails = counts.sums[np.argsort(order)].T
    assert passes.sum() == problem.passes.any(axis=1).sum()
    assert (fails <= (~problem.passes).sum(axis=0)).all()
    mean = (sums[:, 1] / sums[:, 0])[np.argsort(order)]
    np.testing.assert_allclose(mean, problem.price, rtol=0.2)


def test_each_sampler_has_a_row_for_each_horizon():
    table = cascade.measure({"random": Random, "thompson": Thompson}, (5, 40), problems=2)
    assert table.select("prices", "sampler", "jobs").rows() == [
        (prices, sampler, jobs)
        for prices in ("declared", "learned")
        for sampler in ("random", "thompson")
        for jobs in (5, 40)
    ]
    random, thompson = (
        table.filter(sampler=name, jobs=40)["excess"].to_numpy() for name in ("random", "thompson")
    )
    assert random[0] == random[1]
    assert (thompson < random).all()
    text = cascade.shown(table)
    assert f"{random[0]:.1f}" in text
    assert "±" in text


def test_the_regret_of_a_bandit_grows_slower_than_its_steps():
    short, long = (cascade.regret(steps=s, runs=8, seed=1) for s in (200, 1000))
    at_random = 0.5 - np.linspace(0.05, 0.5, 10).mean()
    for few, many in zip(short["regret"], long["regret"], strict=True):
        assert 0 < few < 200 * at_random
        assert few < many < 3 * few
    assert "regret" in cascade.shown(long)


def test_the_command_prints_both_tables(capsys):
    parser = argparse.ArgumentParser()
    cascade.add_arguments(parser)
    asked = ["--samplers", "thompson", "--jobs", "3", "9", "--problems", "1"]
    asked += ["--steps", "5", "--runs", "1"]
    cascade.report(parser.parse_args([*asked, "--json"]))
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("jobs") for row in rows] == [3, 9, 3, 9, None, None]
    assert rows[0]["error"] is None
    cascade.report(parser.parse_args(asked))
    assert "declared" in capsys.readouterr().out
