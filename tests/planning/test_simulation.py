from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from instances import ladder

from flexiflow.errors import BadInput
from flexiflow.planning import (
    Demand,
    Fault,
    Layout,
    Station,
    mean_wait,
    plan,
    poisson,
    simulate,
    tail_wait,
    trace,
    visits,
)

Seconds = Callable[[np.random.Generator, int], np.ndarray]


def exponential(mean: float) -> Seconds:
    return lambda rng, n: rng.exponential(mean, n)


def constant(seconds: float) -> Seconds:
    return lambda rng, n: np.full(n, seconds)


@pytest.mark.parametrize(("replicas", "load"), [(1, 0.5), (1, 0.7), (3, 2.1), (5, 3.5)])
def test_exponential_seconds_wait_as_erlang_says(replicas: int, load: float) -> None:
    one = Layout([Station("n", replicas, exponential(1.0))])
    found = one.run(poisson(load, 25_000 / load, seed=1), seed=2)
    assert found.waits[0] == pytest.approx(mean_wait(replicas, load, 1.0), rel=0.1)
    assert found.utilisation[0] == pytest.approx(load / replicas, rel=0.02)


def test_the_tail_of_the_wait_is_as_erlang_says() -> None:
    one = Layout([Station("n", 1, exponential(1.0))])
    found = one.run(poisson(0.6, 60_000, seed=3), seed=4)
    sojourn = -np.log(0.01) / (1.0 - 0.6)  # exponential in M/M/1
    assert found.quantile(0.99) == pytest.approx(sojourn, rel=0.1)
    assert float(tail_wait(1, 0.6, 1.0, 0.99)) == pytest.approx(np.log(0.6 / 0.01) / 0.4)


@pytest.mark.parametrize("load", [0.4, 0.7, 0.85])
def test_constant_seconds_wait_as_pollaczek_and_khinchine_say(load: float) -> None:
    one = Layout([Station("n", 1, constant(1.0))])
    found = one.run(poisson(load, 25_000 / load, seed=5))
    assert found.waits[0] == pytest.approx(load / (2 * (1 - load)), rel=0.1)
    assert found.latency.mean() == pytest.approx(found.waits[0] + 1.0)


def test_a_batch_starts_when_full_or_when_its_oldest_job_has_waited_enough() -> None:
    one = Layout([Station("n", 1, constant(10.0), batch=3, timeout=1.0)])
    found = one.run(np.array([0.0, 0.2, 0.4, 20.0, 20.5, 40.0]))
    assert found.latency.tolist() == pytest.approx([10.4, 10.2, 10.0, 11.0, 10.5, 11.0])
    assert found.filled.tolist() == [2.0]


def test_small_batches_take_their_share() -> None:
    one = Layout([Station("n", 1, constant(8.0), batch=4, timeout=0.0, share=0.5)])
    assert one.run(np.array([0.0])).latency.tolist() == [5.0]


def test_branches_run_side_by_side_and_are_joined() -> None:
    stations = [
        Station("a", 1, constant(1.0)),
        Station("b", 1, constant(2.0), parents=(0,)),
        Station("c", 1, constant(5.0), parents=(0,)),
        Station("d", 1, constant(1.0), parents=(1, 2)),
    ]
    assert Layout(stations).run(np.array([3.0])).latency.tolist() == [7.0]


def test_rollbacks_bring_the_visits_of_the_traffic_equations() -> None:
    stations = [
        Station("a", 9, constant(0.1)),
        Station("b", 9, constant(0.1), parents=(0,)),
        Station("c", 9, constant(0.1), parents=(1,)),
    ]
    faults = [None, Fault(0.2, 1), Fault(0.3, 0)]
    found = Layout(stations, faults, attempts=1_000).run(poisson(5.0, 2_000, seed=1), seed=1)
    wanted = visits([0.0, 0.2, 0.3], [0, 1, 0])
    assert found.visits.tolist() == pytest.approx(wanted.tolist(), rel=0.04)
    assert found.failed == 0.0


def test_a_switch_sends_retries_to_another_station() -> None:
    stations = [Station("a", 2, constant(1.0)), Station("other", 2, constant(4.0))]
    found = Layout(stations, [Fault(0.5, 0, station=1), None], attempts=1).run(
        poisson(0.5, 20_000, seed=2)
    )
    assert found.visits.tolist() == pytest.approx([1.0, 0.5], abs=0.02)
    assert found.failed == pytest.approx(0.25, abs=0.02)


def test_a_rollback_waits_for_the_other_branch() -> None:
    stations = [
        Station("a", 1, constant(1.0)),
        Station("b", 1, constant(1.0), parents=(0,)),
        Station("c", 1, constant(6.0), parents=(0,)),
        Station("d", 1, constant(1.0), parents=(1, 2)),
    ]
    never = Layout(stations).run(np.zeros(1))
    faults = [None, Fault(0.999999, 0), None, None]
    once = Layout(stations, faults, attempts=1).run(np.zeros(1))
    assert never.latency.tolist() == [8.0]
    assert once.latency.tolist() == [15.0]  # 1 + 6, and everything again
    assert once.visits.tolist() == [2.0, 2.0, 2.0, 1.0]


def test_a_plan_keeps_its_sla_and_its_utilisation() -> None:
    found = plan(ladder(3, 4), Demand(sla=1.5, rate=20.0))
    load = simulate(found, poisson(20.0, 200, seed=7), warm_up=5)
    assert load.misses(1.5) < 0.01
    planned = dict(zip(*found.table().select("node", "utilisation"), strict=True))
    for name, busy, filled, placed in zip(
        load.names, load.utilisation, load.filled, found.placed, strict=True
    ):
        part = placed.offer.batch / filled  # batches that are not full keep replicas busy too
        assert busy == pytest.approx(planned[name] * part, rel=0.05)


def test_the_same_seed_gives_the_same_course() -> None:
    found = plan(ladder(2, 3), Demand(sla=2.0, rate=10.0))
    faults = {"n1": (0.2, "n0")}
    once, again = (
        simulate(found, trace([10, 30, 5], seed=1), faults, seed=4).latency for _ in range(2)
    )
    assert once.tolist() == again.tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda: poisson(0.0, 10),
        lambda: trace([1, float("nan")]),
        lambda: Layout([Station("n", 0, constant(1.0))]),
        lambda: Layout([Station("n", 1, constant(1.0), parents=(0,))]),
        lambda: Layout([Station("n", 1, constant(1.0))], [Fault(1.0, 0)]),
        lambda: Layout([Station("n", 1, constant(1.0))]).run(np.zeros(0)),
        lambda: Layout([Station("n", 1, constant(1.0))]).run(np.zeros(1), warm_up=1.0),
        lambda: simulate(plan(ladder(1, 1), Demand(9.0, 1.0)), np.array([1.0, 0.0])),
        lambda: simulate(plan(ladder(1, 1), Demand(9.0, 1.0)), np.zeros(1), {"x": (0.1, "x")}),
    ],
)
def test_bad_input(call: Callable[[], object]) -> None:
    with pytest.raises(BadInput):
        call()
