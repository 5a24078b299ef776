"""Policies and tables on a record written by hand."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.lessons.picture import figure
from flexiflow.examples.lessons.policies import (
    Fared,
    by_accuracy,
    greedy_order,
    in_order,
    oracle,
    single,
    two_fold,
)
from flexiflow.examples.lessons.record import Record
from flexiflow.examples.lessons.report import Lesson, lesson


def written(right: Any, passed: Any, prices: Any = (1.0, 4.0)) -> Record:
    """Two nodes: the first costs 2 s and is shared by both paths, the second as given."""
    told, held = np.array(right, dtype=float), np.array(passed, dtype=bool)
    jobs, paths = told.shape
    shape = (jobs, paths, 2)
    good = np.ones(shape, dtype=bool)
    good[..., 1] = held
    seconds = np.broadcast_to(np.array([[2.0, p] for p in prices]), shape).copy()
    runs = np.broadcast_to(np.array([[0, 1 + at] for at in range(paths)]), shape).copy()
    nodes = (SimpleNamespace(name="first"), SimpleNamespace(name="last"))
    objectives = (SimpleNamespace(word="runtime", weight=0.01),)
    graph: Any = SimpleNamespace(nodes=nodes, order=(0, 1), objectives=objectives)
    names = tuple(("one", f"path{at}") for at in range(paths))
    return Record(
        graph, tuple({"number": j} for j in range(jobs)), names, np.ones(shape, dtype=bool), good,
        seconds, np.full(shape, np.nan), runs, told, {},
    )  # fmt: skip


# Job 0: the quick path is right. Job 1: it fails. Job 2: it passes and is wrong. Job 3: nobody.
HAND = written([[1, 1], [0, 1], [0, 1], [0, 0]], [[1, 1], [0, 1], [1, 1], [0, 0]])


def means(it: Fared) -> tuple[float, float, float]:
    return float(it.right.mean()), float(it.passed.mean()), float(it.seconds.mean())


def test_single_paths_are_not_checked() -> None:
    assert by_accuracy(HAND) == [1, 0]
    assert means(single(HAND, 1)) == (0.75, 0.75, 6.0)
    assert means(single(HAND, 0)) == (0.25, 0.5, 3.0)


def test_one_after_the_other_with_and_without_reuse() -> None:
    scratch, reused = (in_order(HAND, [0, 1], "", reuse) for reuse in (False, True))
    assert scratch.seconds.tolist() == [[3, 9, 3, 9]]
    assert reused.seconds.tolist() == [[3, 7, 3, 7]]
    assert scratch.right.tolist() == reused.right.tolist() == [[1, 1, 0, 0]]
    assert scratch.tries.tolist() == [[1, 2, 1, 2]]


def test_a_path_is_left_at_its_first_failed_check() -> None:
    good = HAND.good.copy()
    good[1, 0] = [False, True]
    early = replace(HAND, good=good)
    assert in_order(early, [0, 1], "", reuse=False).seconds[0, 1] == 2 + 6


def test_the_best_order_weighs_right_passes_by_what_is_still_to_pay() -> None:
    # Alone: path 0 is right on 1 job for 12 s, path 1 on 3 for 24 s
    assert greedy_order(HAND) == [1, 0]
    easy = written([[1, 1]] * 3 + [[0, 1]], [[1, 1]] * 3 + [[0, 1]])
    assert greedy_order(easy) == [0, 1]
    assert means(two_fold(easy, "")) == (1.0, 1.0, (3 * 3 + 7) / 4)


def test_the_oracle_takes_the_cheapest_that_is_right() -> None:
    found = oracle(HAND)
    assert found.seconds.tolist() == [[3, 6, 6, 3]]
    assert means(found)[0] == 0.75


def told(flow_right: Any, best_right: Any, price: float = 1.0, seconds: float = 1.0) -> Lesson:
    """A lesson of given jobs; FlexiFlow takes 1 s, say, the best path 2 s, trial 4 s."""

    def fared(name: str, right: Any, seconds: float) -> Fared:
        array = np.array([right], dtype=float)
        return Fared(name, array, array > 0, np.full(array.shape, seconds), np.ones(array.shape))

    flow, best = fared("FlexiFlow", flow_right, seconds), fared("big", best_right, 2.0)
    trial = fared("trial", best_right, 4.0)
    objectives = (SimpleNamespace(word="runtime", weight=price), SimpleNamespace(word=None))
    it: Any = SimpleNamespace(
        graph=SimpleNamespace(objectives=objectives), jobs=[{}] * len(flow_right)
    )
    return Lesson(it, 1.5, best, trial, flow, flow, None, (best, trial, flow))


def test_the_three_numbers() -> None:
    it = told([0, 0, 1, 1], [1, 0, 0, 0], price=0.125)
    assert it.accuracy_gain == 0.25
    assert it.time_saved == 0.75
    assert it.lead.tolist() == [-0.875, -0.75, 0.375, 1.5]
    assert it.paid_after == 3
    assert "50.0% right, the best single path 25.0%: +25.0 points" in it.numbers()
    assert "75% less" in it.numbers()
    assert "paid after 3 of 4 jobs" in it.numbers()
    assert "no clear difference to big alone" in it.judgement()


def test_it_never_pays_where_one_model_dominates() -> None:
    it = told([0, 1] * 20, [1, 1] * 20, price=0.0)
    assert it.paid_after is None
    assert "not on these jobs" in it.numbers()
    said = it.judgement()
    assert "one model dominates: use big alone" in said
    assert "switching costs you 50.0 points of accuracy and -1e+03 ms a job" in said
    slower = told([1, 1] * 20, [1, 1] * 20, seconds=3.0).judgement()
    assert "switching costs you 0.0 points of accuracy and 1e+03 ms a job" in slower


def test_it_does_not_pay_where_what_it_brings_is_too_dear() -> None:
    said = told([1, 1] * 20, [0, 1] * 20, price=0.25, seconds=9.0).judgement()
    assert "one model dominates: use big alone" in said
    assert "switching brings +50.0 points of accuracy at +7e+03 ms a job, which is too dear" in said


def test_it_pays_from_the_first_job() -> None:
    it = told([1] * 10, [0, 1] * 5, price=0.5)
    assert it.paid_after == 1
    assert "switching pays: +50.0 points" in it.judgement()


def test_tables_tell_latency_and_agreement() -> None:
    it = told([0, 1], [1, 1])
    rows = it.comparison().to_dicts()
    assert [r["sla_met"] for r in rows] == [False, False, True]
    assert [r["ms_a_job"] for r in rows] == [2000, 4000, 1000]
    paths = Lesson(HAND, 5.0, *[single(HAND, 1)] * 4, None, ()).configurations()
    first = paths.row(0, named=True)
    assert first["path"] == "one > path1"
    assert (first["ms first"], first["ms last"], first["ms_a_job"]) == (2000, 4000, 6000)
    assert (first["right_if_passed"], first["sla_met"]) == (1.0, False)
    assert paths["right_if_passed"].to_list() == [1.0, 0.5]


def test_the_figure_shows_when_it_has_paid() -> None:
    drawn = figure(told([0, 0, 1, 1], [1, 0, 0, 0], price=0.125))
    assert drawn.data[0].x.tolist() == [1, 2, 3, 4]
    assert drawn.data[0].y.tolist() == [-0.88, -0.75, 0.38, 1.5]
    assert drawn.layout.annotations[0].text == " paid after 3"


@pytest.mark.parametrize(("sla", "seeds"), [(0, (0,)), (float("nan"), (0,)), (1, ())])
def test_a_lesson_needs_a_latency_and_seeds(sla: float, seeds: Any) -> None:
    with pytest.raises(BadInput, match="latency"):
        lesson(HAND, sla=sla, seeds=seeds)
