"""Sets are read as they were written, and what breaks the format is named."""

import numpy as np
import polars as pl
import pytest
from recordings import SHAPES, ByHand, configurations, drawn, solvable

from flexiflow.benchmarks.recorded import load, recording, save, sets_in
from flexiflow.errors import BadInput


def frame(**columns):
    rows = {
        "job": ["a", "a", "b", "b"],
        "node": ["solve"] * 4,
        "candidate": ["x", "y", "x", "y"],
        "passed": [True, False, True, True],
        "correct": [True, False, False, None],
        "seconds": [1.0, 2.0, 3.0, 4.0],
        "cost": [None, 0.5, 0.5, 0.5],
    }
    return pl.DataFrame(rows | columns)


def test_a_set_is_read_as_arrays():
    read = recording("tiny", frame())
    (node,) = read.nodes
    assert (read.jobs, read.unit, read.sizes, read.size) == (("a", "b"), "seconds", (2,), 2)
    assert (node.name, node.candidates, node.chained, node.checked) == (
        "solve", ("x", "y"), False, True,
    )  # fmt: skip
    assert node.price.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert node.passed.tolist() == [[True, False], [True, True]]
    np.testing.assert_array_equal(node.correct, [[1, 0], [0, np.nan]])
    assert read.solvable.tolist() == [True, True]


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES.keys())
def test_every_row_is_found_again(shapes):
    outcomes = drawn(shapes, jobs=6)
    read = recording("drawn", outcomes.sample(fraction=1.0, shuffle=True, seed=1).sort("node"))
    every = configurations(shapes)
    names = [it.candidates for it in read.nodes]
    ours = [tuple(n[k] for n, k in zip(names, c, strict=True)) for c in read.configurations]
    assert sorted(ours) == sorted(every)
    reached = [read.reached(v, read.configurations) for v in range(len(shapes) + 1)]
    for j, job in enumerate(read.jobs):
        for c, picks in enumerate(ours):
            hand = ByHand(shapes, outcomes, job)
            good = True
            for v, key in enumerate(hand.runs(picks)):
                assert reached[v][j, c] == good
                if not good:
                    break
                run = read.run_of(v, read.configurations)[c]
                assert read.nodes[v].price[j, run] == hand.rows[key]["seconds"]
                good = hand.rows[key]["passed"] is not False
                assert read.nodes[v].passed[j, run] == good
                assert read.nodes[v].correct[j, run] == hand.rows[key]["correct"]
            assert reached[-1][j, c] == good
    assert [j for j, good in zip(read.jobs, read.solvable, strict=True) if good] == [
        j for j in read.jobs if j in solvable(shapes, outcomes)
    ]


def test_an_output_is_right_where_no_later_node_reads_it():
    shapes = SHAPES["chain, then one apart"]
    outcomes = drawn(shapes, jobs=5, seed=3)
    read = recording("drawn", outcomes)
    hand = [ByHand(shapes, outcomes, job) for job in read.jobs]
    for picks in read.configurations:
        names = tuple(it.candidates[k] for it, k in zip(read.nodes, picks, strict=True))
        told = read.correct(np.tile(picks, (5, 1)))
        for j, one in enumerate(hand):
            _, middle, last = one.runs(names)
            if middle in one.rows:  # else the chain has failed before it
                want = one.rows[middle]["correct"] and one.rows[last]["correct"]
                assert told[j] == want
    nobody = recording("drawn", outcomes.drop("correct"))
    assert nobody.correct(np.zeros((5, 3), dtype=np.int64)) is None


def test_costs_are_the_price_where_seconds_are_not_all_there():
    read = recording("costs", frame(seconds=[1.0, None, 3.0, 4.0], cost=[1, 2, 3, 0]))
    assert read.unit == "cost"
    assert read.nodes[0].price.tolist() == [[1, 2], [3, 0]]
    assert recording("costs", frame(cost=[1, 2, 3, 0]).drop("seconds", "correct")).unit == "cost"


def test_features_are_plain_values_and_what_is_missing_is_none():
    context = pl.DataFrame(
        {
            "job": ["b", "extra", "a"],
            "size": [float("nan"), 0.0, 2.5],
            "worst": [float("-inf"), 0.0, None],
            "count": [3, 0, None],
            "kind": pl.Series(["big", "small", None], dtype=pl.Categorical),
            "sure": [True, None, False],
            "vector": [[1.0, 2.0], None, [3.0, 4.0]],
            "never": [None, None, None],
        }
    )
    assert recording("tiny", frame(), context).context == {
        "size": [2.5, None],
        "worst": [None, None],
        "count": [None, 3],
        "kind": [None, "big"],
        "sure": [False, True],
        "vector": [[3.0, 4.0], [1.0, 2.0]],
        "never": [None, None],
    }


def test_taking_some_jobs_takes_all_that_is_theirs():
    context = pl.DataFrame({"job": ["a", "b"], "x": [1, 2]})
    read = recording("tiny", frame(), context).take(np.array([False, True]))
    assert (read.jobs, read.context) == (("b",), {"x": [2]})
    assert read.nodes[0].price.tolist() == [[3.0, 4.0]]
    assert recording("tiny", frame()).take(np.array([1, 0])).jobs == ("b", "a")


def test_what_is_saved_is_loaded(tmp_path):
    outcomes = drawn(SHAPES["fan-in"], jobs=4)
    context = pl.DataFrame({"job": [f"j{k}" for k in range(4)], "x": [1.0, 2.0, 3.0, 4.0]})
    save(tmp_path / "my.set", outcomes, context)
    save(tmp_path / "bare", frame())
    (tmp_path / "other.parquet").touch()
    assert sets_in(tmp_path) == ["bare", "my.set"]
    direct = recording("my.set", outcomes, context)
    for path in (tmp_path / "my.set", tmp_path / "my.set.outcomes.parquet"):
        read = load(path)
        assert (read.name, read.jobs, read.context) == ("my.set", direct.jobs, direct.context)
        for ours, theirs in zip(read.nodes, direct.nodes, strict=True):
            np.testing.assert_array_equal(ours.price, theirs.price)
    assert load(tmp_path / "bare").context == {}
    with pytest.raises(BadInput, match=r"no file .*none\.outcomes.*are: bare, my\.set"):
        load(tmp_path / "none")
    (tmp_path / "torn.outcomes.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="cannot be read as a Parquet file"):
        load(tmp_path / "torn")
    with pytest.raises(BadInput, match="more than once"):
        save(tmp_path / "bad", pl.concat([frame(), frame()]))
    assert sets_in(tmp_path) == ["bare", "my.set", "torn"]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        (frame().drop("candidate", "passed"), "lack the column candidate, passed"),
        (frame().drop("seconds", "cost"), "lack the column seconds or cost"),
        (frame().clear(), "not one row"),
        (frame(passed=["yes"] * 4), "'passed' must hold true or false. It holds String"),
        (frame(seconds=["1"] * 4), "'seconds' must hold numbers"),
        (frame(seconds=[None, 1.0, 1.0, 1.0]), "'seconds' is null on 1, 'cost' on 1"),
        (frame(seconds=[1.0, -1.0, 1.0, 1.0]), "or below 0: job 'a', node 'solve', candidate 'y'"),
        (frame(seconds=[1.0, float("nan"), 1.0, 1.0]), "not finite"),
        (frame(node=["solve", None, "solve", "solve"]), "has no job, node or candidate"),
        (frame(candidate=["x", "x", "x", "y"]), "is there more than once: job 'a'"),
        (frame()[:3], "a row is missing: job 'b', node 'solve', candidate 'y' (1 such"),
        (frame(passed=[True, None, True, True]), "true on some rows of the node 'solve' and null"),
        (frame(passed=[None] * 4), "'passed' is true on no row"),
        (frame(passed=[False] * 4), "'passed' is true on no row"),
        (frame(upstream=["", "x", "", ""]), "none: it is the first node"),
    ],
)
def test_outcomes_that_break_the_format_are_refused(outcomes, told):
    with pytest.raises(BadInput) as refused:
        recording("tiny", outcomes)
    assert told in str(refused.value)
    assert str(refused.value).startswith("tiny: ")


def test_upstream_names_all_earlier_candidates_on_every_row():
    outcomes = drawn(SHAPES["chain, one assertion at its end"], jobs=2)
    second = pl.col("node") == "n1"
    for wrong in ("c00 > c00", "c99", ""):
        bad = outcomes.with_columns(
            pl.when(second & (pl.col("upstream") == "c01")).then(pl.lit(wrong))
            .otherwise("upstream").alias("upstream")
        )  # fmt: skip
        with pytest.raises(BadInput, match=r"earlier node \(n0\), 'c00' for one"):
            recording("drawn", bad)
    with pytest.raises(BadInput, match="upstream 'c01' \\(1 such"):
        recording("drawn", outcomes[:-1])
    ambiguous = pl.DataFrame(
        {
            "job": "a",
            "node": ["n0", "n0", "n1", "n1", "n2"],
            "candidate": ["x", "x > y", "z", "y > z", "end"],
            "upstream": ["", "", "", "", "x > y > z"],
            "passed": [None, None, None, None, True],
            "seconds": 1.0,
        }
    )
    with pytest.raises(BadInput, match="cannot be told apart in 'upstream'"):
        recording("ambiguous", ambiguous)


def test_a_chain_is_in_order_even_if_the_first_job_did_not_get_far():
    rows = [
        ("a", "one", "x", "", False), ("a", "apart", "y", "", True),
        ("b", "one", "x", "", True), ("b", "apart", "y", "", True), ("b", "two", "z", "x", True),
    ]  # fmt: skip
    names = ["job", "node", "candidate", "upstream", "passed"]
    outcomes = pl.DataFrame(rows, schema=names, orient="row").with_columns(cost=pl.lit(1))
    read = recording("short", outcomes)
    assert [it.name for it in read.nodes] == ["one", "two", "apart"]
    assert [it.chained for it in read.nodes] == [False, True, False]
    assert read.solvable.tolist() == [False, True]


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"x": [1, 2]}, "lacks the column 'job'. It has x"),
        ({"job": ["a", "a"]}, "has the job 'a' more than once"),
        ({"job": ["a", "c"]}, "lacks 1 of 2 jobs, 'b' for one"),
        ({"job": ["a", "b"], "x": [{"y": 1}, {"y": 2}]}, "feature 'x' must hold numbers"),
        ({"job": ["a", "b"], "x": [["p"], ["q"]]}, "feature 'x' must hold numbers"),
    ],
)
def test_a_context_that_breaks_the_format_is_refused(context, told):
    with pytest.raises(BadInput) as refused:
        recording("tiny", frame(), pl.DataFrame(context))
    assert told in str(refused.value)
