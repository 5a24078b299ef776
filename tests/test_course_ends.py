"""How one job ends: budgets, refusals, effects, bad arguments and outputs."""

import numpy as np
import polars as pl
import pytest
from cells import appending, cell

from flexiflow import Fixed, Result, Unavailable
from flexiflow.candidates import candidate


def steps(outcome):
    return [(t.node, t.candidate, t.kind, t.memo) for t in outcome.attempts]


def test_rerolls_get_new_seeds_and_bypass_the_memo():
    def dice(value, seed):
        return seed

    it = {"dice": candidate(dice, rerolls=3), "never": lambda s: False}
    outcome = cell("f(x)\none = dice(x)\nassert never(one)", it).job(1)
    assert [t.roll for t in outcome.attempts] == [0, 1, 2, 3]
    assert len({t.seed for t in outcome.attempts}) == 4
    assert len({t.version for t in outcome.attempts}) == 4


def test_budgets_end_a_job_with_its_best_attempt():
    text = "f(x)\none = (a | b | c | d)(x)\nassert one == 'no'"
    outcome = cell(text, appending(), sampler=Fixed(), max_attempts=2).job("x")
    assert (outcome.status, outcome.job.attempts, outcome.output) == ("budget", 2, "xa")
    flow = cell(text, appending(), sampler=Fixed())
    run = flow.run([{"x": "x"}], clock=lambda *_: 0.4, max_seconds=1.0)
    assert run.jobs["attempts"][0] == 3
    assert run.jobs["seconds"][0] == pytest.approx(1.2)
    assert run.jobs["status"][0] == "budget"


def test_runs_are_not_begun_that_can_never_come_to_a_verdict():
    """Two of three runs are spent: another reader's verdict would take two more."""
    text = """
        f(x)
        one = (a | b)(x)
        two = (c | d)(one)
        assert two in ("0ac", "1bd", "2ad", "3bc")
    """
    flow = cell(text, appending(), max_attempts=3)
    run = flow.run([{"x": str(k % 4)} for k in range(120)], seed=3, clock=lambda *_: 0.1)
    judged = run.verdicts.group_by("job_id").len()["len"]
    ended = run.jobs.filter(status="budget")
    assert len(ended) > 10
    assert (ended["attempts"] == 3).all()
    assert len(run.verdicts) == len(run.jobs) + len(run.jobs.filter(pl.col("attempts") == 3))
    assert judged.max() == 2


def test_stop_when_ends_a_job_that_is_not_worth_it():
    asked = []

    def stop(decision):
        asked.append(decision.configuration)
        return len(asked) == 2

    text = "f(x)\none = (a | b | c | d)(x)\nassert one == 'no'"
    outcome = cell(text, appending(), sampler=Fixed(), stop_when=stop).job("x")
    assert outcome.status == "stopped"
    assert outcome.job.attempts == 2


def test_an_input_check_that_fails_ends_the_job_invalid_and_teaches_nothing():
    it = appending()
    flow = cell("f(x)\nassert x != '', 'empty'\none = a(x)", it)
    outcome = flow.job("")
    assert (outcome.status, outcome.job.error, outcome.attempts) == ("invalid", "empty", ())
    assert not outcome.job.teaches
    assert it["a"].calls == []


def test_an_argument_that_raises_blames_what_it_reads():
    it = {"short": lambda x: "", "long": lambda x: "word", "up": str.upper}
    outcome = cell("f(x)\none = (short | long)(x)\ntwo = up(one[0])", it, sampler=Fixed()).job(1)
    assert outcome.output == "W"
    assert [t.candidate for t in outcome.attempts] == ["short", "long", "up"]
    failed = [v for v in outcome.verdicts if not v.result]
    assert failed[0].assertion == "argument one[0]"
    assert "IndexError" in failed[0].reason
    invalid = cell("f(x)\none = up(x[0])", it).job("")
    assert invalid.status == "invalid"
    assert "IndexError" in invalid.job.error


def test_tuple_targets_unpack_and_a_wrong_number_is_a_failure():
    it = {"three": lambda x: (1, 2, 3), "one": lambda x: 5, "two": lambda x: [x, "b"]}
    flow = cell("f(x)\nleft, right = (three | one | two)(x)\nreturn right + left", it,
                sampler=Fixed())  # fmt: skip
    outcome = flow.job("a")
    assert outcome.output == "ba"
    assert outcome.attempts[0].reason == "expected 2 values for left, right, got 3 values"
    assert outcome.attempts[1].reason == "expected 2 values for left, right, got one int"


def test_writing_into_an_input_or_a_value_in_place_fails_loudly():
    def spoil(array):
        array[0] = 9
        return array

    it = {"make": lambda x: np.zeros(2), "spoil": spoil, "fine": lambda array: array + 1}
    outcome = cell("f(x)\none = make(x)\ntwo = (spoil | fine)(one)", it, sampler=Fixed()).job(1)
    assert outcome.attempts[1].kind == "exception"
    assert "read-only" in outcome.attempts[1].reason
    assert outcome.output.tolist() == [1.0, 1.0]


def test_confidence_extras_and_thresholds_are_read_by_assertions():
    it = {
        "unsure": lambda x: Result("u", confidence=0.6, boxes=[1]),
        "sure": lambda x: Result("s", confidence=0.8, boxes=[1, 2]),
        "silent": lambda x: "n",
    }
    text = """
        f(x)
        one = (silent | unsure | sure)(x)
        assert confidence(one) >= threshold(0.5)
        assert len(extra(one, "boxes")) == 2
    """
    flow = cell(text, it, sampler=Fixed())
    outcome = flow.job(1)
    assert outcome.output == "s"
    assert "gave no confidence" in outcome.attempts[0].reason
    assert [t.confidence for t in outcome.attempts] == [None, 0.6, 0.8]
    key = next(iter(flow.thresholds))
    flow.thresholds[key] = 0.9
    assert not flow.job(1).passed


def test_an_effect_runs_once_after_everything_that_can_be_checked_without_it():
    sent = []
    it = appending(send=candidate(lambda value: sent.append(value) or "ok", effects=True))
    text = """
        f(x)
        one = (a | b)(x)
        receipt = send(one)
        two = (c | d)(one)
        assert two == 'xbd'
    """
    outcome = cell(text, it, sampler=Fixed()).job("x")
    assert outcome.passed
    assert sent == ["xb"]
    assert outcome.attempts[-1].node == "receipt"


def test_after_an_effect_nothing_before_it_changes():
    sent = []
    it = appending(send=candidate(lambda value: sent.append(value) or "sent", effects=True))
    text = "f(x)\none = (a | b)(x)\nreceipt = send(one)\ntwo = (c | d)(receipt)\nassert two == '-'"
    outcome = cell(text, it, sampler=Fixed()).job("x")
    assert outcome.status == "exhausted"
    assert sent == ["xa"]
    assert [t.candidate for t in outcome.attempts] == ["a", "send", "c", "d"]


def test_an_effect_that_raised_is_not_run_again_but_an_unreachable_one_may_be_switched():
    def breaks(value):
        raise OSError("half sent")

    def away(value):
        raise Unavailable("no connection")

    sent = []
    it = {
        "breaks": candidate(breaks, effects=True),
        "away": candidate(away, effects=True),
        "works": candidate(lambda value: sent.append(value) or "ok", effects=True),
    }
    outcome = cell("f(x)\none = (breaks | works)(x)", it, sampler=Fixed()).job(1)
    assert (outcome.status, sent) == ("unknown", [])
    assert "may have happened" in outcome.job.error
    assert cell("f(x)\none = (away | works)(x)", it, sampler=Fixed()).job(1).passed
    assert sent == [1]


def test_the_order_of_verdicts_and_attempts_is_that_of_the_steps():
    flow = cell("f(x)\none = (a | b)(x)\ntwo = (c | d)(one)\nassert two == 'xbd'", appending())
    for _ in range(20):
        outcome = flow.job("x")
        assert [t.step for t in outcome.attempts] == list(range(len(outcome.attempts)))
        at = [v.step for v in outcome.verdicts]
        assert at == sorted(at)
        assert all(0 < t.propensity <= 1 for t in outcome.attempts)
        assert outcome.passed
