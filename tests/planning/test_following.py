"""Plans that change while jobs wait."""

from __future__ import annotations

import numpy as np
import pytest
from instances import ladder

from flexiflow.errors import BadInput
from flexiflow.planning import Demand, Layout, Station, plan, poisson
from flexiflow.planning.adapting import Adapter, follow, holds, last_two
from flexiflow.planning.plans import Plan


def one(
    replicas: int, seconds: float, variant: str = "", batch: int = 1, timeout: float = 0.0
) -> Layout:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.full(n, seconds)

    return Layout([Station("n", replicas, draw, batch, timeout, variant=variant)])


def test_what_waits_is_served_by_the_replicas_that_come() -> None:
    arrivals = np.zeros(4)
    alone = one(1, 10.0).run(arrivals)
    assert alone.latency.tolist() == [10.0, 20.0, 30.0, 40.0]
    more = one(1, 10.0).run(arrivals, changes=[(5.0, one(3, 10.0))])
    assert more.latency.tolist() == [10.0, 15.0, 15.0, 20.0]
    assert more.utilisation.tolist() == [pytest.approx(40.0 / (5.0 + 3 * 15.0))]


def test_replicas_leave_when_they_are_free() -> None:
    fewer = one(3, 10.0).run(np.zeros(5), changes=[(5.0, one(1, 10.0))])
    assert fewer.latency.tolist() == [10.0, 10.0, 10.0, 20.0, 30.0]


def test_another_variant_starts_beside_what_has_begun() -> None:
    other = one(1, 10.0, "slow").run(np.zeros(3), changes=[(5.0, one(1, 1.0, "fast"))])
    assert other.latency.tolist() == [10.0, 6.0, 7.0]


def test_what_waits_for_a_batch_waits_by_the_new_plan() -> None:
    lone = np.array([0.0])
    assert one(1, 1.0, batch=4, timeout=9.0).run(lone).latency.tolist() == [10.0]
    sooner = [(3.0, one(1, 1.0, batch=4, timeout=4.0))]
    assert one(1, 1.0, batch=4, timeout=9.0).run(lone, changes=sooner).latency.tolist() == [5.0]
    smaller = [(3.0, one(1, 1.0))]
    assert one(1, 1.0, batch=4, timeout=9.0).run(lone, changes=smaller).latency.tolist() == [4.0]
    later = [(3.0, one(1, 1.0, batch=4, timeout=20.0))]
    assert one(1, 1.0, batch=4, timeout=9.0).run(lone, changes=later).latency.tolist() == [21.0]


def test_a_change_into_the_same_changes_nothing() -> None:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.full(n, 0.7)

    same = Layout([Station("a", 2, draw), Station("b", 1, draw, parents=(0,))])
    arrivals = poisson(1.2, 200, seed=3)
    once = same.run(arrivals)
    often = same.run(arrivals, changes=[(float(t), same) for t in range(10, 200, 10)])
    assert often.latency.tolist() == once.latency.tolist()


def test_only_the_same_stations_can_take_over() -> None:
    two = Layout([*one(1, 1.0).stations, Station("m", 1, one(1, 1.0).stations[0].seconds)])
    with pytest.raises(BadInput, match="of the same stations"):
        one(1, 1.0).run(np.zeros(1), changes=[(1.0, two)])


class Late:
    """Gives a plan for too little, and in the third interval one for enough."""

    def __init__(self, little: Plan, enough: Plan) -> None:
        self.plans = [little, little, enough, enough, enough]

    def decide(self, loads: np.ndarray) -> Plan:
        return self.plans[len(loads) - 1]


def test_a_queue_that_was_left_behind_makes_the_next_interval_miss() -> None:
    problem = ladder(1, 1, (1,))
    little = plan(problem, Demand(1.0, 10.0, spare=0), None)
    enough = plan(problem, Demand(1.0, 120.0, spare=0), None)
    assert [little.placed[0].replicas, enough.placed[0].replicas] == [1, 4]  # of 50 jobs/s each
    rows = follow(Late(little, enough), np.full(60, 80.0))
    assert rows["changed"].to_list() == [False, False, True, False, False]
    missed = rows["misses"].to_list()
    assert missed[0] > 0.3
    assert missed[1] == 1.0
    assert missed[2] > 0.05  # they come after those that wait
    assert missed[4] == 0.0
    fresh = follow(Late(enough, enough), np.full(60, 80.0))
    assert fresh["misses"].to_list() == [0.0] * 5


def test_predictions_that_fall_short_are_raised() -> None:
    def half(loads: np.ndarray) -> float:
        return float(loads[-1]) / 2

    trusting = Adapter(ladder(1, 2), Demand(1.0, 20.0), half, 0.002, 0.0, reserve=0.0)
    careful = Adapter(ladder(1, 2), Demand(1.0, 20.0), half, 0.002, 0.0, reserve=0.95)
    for k in range(1, 12):
        trusting.decide(np.full(k, 400.0))
        careful.decide(np.full(k, 400.0))
    assert holds(careful.present, Demand(1.0, 400.0))
    assert not holds(trusting.present, Demand(1.0, 400.0))
    assert holds(trusting.present, Demand(1.0, 200.0))


def test_bad_input() -> None:
    adapter = Adapter(ladder(1, 2), Demand(1.0, 5.0), last_two)
    with pytest.raises(BadInput, match="two intervals"):
        follow(adapter, np.full(15, 5.0))
    with pytest.raises(BadInput, match="reserve must be"):
        Adapter(ladder(1, 2), Demand(1.0, 5.0), reserve=1.0)
