"""The tables of simulated workflows: complete, repeatable, and put together rightly."""

import argparse
import json

import numpy as np
import polars as pl
import pytest

from flexiflow import BadInput, Random, Thompson
from flexiflow.benchmarks import baselines, workflow
from flexiflow.benchmarks.simulate import World, draw
from flexiflow.benchmarks.simulated_workflow import run
from flexiflow.benchmarks.worlds import TABLES, Table

CHAIN = Table(World("chain", sizes=(2, 2, 2), jobs=40), "small", 3, 0.3)
DRIFT = Table(World("drift", sizes=(2, 2, 2), jobs=180, breaks=(0, 60)), "small", 2)


def reported(*arguments):
    parser = argparse.ArgumentParser()
    workflow.add_arguments(parser)
    workflow.report(parser.parse_args(arguments))


def of(table, policy):
    return table.row(by_predicate=pl.col("policy") == policy, named=True)


def test_costs_are_relative_to_the_order_of_pass_rates_without_reuse_seed_by_seed():
    table = workflow.measure({"random": Random}, [CHAIN], seed=5)
    unit = of(table, "by pass rate, no reuse")
    assert unit["cost"] == unit["second_half"] == unit["budget_cost"] == 1.0
    ratios, halves, within, passed, right = [], [], [], [], []
    for seed in (5, 6, 7):
        simulation = draw(CHAIN.world, seed)
        order = baselines.by_passes(simulation.fresh[0])
        limit = 0.3 * baselines.exhaustive(simulation)
        base = baselines.in_order(simulation, order, False)
        tight = baselines.in_order(simulation, order, False, limit)
        free, bound = (run(simulation, Random(), seed, m) for m in (None, limit))
        ratios.append(free.seconds.sum() / base.seconds.sum())
        halves.append(free.seconds[20:].sum() / base.seconds[20:].sum())
        within.append(bound.seconds.sum() / tight.seconds.sum())
        passed.append(bound.passed.mean())
        right.append(free.right.mean())
    row = of(table, "random")
    assert row["cost"] == pytest.approx(np.mean(ratios))
    assert row["cost_se"] == pytest.approx(np.std(ratios, ddof=1) / 3**0.5)
    assert row["second_half"] == pytest.approx(np.mean(halves))
    assert row["budget_cost"] == pytest.approx(np.mean(within))
    assert row["budget_passed"] == pytest.approx(np.mean(passed))
    assert row["budget_cost_se"] == pytest.approx(np.std(within, ddof=1) / 3**0.5)
    assert row["budget_passed_se"] == pytest.approx(np.std(passed, ddof=1) / 3**0.5)
    assert row["right"] == pytest.approx(np.mean(right))
    assert row["recovery"] is row["excess"] is None


def test_reuse_saves_and_all_who_go_on_pass_the_same_jobs():
    table = workflow.measure({"thompson": Thompson}, [CHAIN])
    cost = dict(table.select("policy", "cost").iter_rows())
    assert cost["oracle"] < cost["best order for reuse"] < 1.0
    assert cost["by pass rate, with reuse"] < 1.0
    assert cost["best order, with reuse"] < cost["best order, no reuse"]
    going_on = table.filter(pl.col("policy") != "single best, no switching")
    assert going_on["passed"].n_unique() == 1
    assert of(table, "single best, no switching")["passed"] < going_on["passed"][0]


@pytest.mark.slow
def test_processes_change_nothing():
    samplers = {"thompson": Thompson}
    alone = workflow.measure(samplers, [CHAIN], seed=1)
    assert workflow.measure(samplers, [CHAIN], seed=1, workers=2).equals(alone)


def test_after_a_break_costs_are_compared_with_the_order_of_the_world_as_it_is():
    table = workflow.measure({"thompson": Thompson}, [DRIFT])
    assert of(table, "best order for reuse")["excess"] == 0.0
    assert of(table, "best order for reuse")["recovery"] == 0
    assert of(table, "oracle")["excess"] is None
    excess = []
    for seed in (0, 1):
        simulation = draw(DRIFT.world, seed)
        before, after = (baselines.best_order(simulation, f, True) for f in simulation.fresh)
        old, new = (baselines.in_order(simulation, o, True).seconds[60:] for o in (before, after))
        excess.append((old.sum() - new.sum()) / new.mean())
    row = of(table, "order from before the break")
    assert row["excess"] == pytest.approx(np.mean(excess))
    assert row["excess_se"] == pytest.approx(abs(excess[0] - excess[1]) / 2)


def test_recovery_is_the_start_of_the_first_quiet_window():
    rng = np.random.default_rng(0)
    for _ in range(20):
        excess = rng.normal(size=300) + np.linspace(1.0, -0.5, 300)
        quiet = [t for t in range(251) if excess[t : t + 50].mean() <= 0.1]
        assert workflow.recovery(excess) == (quiet[0] if quiet else None)
    assert workflow.recovery(np.zeros(49)) is None
    assert workflow.recovery(np.ones(400)) is None


def test_every_world_is_measured_as_the_command_line_asks(capsys):
    reported("--samplers", "random", "--seeds", "1", "--jobs", "6", "--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(dict.fromkeys(r["world"] for r in rows)) == [t.world.name for t in TABLES]
    assert all(list(r) == list(workflow.SCHEMA) for r in rows)
    assert all(r["cost"] > 0 and r["seeds"] == 1 and r["cost_se"] is None for r in rows)
    by_world = {
        name: {r["policy"] for r in rows if r["world"] == name} for name in ("chain", "drift")
    }
    assert {"random", "Thompson by node", "Thompson by configuration"} <= by_world["chain"]
    assert {"random", "Thompson, discount .99"} <= by_world["drift"]


def test_tables_show_each_world_with_the_columns_it_has(capsys):
    reported("--samplers", "random", "--worlds", "fan-in, chain", "--seeds", "2", "--jobs", "5")
    join, line = capsys.readouterr().out.split("\n\n")
    assert join.startswith("fan-in (2 seeds): two branches")
    assert "budget_cost" not in join
    assert "recovery" not in line
    header, first, *_ = line.splitlines()[1:]
    assert header.split()[-1] == "budget_passed_se"
    assert first.split()[0] == "oracle"
    assert first.split()[-1] == "-"


def test_a_table_of_ones_own_world_is_shown_too():
    table = workflow.measure({"random": Random}, [Table(World("mine", jobs=4), "", 1)])
    assert workflow.shown(table).startswith("mine (1 seeds)\n")
    assert workflow.shown(table, {"mine": "a first try"}).startswith("mine (1 seeds): a first try")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--worlds", "chains"), "There are chain, fan-in"),
        (("--samplers", "tomson"), "did you mean 'thompson'"),
        (("--seeds", "0"), "seeds"),
        (("--jobs", "1"), "jobs"),
        (("--workers", "0"), "workers"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, word):
    with pytest.raises(BadInput, match=word):
        reported(*arguments)
