from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from flexiflow.errors import BadInput
from flexiflow.planning import Profile, Seconds, fit, offers
from flexiflow.planning.curves import student


def profile(**columns: Any) -> Profile:
    rows = max(len(c) for c in columns.values())
    given = {"node": ["n"] * rows, "variant": ["v"] * rows, "seconds": [0.1] * rows}
    return Profile({**given, **columns})


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.9, 0.995])
@pytest.mark.parametrize("freedom", [2.0, 3.0, 12.0, 300.0])
def test_student_quantiles(probability: float, freedom: float) -> None:
    wanted = stats.t.ppf(probability, freedom)
    assert student(probability, freedom) == pytest.approx(wanted, rel=2e-3, abs=1e-6)


def test_many_runs_give_their_own_mean_and_quantiles() -> None:
    runs = np.random.default_rng(0).lognormal(-2.0, 0.4, 4_000)
    known = Seconds.of(runs)
    assert known.mean == pytest.approx(np.exp(-2.0 + 0.08), rel=0.03)
    assert known.quantile(0.99) == pytest.approx(
        stats.lognorm.ppf(0.99, 0.4, scale=np.exp(-2)), rel=0.03
    )
    assert known.variation == pytest.approx(np.expm1(0.16), rel=0.08)


def test_intervals_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        low, high = Seconds.of(rng.lognormal(0.0, 0.1, 8)).interval(0.8)
        inside += low <= 1.0 <= high
    assert 0.74 <= inside / 400 <= 0.86


def test_draws_agree_with_the_closed_interval() -> None:
    known = Seconds.of([0.1, 0.13, 0.11, 0.12])
    m, _ = known.draw(100_000, np.random.default_rng(2))
    assert np.exp(np.quantile(m, [0.1, 0.9])).tolist() == pytest.approx(
        known.interval(0.8), rel=5e-3
    )


def test_pessimistic_seconds_hold_their_tail_with_their_probability() -> None:
    known = Seconds.of([0.1, 0.13, 0.11, 0.12])
    m, s = known.draw(100_000, np.random.default_rng(3))
    tail = np.exp(m + stats.norm.ppf(0.95) * s)
    assert (tail <= known.pessimistic(0.9, 0.95).quantile(0.95)).mean() == pytest.approx(
        0.9, abs=0.02
    )


def test_a_line_is_found_again() -> None:
    sizes = np.array([1, 2, 4, 8, 16, 32])
    noise = np.exp(np.random.default_rng(4).normal(0.0, 0.02, 6))
    curve = fit(sizes, (0.02 + 0.005 * sizes) * noise)
    assert curve.base == pytest.approx(0.02, rel=0.1)
    assert curve.slope == pytest.approx(0.005, rel=0.1)
    low, high = curve.interval(64)
    assert low < 0.34 < high


def test_one_batch_size_says_little_of_others() -> None:
    curve = fit([1], [0.1])
    low, high = curve.interval(8)
    assert low < 0.3 < 0.5 < high
    near, far = curve.interval(1)
    assert far / near < high / low


def test_seconds_never_fall_with_the_size() -> None:
    curve = fit([1, 8, 64], [0.1, 0.09, 0.05])
    assert curve.slope >= 0
    assert curve(64) >= curve(1) > 0


def test_measured_sizes_stand_before_the_line() -> None:
    known = profile(batch=[1, 2, 8], seconds=[0.1, 0.3, 0.4], runs=[500.0] * 3)
    assert known.seconds("n", "v", 2).mean == pytest.approx(0.3, rel=0.01)
    assert known.table([1, 2, 4])["measured"].to_list() == [True, True, False]


def test_percentiles_tell_the_spread() -> None:
    s = 0.5
    mean, p99 = np.exp(s * s / 2), np.exp(stats.norm.ppf(0.99) * s)
    known = profile(seconds=[mean], p99=[p99], runs=[1000.0]).seconds("n", "v", 1)
    assert known.variance == pytest.approx(s * s, rel=0.02)
    assert known.quantile(0.99) == pytest.approx(p99, rel=0.02)
    assert known.mean == pytest.approx(mean, rel=0.02)


def test_two_nodes_may_share_a_model() -> None:
    known = Profile({"node": ["a", "b"], "variant": ["m", "m"], "seconds": [0.1, 0.4]})
    assert (
        offers(known, "a", {"m": 0.9})[0].seconds.centre
        < offers(known, "b", {"m": 0.7})[0].seconds.centre
    )
    assert known.variants == {"a": ["m"], "b": ["m"]}


def test_cores_are_choices_of_their_own() -> None:
    known = profile(cores=[1.0, 4.0], seconds=[0.4, 0.15])
    found = offers(known, "n", {"v": 0.9})
    assert [(o.cores, o.batch) for o in found] == [(1.0, 1), (4.0, 1)]


def test_only_sizes_between_those_measured_are_offered() -> None:
    known = profile(batch=[2, 16], seconds=[0.1, 0.4])
    assert [o.batch for o in offers(known, "n", {"v": 0.9})] == [2, 4, 8, 16]
    assert [o.batch for o in offers(known, "n", {"v": 0.9}, [1, 3, 32])] == [3]


def test_attempts_that_were_run_are_read() -> None:
    attempts = pl.DataFrame(
        {
            "node": ["n"] * 5,
            "candidate": ["v", "v", "v", "w", "w"],
            "seconds": [0.1, 0.0, 0.3, 0.2, 9.0],
            "kind": ["pass", "pass", "soft failure", "timeout", "unavailable"],
            "memo": [False, True, False, False, False],
        }
    )
    known = Profile.from_attempts(attempts, {("n", "w"): 4.0})
    assert known.frame["seconds"].to_list() == [0.1, 0.3, 0.2]
    assert known.cores("n", "w") == [4.0]
    filled = profile(variant=["w"], seconds=[0.7]).filled(known)
    assert sorted(filled.frame["seconds"].to_list()) == [0.1, 0.3, 0.7]


def test_first_runs_are_left_out_where_there_are_others() -> None:
    attempts = pl.DataFrame(
        {
            "node": ["n"] * 5,
            "candidate": ["v", "v", "v", "w", "w"],
            "seconds": [9.0, 0.1, 0.3, 5.0, 4.0],
            "kind": ["pass"] * 5,
            "memo": [False] * 5,
            "cold": [True, False, None, True, True],
        }
    )
    assert Profile.from_attempts(attempts).frame["seconds"].to_list() == [0.1, 0.3, 5.0, 4.0]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"seconds": [float("nan")]}, "above 0 and finite"),
        ({"seconds": [0.0]}, "above 0"),
        ({"seconds": [None]}, "empty cells"),
        ({"batch": [0]}, "batch"),
        ({"p99": [float("inf")]}, "p99"),
        ({"seconds": ["long"]}, "not of its kind"),
    ],
)
def test_bad_measurements(columns: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        profile(**columns)


def test_bad_profiles() -> None:
    with pytest.raises(BadInput, match="empty"):
        Profile(
            pl.DataFrame(schema={"node": pl.String, "variant": pl.String, "seconds": pl.Float64})
        )
    with pytest.raises(BadInput, match="seconds is missing"):
        Profile({"node": ["a"], "variant": ["b"]})
    with pytest.raises(BadInput, match="no candidate 'x'"):
        profile(seconds=[0.1]).seconds("n", "x", 1)
    with pytest.raises(BadInput, match="not measured with 3"):
        profile(seconds=[0.1]).seconds("n", "v", 1, 3.0)
