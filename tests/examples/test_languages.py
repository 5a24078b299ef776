"""The counter-example: its messages, its checks, and its detectors for real."""

from collections import Counter

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.languages.checks import SCRIPTS, same_language, script, script_fits, seen
from flexiflow.examples.languages.messages import FOLDERS, SHORTEST, messages
from flexiflow.examples.languages.models import code
from flexiflow.examples.languages.workflow import PACKAGES, languages
from flexiflow.examples.lessons import record
from flexiflow.examples.lessons.extras import lacking

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[languages]'"
)


@pytest.mark.parametrize(
    ("language", "text", "fits"),
    [
        ("de", "Guten Tag", True),
        ("ru", "Guten Tag", False),
        ("ru", "добрый день", True),
        ("de", "добрый день", False),
        ("ja", "日付を入力", True),
        ("zh", "日付を入力", False),
        ("zh", "输入日期", True),
        ("ja", "输入日期", True),
        ("fa", "تاریخ", True),
        ("", "Guten Tag", False),
        ("sr", "dobar dan", True),
        ("ko", "allow_empty 가", True),
        ("en", "allow_empty 가", False),
    ],
)
def test_script_fits(language: str, text: str, fits: bool) -> None:
    assert script_fits(language, text) is fits


def test_a_text_of_digits_has_no_script() -> None:
    assert script("12:30") == ""


def test_languages_written_in_other_scripts_are_not_taken_for_latin() -> None:
    assert {"el", "th", "ko"} <= set().union(*SCRIPTS.values())
    assert not script_fits("el", "Guten Tag")


@pytest.mark.parametrize(("name", "short"), [("zh-cn", "zh"), ("nb", "no"), ("iw", "he")])
def test_names_of_languages(name: str, short: str) -> None:
    assert code(name) == short
    assert same_language(code(name), short)


def test_what_is_seen_of_a_text() -> None:
    assert seen("añо 12") == [0.2, 0.6, 2 / 6, 1 / 6]
    assert len(seen("")) == 4


@real
def test_messages_are_seeded_balanced_and_long_enough() -> None:
    made = messages(100, seed=3)
    assert made == messages(120, seed=3)[:100]
    assert made != messages(100, seed=4)
    counted = Counter(it["label"] for it in made)
    assert set(counted) == set(FOLDERS)
    assert max(counted.values()) - min(counted.values()) == 1
    assert all(sum(c.isalpha() for c in it["text"]) >= SHORTEST for it in made)
    assert all("%" not in it["text"] and "<" not in it["text"] for it in made)
    assert len({it["text"] for it in made}) == 100


@real
def test_there_are_not_endless_messages() -> None:
    with pytest.raises(BadInput, match="messages in all"):
        messages(1_000_000)
    with pytest.raises(BadInput, match="Got -1"):
        messages(-1)


@real
def test_every_label_fits_its_script() -> None:
    wrong = [it for it in messages(400) if not script_fits(it["label"], it["text"])]
    assert len(wrong) <= 4, wrong  # some are nothing but names in Latin letters


@real
def test_the_detectors_are_right_and_a_second_opinion_is_not_better() -> None:
    found = record(languages, messages(150))
    rates = dict(zip(found.names, found.right.mean(axis=0), strict=True))
    assert all(rate > 0.7 for rate in rates.values()), rates
    assert max(rates, key=rates.__getitem__) == "eldc"
    assert np.nanmin(found.confidence) >= 0
    assert np.nanmax(found.confidence) <= 1
    failed = ~found.passed[:, found.names.index("eldc")]
    right = found.right[failed]
    assert right[:, found.names.index("eldc")].mean() > right.mean()
