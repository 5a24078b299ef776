"""A record of an example is written down so that a replay pays what was measured."""

from typing import Any

import numpy as np
import pytest

import flexiflow
from flexiflow import MemoryStore, context, maximize, minimize, runtime
from flexiflow.benchmarks import examples, yardsticks
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.recorded import load, recording
from flexiflow.examples.lessons import record
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.speech.prompts import absent

TAKES = {"upper": 1.0, "strip": 2.0, "first": 4.0, "last": 8.0}
NOW = [0.0]


def watch() -> float:
    return NOW[0]


def upper(text: str) -> str:
    NOW[0] += TAKES["upper"]
    return text.upper()


def strip(text: str) -> str:
    NOW[0] += TAKES["strip"]
    if not text.strip():
        raise ValueError("nothing is left")
    return text.strip()


def first(text: str) -> str:
    NOW[0] += TAKES["first"]
    return text[:1]


def last(text: str) -> str:
    NOW[0] += TAKES["last"]
    return text[-1:]


def same(found: str, label: str) -> bool:
    return found == label


@flexiflow.workflow(store=MemoryStore())
def reading(text, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    clean = (upper | strip)(text)  # type: ignore[operator]  # the reader takes bars
    found = (first | last)(clean)  # type: ignore[operator]  # as above
    assert found.strip(), "no letter"
    context(len(text))
    maximize(same(found, label))
    minimize(runtime)


JOBS = [
    {"id": "a", "text": " ab", "label": "b"},
    {"id": "b", "text": "  ", "label": "x"},
    {"id": "c", "text": "C", "label": "C"},
]


def test_a_record_becomes_outcomes_that_can_be_replayed() -> None:
    outcomes, known = examples.frames(record(reading, JOBS, watch), JOBS)
    assert known.to_dicts()[0] == {"job": "a", "len(text)": 3}
    rows = {(r["job"], r["upstream"], r["candidate"]): r for r in outcomes.to_dicts()}
    assert len(rows) == len(outcomes) == 6 + 4 + 6
    assert rows["a", "upper", "first"]["passed"] is False
    assert rows["a", "strip", "last"]["passed"] is True
    assert rows["a", "strip", "last"]["correct"] is True
    assert rows["a", "", "strip"]["passed"] is None
    assert rows["b", "", "strip"]["passed"] is False
    assert ("b", "strip", "first") not in rows
    read = recording("reading", outcomes, known)
    assert (read.sizes, read.unit) == ((2, 2), "seconds")
    assert read.solvable.tolist() == [True, False, True]
    solvable = read.take(read.solvable)
    assert yardsticks.oracle(solvable).price.tolist() == [2 + 4, 1 + 4]


MODELS = {"announced", "id_cards", "questions", "sentiment", "speech"}  # they load models


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.demo if n in MODELS else pytest.mark.slow)
        for n in examples.EXAMPLES
    ],
)
def test_an_example_is_recorded_by_its_name(name: str, tmp_path: Any, capsys: Any) -> None:
    example = examples.EXAMPLES[name]
    package = pytest.importorskip(f"flexiflow.examples.{example.package or name}")
    if lacking(package.PACKAGES):
        pytest.skip(f"pip install 'flexiflow[{example.extra or name}]'")
    if name == "announced" and (without := absent()):
        pytest.skip(without)
    assert main(["record", name, str(tmp_path), "--jobs", "4", "--seed", "1"]) == 0
    assert "outcomes of 4 jobs" in capsys.readouterr().out
    hard = examples.EXAMPLES[name].difficulty
    read = load(tmp_path / (f"{name}_4_1" if hard is None else f"{name}_{hard:g}_4_1"))
    assert len(read.jobs) == 4
    assert all(np.isfinite(node.price).all() for node in read.nodes)
    assert read.context


def test_a_missing_package_is_told(tmp_path: Any, capsys: Any, monkeypatch: Any) -> None:
    import flexiflow.examples.dates as dates

    monkeypatch.setattr(dates, "PACKAGES", ("no_such_one",))
    assert main(["record", "dates", str(tmp_path), "--jobs", "1"]) == 1
    assert "pip install 'flexiflow[dates]'" in capsys.readouterr().err
    assert main(["record", "dates", str(tmp_path), "--jobs", "0"]) == 1
    assert "jobs must be a whole number, 1 or more" in capsys.readouterr().err
