"""Assertions that are one comparison with a threshold: what is compared, which way, by what."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.graph import Read
from flexiflow.language import read


def cut_of(test: str, names: dict[str, Any], text: str = "w(x)\ny = f(x)\n") -> Any:
    """The cut of the only assertion of a small workflow."""
    (assertion,) = read(f"{text}assert {test}", names).assertions
    return assertion.cut


AROUND = (0.5, math.nextafter(0.5, -1), math.nextafter(0.5, 1))


@pytest.mark.parametrize(
    ("test", "upper", "accepted"),
    [
        ("confidence(y) >= threshold(.5)", True, (True, False, True)),
        ("confidence(y) > threshold(.5)", True, (False, False, True)),
        ("confidence(y) <= threshold(.5)", False, (True, True, False)),
        ("confidence(y) < threshold(.5)", False, (False, True, False)),
        ("threshold(.5) <= confidence(y)", True, (True, False, True)),
        ("threshold(.5) < confidence(y)", True, (False, False, True)),
        ("threshold(.5) >= confidence(y)", False, (True, True, False)),
        ("threshold(.5) > confidence(y)", False, (False, True, False)),
    ],
)
def test_both_directions_and_both_sides(names, test, upper, accepted):
    cut = cut_of(test, names)
    assert (cut.upper, cut.threshold, cut.by) == (upper, "threshold 1", None)
    assert cut.statistic.text == "confidence(y)"
    assert cut.statistic.reads == (Read("confidence", "y"),)
    assert tuple(cut.holds(statistic, 0.5) for statistic in AROUND) == accepted


def test_the_whole_test_still_stands_by_itself_with_its_own_text(names):
    text = "w(x)\ny = f(x)\nassert len(y) + 1 >= threshold(3, 'least', by=x[0])"
    graph = read(text, names)
    (assertion,) = graph.assertions
    assert assertion.text == "len(y) + 1 >= threshold(3, 'least', by=x[0])"
    assert assertion.test.reads == (Read("value", "y"), Read("threshold", "least"))
    assert [assertion.test.function("ab", number) for number in (3.0, 3.5)] == [True, False]
    assert assertion.cut.statistic.function("ab") == 3
    assert assertion.cut.by.function("quick") == "q"
    assert graph.thresholds == {"least": 3.0}


@pytest.mark.parametrize(
    ("by", "reads"),
    [
        ("x", (Read("value", "x"),)),
        ("y", (Read("value", "y"),)),
        ("extra(y, 'kind')", (Read("extras", "y"),)),
        ("(x, y)[LIMIT > 2]", (Read("value", "x"), Read("value", "y"))),
        ("'all'", ()),
    ],
)
def test_groups_are_named_by_inputs_and_by_what_is_compared(names, by, reads):
    named = cut_of(f"confidence(y) >= threshold(.5, by={by})", names)
    third = cut_of(f"confidence(y) >= threshold(.5, 'sure', {by})", names)
    assert named.by.reads == third.by.reads == reads
    assert (named.threshold, third.threshold) == ("threshold 1", "sure")
    assert named.by.text == by


def test_an_input_that_only_names_groups_is_read(names):
    text = "w(x, kind)\ny = f(x)\nassert confidence(y) > threshold(.5, by=kind)"
    (assertion,) = read(text, names).assertions
    assert assertion.cut.by.names == {"kind"}
    assert "kind" not in assertion.test.names


def test_words_are_known_by_any_of_their_names(names):
    cut = cut_of("sure(y) > ff.threshold(.5, by=y)", names)
    assert (cut.upper, cut.statistic.reads) == (True, (Read("confidence", "y"),))


def test_one_threshold_may_be_shared(names):
    text = (
        "w(x)\ny = f(x)\nz = g(y)\n"
        "assert confidence(y) >= threshold(.5, 'sure', by=x)\n"
        "assert threshold(.5, 'sure') <= confidence(z)\n"
    )
    graph = read(text, names)
    assert [a.cut.threshold for a in graph.assertions] == ["sure", "sure"]
    assert graph.thresholds == {"sure": 0.5}
    assert len({a.fingerprint for a in graph.assertions}) == 2


@pytest.mark.parametrize(
    "test",
    [
        "confidence(y) >= threshold(.5) and x",
        "not confidence(y) >= threshold(.5)",
        "threshold(.1) < confidence(y) < threshold(.9)",
        "confidence(y) >= threshold(.5) + .1",
        "confidence(y) == threshold(.5)",
        "threshold(.5, 'a') < threshold(.5, 'b') + y",
        "y in (threshold(.5), 3)",
        "bool(y)",
    ],
)
def test_other_tests_have_no_cut(names, test):
    assert cut_of(test, names) is None


ELSEWHERE = "by= is read where the assertion is one comparison with the threshold"
REFUSED = {
    "y = f(x)\nassert confidence(y) >= «threshold(.5, by=y) and x": ELSEWHERE,
    "y = f(x)\nassert confidence(y) >= «threshold(.5, by=y) + 1": ELSEWHERE,
    "y = f(x)\nassert «threshold(.5, by=x) < y < 3": ELSEWHERE,
    "y = f(x)\nassert y > threshold(.5), «threshold(.5, by=x)": ELSEWHERE,
    "y = f(x)\nassert y > «threshold(.5, by=threshold(.5))": ELSEWHERE,
    "y = f(x)\nassert y > «threshold(.5, 'a', x, x)": "threshold takes the number it starts at",
    "y = f(x)\nassert y > «threshold(by=x)": "threshold takes the number it starts at",
    "y = f(x)\nz = g(y)\nassert y > threshold(.5, by=«z)\nreturn z": (
        "by= reads 'z', which the comparison does not"
    ),
    "y = f(x)\nz = g(x)\nassert y > threshold(.5, by=«confidence(z))\nreturn z": (
        "by= reads 'z', which the comparison does not"
    ),
    "y = f(x)\nassert y > threshold(.5, by=«z)\nz = g(y)\nreturn z": "'z' is read before it exists",
    "y = f(x)\nassert y > threshold(.5, by=«qq)": "unknown name 'qq'",
    "y = f(x)\nassert y > threshold(.5, by=«runtime)": "'runtime' does not stand like this",
}


@pytest.mark.parametrize(("marked", "said"), REFUSED.items(), ids=REFUSED)
def test_groups_elsewhere_or_too_late_are_refused_where_they_stand(names, marked, said):
    text = "w(x)\n" + marked
    before = text[: text.index("«")]
    with pytest.raises(WorkflowSyntaxError) as caught:
        read(text.replace("«", ""), names)
    error = caught.value
    assert said in error.message
    assert (error.line, error.column) == (before.count("\n") + 1, len(before.split("\n")[-1]))
    assert error.hint


def test_a_test_over_several_lines_keeps_its_text(names):
    (assertion,) = read(
        "w(x)\ny = f(x)\nassert confidence(\n    y\n) >= threshold(\n    .5, by=x\n)", names
    ).assertions
    assert assertion.text == "confidence(y) >= threshold(0.5, by=x)"
    assert assertion.cut.by.names == {"x"}
