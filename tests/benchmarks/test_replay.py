"""A replay pays, job by job, what the same order costs by hand; the runner does the work."""

import json
from statistics import fmean, stdev
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from recordings import SHAPES, ByHand, Shape, configurations, drawn, solvable

from flexiflow.benchmarks import replay, timed, yardsticks
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.policies import POLICIES, chosen
from flexiflow.benchmarks.recorded import recording, save
from flexiflow.benchmarks.recorded_workflow import workflow_of
from flexiflow.errors import BadInput
from flexiflow.samplers import Fixed, Random, Thompson

EVERY = pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES.keys())
APART = SHAPES["apart"]


def made(shapes, jobs=15, seed=0, context=None):
    outcomes = drawn(shapes, jobs, seed)
    read = recording("drawn", outcomes, context)
    return read.take(read.solvable), outcomes, solvable(shapes, outcomes)


class Watched(Fixed):
    """Notes what it is shown."""

    all: ClassVar[list] = []

    def __init__(self):
        super().__init__()
        self.contexts, self.outcomes = [], []
        Watched.all.append(self)

    def __deepcopy__(self, memo):
        return self

    def propose(self, states):
        self.contexts += [dict(s.context) for s in states if s.present is None]
        return super().propose(states)

    def update(self, outcomes):
        self.outcomes += outcomes


@EVERY
def test_a_fixed_order_pays_what_it_costs_by_hand(shapes):
    read, outcomes, names = made(shapes)
    every = configurations(shapes)
    found = replay.stream(read, Fixed, seed=3, shuffle=1)
    order = replay.order_of(read, seed=3, shuffle=1)
    assert sorted(order) == list(range(len(names)))
    by_hand = [ByHand(shapes, outcomes, names[j]).pay(every) for j in order]
    np.testing.assert_allclose(found.price, [price for price, _ in by_hand])
    assert found.passed.all()
    walked = yardsticks.walk(read, np.arange(read.size))
    np.testing.assert_array_equal(found.correct, walked.correct[order])


@EVERY
def test_each_attempt_is_a_row_of_the_recording(shapes):
    read, outcomes, names = made(shapes)
    Watched.all.clear()
    replay.stream(read, Watched, seed=0, shuffle=0)
    order = replay.order_of(read, 0, 0)
    for j, outcome in zip(order, Watched.all[0].outcomes, strict=True):
        hand = ByHand(shapes, outcomes, names[j])
        hand.pay(configurations(shapes))
        ran = [a for a in outcome.attempts if not a.memo]
        rows = [r for r in hand.rows if r in hand.paid]
        seconds = [(r[0], r[2], hand.rows[r]["seconds"]) for r in rows]
        assert sorted((a.node, a.candidate, a.seconds) for a in ran) == sorted(seconds)
        gave_nothing = {a.node for a in ran if a.kind == "exception"}
        assert gave_nothing <= {f"n{v}" for v, it in enumerate(shapes) if it.raises}
        judged = {v.assertion for v in outcome.verdicts}
        assert judged <= {f"passed(n{v})" for v, it in enumerate(shapes) if it.passes is not None}
        assert all(v.seconds == 0 for v in outcome.verdicts)


def test_candidates_that_raised_raise_again():
    read, _, _ = made(SHAPES["chain that can raise"])
    Watched.all.clear()
    replay.stream(read, Watched, seed=0, shuffle=0)
    kinds = {a.kind for o in Watched.all[0].outcomes for a in o.attempts}
    assert kinds == {"pass", "soft failure", "exception"}


def test_a_node_reads_what_its_outcomes_depend_on():
    shapes = [Shape(2), Shape(2, True), Shape(2), Shape(3, True), Shape(2)]
    graph, _ = workflow_of(recording("drawn", drawn(shapes, jobs=3)))
    assert graph.parents == ((), (0,), (), (1, 2), ())
    assert graph.lineage == ((0,), (0, 1), (2,), (0, 1, 2, 3), (4,))
    assert graph.scopes == graph.lineage
    odd = drawn([Shape(2)], jobs=2).with_columns(node=pl.lit("job"))
    assert workflow_of(recording("odd", odd))[0].parents == ((),)


def test_the_sampler_sees_the_features_of_the_job_at_hand():
    jobs = [f"j{k}" for k in range(15)]
    numbers = [None if k == 2 else k / 2 for k in range(15)]
    context = pl.DataFrame({"job": jobs, "a size": numbers, "kind": [f"k{j}" for j in jobs]})
    read, _, names = made(APART, context=context)
    Watched.all.clear()
    replay.stream(read, Watched, seed=0, shuffle=0)
    want = [
        {"a size": numbers[int(names[j][1:])], "kind": f"k{names[j]}"}
        for j in replay.order_of(read, 0, 0)
    ]
    assert Watched.all[0].contexts == want


def test_each_shuffle_has_its_own_order_and_a_cold_sampler():
    read, _, _ = made(APART)
    Watched.all.clear()
    list(replay.rows(read, {"one": Watched, "two": Watched}, shuffles=2, seed=5))
    orders = [[o.job.seconds for o in w.outcomes] for w in Watched.all]
    assert len(orders) == 4
    assert orders[0] == orders[2]
    assert orders[1] == orders[3]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])
    drawn_orders = {tuple(replay.order_of(read, s, k)) for s in range(3) for k in range(3)}
    assert len(drawn_orders) == 9


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures_with_any_number_of_workers():
    read, _, _ = made(SHAPES["fan-in"], jobs=40)
    policies = {"random": Random, "thompson": Thompson}

    def figures(**options):
        rows = list(replay.rows(read, policies, shuffles=2, **options))
        assert [row.pop("decision_us") is None for row in rows] == [True] * 4 + [False] * 2
        return rows

    alone = figures(seed=1)
    assert figures(seed=1, workers=2) == alone
    assert figures(seed=2) != alone


def test_rows_give_means_and_spreads_over_the_shuffles():
    read, outcomes, names = made(APART, jobs=30)
    rows = {r["policy"]: r for r in replay.rows(read, {"as written": Fixed}, shuffles=3, seed=0)}
    assert list(rows) == [
        "oracle", "random order", "best fixed order", "best fixed order, two-fold", "as written",
    ]  # fmt: skip
    every = configurations(APART)
    paid = np.array([ByHand(APART, outcomes, job).pay(every)[0] for job in names])
    quarter = len(names) // 4
    last = [float(paid[replay.order_of(read, 0, k)[-quarter:]].mean()) for k in range(3)]
    row = rows["as written"]
    assert (row["set"], row["jobs"], row["shuffles"], row["unit"]) == (
        "drawn", len(names), 3, "seconds",
    )  # fmt: skip
    assert row["whole"] == pytest.approx(paid.mean())
    assert row["whole_sd"] == pytest.approx(0, abs=1e-12)
    assert row["last"] == pytest.approx(fmean(last))
    assert row["last_sd"] == pytest.approx(stdev(last))
    assert row["last_se"] == pytest.approx(stdev(last) / 3**0.5)
    assert row["passed"] == 1
    assert row["accuracy"] == pytest.approx(yardsticks.walk(read, np.arange(6)).correct.mean())
    assert row["decision_us"] > 0
    assert rows["oracle"]["whole"] == pytest.approx(yardsticks.oracle(read).price.mean())
    assert rows["oracle"]["whole_sd"] == 0
    assert rows["oracle"]["decision_us"] is None


def test_the_random_sampler_pays_what_a_random_order_costs():
    read, _, _ = made(SHAPES["chain, an assertion at each node"], jobs=60)
    streams = [replay.stream(read, Random, 0, k).price.mean() for k in range(12)]
    expected = yardsticks.random_order(read, np.random.default_rng(0)).price.mean()
    assert abs(fmean(streams) - expected) < 3 * stdev(streams) / 12**0.5


def test_jobs_that_nothing_solves_are_left_out_and_one_must_be_left():
    outcomes = drawn([Shape(2)], jobs=30)
    names = solvable([Shape(2)], outcomes)
    assert len(names) < 30
    (row, *_) = replay.rows(recording("some", outcomes), {}, shuffles=1)
    assert row["jobs"] == len(names)
    assert row["whole_sd"] is None
    hopeless = outcomes.filter(~pl.col("job").is_in(names))
    hopeless = hopeless.with_columns(passed=pl.Series([k == 0 for k in range(len(hopeless))]))
    one = recording("one", hopeless)
    assert len(list(replay.rows(one, {"fixed": Fixed}, shuffles=1))) == 4
    with pytest.raises(BadInput, match="one: no configuration passes on any of the jobs"):
        list(replay.rows(one.take(~one.solvable), {}))
    with pytest.raises(BadInput, match="shuffles must be a whole number, 1 or more"):
        list(replay.rows(one, {}, shuffles=0))


def test_only_the_oracle_is_given_where_there_are_too_many_orders(monkeypatch):
    read, _, _ = made(APART)
    monkeypatch.setattr(yardsticks, "MOST", 5)
    rows = list(replay.rows(read, {"fixed": Fixed}, shuffles=1))
    assert [row["policy"] for row in rows] == ["oracle", "fixed"]


def test_the_time_in_the_sampler_is_what_its_two_methods_take(monkeypatch):
    times = iter([10.0, 10.5, 20.0, 22.0])
    monkeypatch.setattr(timed.time, "perf_counter", lambda: next(times))
    sampler = timed.Timed(Thompson())
    assert sampler.propose([]) == []
    sampler.update([])
    assert sampler.seconds == 2.5
    sampler.state = {**sampler.state, "evidence": 3}
    assert sampler.sampler.evidence == sampler.state["evidence"] == 3


def test_samplers_are_chosen_by_name():
    assert chosen() == POLICIES
    assert list(chosen("random,fixed")) == ["random", "fixed"]
    for maker in POLICIES.values():
        assert maker().state == maker().state
    with pytest.raises(BadInput, match=r"'randm' \(did you mean 'random'"):
        chosen("fixed,randm")


def test_the_command_replays_lists_and_complains(tmp_path, capsys):
    save(tmp_path / "small", drawn(APART, jobs=20))
    path = str(tmp_path / "small")
    asked = ["--shuffles", "2", "--samplers", "fixed,thompson", "--seed", "3"]
    assert main(["replay", path, *asked, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["policy"] for row in rows][-2:] == ["fixed", "thompson"]
    read = recording("small", drawn(APART, jobs=20))
    for row, want in zip(rows, replay.rows(read, chosen("fixed,thompson"), shuffles=2, seed=3),
                         strict=True):  # fmt: skip
        assert {**row, "decision_us": 0} == {**want, "decision_us": 0}
    assert main(["replay", path, *asked, "--jobs", "7"]) == 0
    shown = capsys.readouterr().out
    assert "small: 7 solvable jobs, 2 shuffles; seconds a job" in shown
    for row in rows:
        assert row["policy"] in shown
    assert main(["replay", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "small\n"
    assert main(["replay", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"set": "small"}
    for wrong in (["other"], ["small", "--samplers", "best"], ["small", "--jobs", "0"]):
        assert main(["replay", str(tmp_path / wrong[0]), *wrong[1:]]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("flexiflow.benchmarks: ")
