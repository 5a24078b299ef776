"""What jobs ended with that went on after a comparison."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flexiflow.records import Attempt, Job, Outcome, Verdict
from flexiflow.samplers.cutting import Kept, Prices
from flexiflow.samplers.going import Gone, brought, compared, followed, has_failed
from flexiflow.samplers.splines import DRAWS

ATTEMPT = Attempt(
    "j", 0, "y", "a", "fp a", 0, (), 0, 0, 0, 0, None, None, None, None, "pass", None, None,
    2.0, 2.0, False, None,
)  # fmt: skip
VERDICT = Verdict("j", 0, "test", "mark", {"y": "fp a"}, False, None, 0.0, False, 0.5, 0.3, "g")
JOB = Job(
    "j", "w", "d", "r", 0, 0.0, 0.0, "passed", True, {}, {}, None, 0.0, 0.0, 2, 1, 0, {},
    None, None, None, None, True,
)  # fmt: skip


def job(*tried, given):
    """A job on which candidates were tried in turn: (name, statistic or None, held, cost)."""
    attempts, verdicts = [], []
    for step, (name, statistic, held, cost) in enumerate(tried):
        attempts.append(
            ATTEMPT._replace(step=step, candidate=name, fingerprint=f"fp {name}", cost=cost)
        )
        verdicts.append(VERDICT._replace(step=step, statistic=statistic, result=held))
    return Outcome(JOB._replace(configuration={"y": given}), tuple(attempts), tuple(verdicts))


def went(outcome):
    made = compared(outcome)
    return [found for pairs in made.values() for found in followed(outcome, pairs)]


def member(name, later=True):
    return "y", f"fp {name}", later


def test_a_job_that_passed_at_once_went_nowhere():
    assert went(job(("a", 0.9, True, 1.0), given="a")) == []


def test_every_output_that_was_left_leads_to_the_last():
    outcome = job(("a", 0.1, False, 1.0), ("b", 0.2, False, 3.0), ("c", 0.8, True, 7.0), given="c")
    assert went(outcome) == [
        (member("a", False), 0, Gone(0.1, "g", member("c"), 0.8, "g", 4.0, 10.0)),
        (member("b"), 1, Gone(0.2, "g", member("c"), 0.8, "g", 2.0, 7.0)),
    ]


def test_a_job_that_passed_nowhere_goes_back_to_what_it_gives_and_has_paid_all():
    outcome = job(("a", 0.4, False, 1.0), ("b", 0.2, False, 3.0), ("c", 0.1, False, 7.0), given="b")
    assert went(outcome) == [
        (member("a", False), 0, Gone(0.4, "g", member("b"), 0.2, "g", 2.0, 3.0)),
        (member("c"), 2, Gone(0.1, "g", member("b"), 0.2, "g", 0.0, 0.0)),
    ]
    outcome = job(("a", 0.4, False, 1.0), ("b", 0.2, False, 3.0), ("c", 0.1, False, 7.0), given="a")
    (_, _, after_b), (_, _, after_c) = went(outcome)
    assert (after_b.end, after_b.cost, after_c.cost) == (member("a", False), 7.0, 0.0)


def test_without_an_output_that_was_compared_nothing_is_known():
    assert went(job(("a", 0.1, False, 1.0), ("b", None, True, 3.0), given="b")) == []


def test_assertions_are_told_apart_and_what_was_known_before_is_left_out():
    outcome = job(("a", 0.1, False, 1.0), ("b", 0.2, True, 3.0), given="b")
    other = VERDICT._replace(fingerprint="other", statistic=7.0, result=True)
    again = VERDICT._replace(memo=True, statistic=5.0)
    outcome = replace(outcome, verdicts=(*outcome.verdicts, other, again))
    made = compared(outcome)
    assert {name: [v.statistic for v, _ in pairs] for name, pairs in made.items()} == {
        "mark": [0.1, 0.2],
        "other": [7.0],
    }
    assert [who for _, who in made["mark"]] == [member("a", False), member("b")]


def test_a_check_or_an_attempt_that_failed_earlier_counts():
    passed = job(("a", 0.9, True, 1.0), given="a")
    assert not has_failed(passed)
    failed = job(("a", 0.1, False, 1.0), ("b", 0.9, True, 1.0), given="b")
    assert [has_failed(failed, step) for step in (0, 1)] == [False, True]
    broken = replace(passed, attempts=(ATTEMPT._replace(kind="exception"),))
    assert [has_failed(broken, step) for step in (0, 1)] == [False, True]


def test_what_was_brought_is_the_worth_of_the_end_less_what_was_paid():
    rng = np.random.default_rng(2)
    kept = Kept(np.arange(10.0), {}, rng.normal(size=(1 + DRAWS, 5)), 0.25, 1.0)
    known = {member("b"): kept}
    gone = [
        Gone(0.1, "g", member("b"), 3.0, "g", 2.0, 7.0),
        Gone(0.1, None, member("c"), 3.0, None, 2.0, 7.0),
        Gone(0.9, None, member("b"), 9.0, None, 0.0, 1.0),
    ]
    found = brought(gone, known.get, Prices({"right": 1.0}, 0.01, 0.1))
    assert found.shape == (3, 1 + DRAWS)
    np.testing.assert_allclose(found[0], kept.at([3.0], ["g"])[0] - 0.02 - 0.7)
    np.testing.assert_allclose(found[2], kept.at([9.0], [None])[0] - 0.1)
    assert np.isnan(found[1]).all()
    assert brought([], known.get, Prices({}, 0.0, 0.0)).shape == (0, 1 + DRAWS)


@pytest.mark.parametrize("kind", ["pass", "exception"])
def test_what_an_attempt_said_does_not_change_what_was_compared(kind):
    outcome = job(("a", 0.1, False, 1.0), ("b", 0.2, True, 3.0), given="b")
    first, second = outcome.attempts
    found = went(replace(outcome, attempts=(first._replace(kind=kind), second)))
    assert [(step, gone.reached) for _, step, gone in found] == [(0, 0.2)]
