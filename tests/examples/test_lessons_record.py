"""A workflow of two steps made of look-ups, whose every path is known by hand."""

from typing import Any

import numpy as np
import pytest

import flexiflow
from flexiflow import BadInput, MemoryStore, Result, Workflow, maximize, minimize, runtime
from flexiflow.examples.lessons import flexiflow_on, goals, lesson, record
from flexiflow.examples.lessons.extras import need

CALLS: list[str] = []
TAKES = {"upper": 1.0, "strip": 2.0, "quick": 4.0, "slow": 8.0}


class Watch:
    """A clock that a model moves on by its price."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


WATCH = Watch()


def spend(name: str) -> None:
    CALLS.append(name)
    WATCH.now += TAKES[name]


def upper(text: str) -> str:
    spend("upper")
    return text.upper()


def strip(text: str) -> str:
    spend("strip")
    if not text.strip():
        raise ValueError("nothing is left")
    return text.strip()


def quick(text: str) -> Result:
    spend("quick")
    return Result(text[:1], confidence=0.25)


def slow(text: str) -> Result:
    spend("slow")
    return Result(text[-1:], confidence=0.75)


def letter(text: str) -> bool:
    return bool(text.strip())


def same(found: str, label: str) -> bool:
    return found == label


@flexiflow.workflow(store=MemoryStore())
def reading(text, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    clean = (upper | strip)(text)  # type: ignore[operator]  # the reader takes bars
    found = (quick | slow)(clean)  # type: ignore[operator]  # as above
    assert letter(found), "no letter"
    maximize(same(found, label))
    minimize(runtime, weight=0.01)


JOBS = [
    {"text": "AB", "label": "B"},  # both steps before give the same: their readers run once
    {"text": " a", "label": "a"},  # upper > quick finds a space: it fails the check
    {"text": "  ", "label": "x"},  # strip raises, nothing passes
]


@pytest.fixture
def made() -> Any:
    CALLS.clear()
    return record(reading, JOBS, WATCH)


def test_every_path_of_every_job(made: Any) -> None:
    assert made.nodes == ("clean", "found")
    assert made.names == ["upper > quick", "upper > slow", "strip > quick", "strip > slow"]
    assert made.right.tolist() == [[0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert made.passed.tolist() == [[True] * 4, [False, True, True, True], [False] * 4]
    assert made.total.tolist() == [[5, 9, 6, 10], [5, 9, 6, 10], [5, 9, 2, 2]]
    assert made.ran[2].tolist() == [[True, True], [True, True], [True, False], [True, False]]
    assert made.good[1, 0].tolist() == [True, False]
    assert np.isnan(made.confidence[2, 2:]).all()
    assert made.confidence[0, :, 1].tolist() == [0.25, 0.75, 0.25, 0.75]


def test_equal_values_are_read_once_and_the_first_job_warms_the_models(made: Any) -> None:
    first = ["upper", "quick", "slow", "strip"]
    second = ["upper", "quick", "slow", "strip", "quick", "slow"]
    third = ["upper", "quick", "slow", "strip"]
    assert first + first + second + third == CALLS
    assert made.runs[0, 0, 1] == made.runs[0, 2, 1]
    assert made.runs[1, 0, 1] != made.runs[1, 2, 1]
    assert made.runs[2, 2, 1] == -1


def test_some_of_the_jobs(made: Any) -> None:
    one = made.take(np.array([1]))
    assert one.jobs == (made.jobs[1],)
    assert one.right.tolist() == [[0, 0, 1, 1]]


def test_flexiflow_is_replayed_by_the_runner_at_recorded_prices(made: Any) -> None:
    CALLS.clear()
    found = flexiflow_on(made, seeds=(0, 1))
    assert CALLS == []  # no model was called
    assert found.right.shape == (2, 3)
    assert found.passed.tolist() == [[True, True, False]] * 2
    # Nothing passes on the last job, so all is tried, each run paid once
    assert found.seconds[:, 2].tolist() == [1 + 4 + 8 + 2] * 2
    assert set(found.seconds[:, 0]) <= {5.0, 9.0, 6.0, 10.0}
    assert found.learning > 0


def test_without_labels_passes_count_alike(made: Any) -> None:
    jobs = made.take(np.array([0]))
    run = flexiflow_on(jobs, labelled=0.0)
    assert run.passed.all()


def test_a_lesson_on_two_steps_has_plain_thompson_beside_it(made: Any) -> None:
    told = lesson(made, sla=5.0, seeds=(0,))
    rows = dict(zip(told.comparison()["policy"], told.policies, strict=True))
    plain = [rows["plain Thompson, no labels"], rows["plain Thompson"]]
    assert told.plain in plain
    assert told.plain.right.mean() == max(it.right.mean() for it in plain)
    assert [it.right.shape for it in plain] == [(20, 3)] * 2
    assert told.blind is rows["FlexiFlow, no labels"]
    assert len(goals(told).splitlines()) == 2


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ([], "needs jobs"),
        ([{"text": "a"}], "waits for a label"),
        ([{"text": object(), "label": "a"}], "cannot be compared"),
    ],
)
def test_what_cannot_be_recorded(jobs: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        record(reading, jobs, WATCH)


def test_a_workflow_that_does_not_say_what_is_right() -> None:
    @flexiflow.workflow(store=MemoryStore())
    def bare(text):  # type: ignore[no-untyped-def]  # a cell has none
        found = (quick | slow)(text)  # type: ignore[operator]  # the reader takes bars
        assert letter(found)

    assert isinstance(bare, Workflow)
    with pytest.raises(BadInput, match="maximize"):
        record(bare, JOBS)


def test_missing_packages_are_told_in_one_line() -> None:
    with pytest.raises(BadInput, match=r"needs no_such_one\. Install: pip install 'flexiflow\[x"):
        need("x", ["json", "no_such_one"])
