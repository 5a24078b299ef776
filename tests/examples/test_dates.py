"""The workflow of the first five minutes: its data, its check, and its parsers for real."""

from datetime import date
from typing import Any

import pytest

from flexiflow import BadInput, MemoryStore
from flexiflow.examples.dates.checks import plausible, same_day, seen
from flexiflow.examples.dates.made import HABITS, texts
from flexiflow.examples.dates.workflow import PACKAGES, dates
from flexiflow.examples.lessons import lesson, record
from flexiflow.examples.lessons.extras import lacking

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[dates]'"
)


@pytest.mark.parametrize(
    ("day", "text", "good"),
    [
        (date(1984, 5, 7), "7. Mai 1984", True),
        (date(1984, 5, 7), "07/05/84", True),
        (date(1984, 5, 1), "7. Mai 1984", False),
        (date(1985, 5, 7), "7. Mai 1984", False),
        (date(1929, 5, 7), "7 May 1929", False),
        (date(1930, 5, 7), "7 May 1930", True),
        (date(2035, 5, 7), "7 May 2035", True),
        (date(2036, 5, 7), "7 May 2036", False),
        (date(1984, 5, 7), "1984年5月7日", True),
        (date(1984, 5, 7), "19847", False),
        (date(1984, 5, 7), "", False),
    ],
)
def test_plausible(day: date, text: str, good: bool) -> None:
    assert plausible(day, text) is good


def test_same_day() -> None:
    assert same_day(date(1984, 5, 7), "1984-05-07")
    assert not same_day(date(1984, 7, 5), "1984-05-07")


def test_what_is_seen_of_a_text() -> None:
    assert seen("1984-05-07T10:00:00") == [1, 0, 0, 0, 2, 1 / 19, 0, 0.1]
    assert seen("7. é 1/2/84, x") == [0, 2, 1, 1, 0, 2 / 14, 1 / 14, 0.4]
    assert len(seen("")) == 8


def test_a_number_of_texts_is_not_negative() -> None:
    with pytest.raises(BadInput, match="Got -1"):
        texts(-1)


@real
def test_texts_are_seeded_and_mean_a_plausible_day() -> None:
    made = texts(120, seed=3)
    assert made == texts(140, seed=3)[:120]
    assert made != texts(120, seed=4)
    assert {it["habit"] for it in made} == set(HABITS)
    for it in made:
        assert plausible(date.fromisoformat(it["label"]), it["text"]), it


@real
@pytest.mark.parametrize(
    ("text", "readers"),
    [
        ("1984-05-07T10:00:00", {"ciso", "dateutil", "datefinder", "dateparser", "search"}),
        ("7 de mayo de 1984", {"datefinder", "dateparser", "search"}),
        ("She was born on May 17, 1984 in a small village.", {"parsedatetime", "datefinder"}),
        ("no date", set()),
    ],
)
def test_who_reads_what(text: str, readers: set[str]) -> None:
    found = set()
    for candidate in dates.graph.nodes[0].candidates:
        try:
            day = candidate.kind(text)
        except Exception:
            continue
        if (day.year, day.month) == (1984, 5) and plausible(day, text):
            found.add(candidate.name)
    assert found - {"search"} == readers - {"search"}
    assert readers & {"search"} <= found


@real
def test_a_missing_year_is_not_filled_in_from_today() -> None:
    for candidate in dates.graph.nodes[0].candidates:
        try:
            day = candidate.kind("7 May")
        except Exception:
            continue
        assert day.year < 1930, candidate.name


@real
def test_no_single_parser_is_right_as_often_as_all_together() -> None:
    made: list[dict[str, Any]] = texts(60, seed=1)
    found = record(dates, made)
    told = lesson(found, sla=0.005, seeds=(0,))
    assert told.plain is None  # one step: nothing to go back to
    rates = {row["policy"]: row["accuracy"] for row in told.comparison().to_dicts()}
    assert rates["FlexiFlow"] > rates[f"best single: {told.best.name}"] + 0.04
    assert rates["oracle"] >= max(rates.values())
    assert told.flow.seconds.mean() < told.best.seconds.mean() / 3


@real
def test_it_runs_as_a_user_runs_it() -> None:
    run = dates.run(texts(20, seed=2), store=MemoryStore(), seed=0, progress=False)
    assert run.jobs["passed"].mean() > 0.9
