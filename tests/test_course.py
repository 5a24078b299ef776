"""What happens to one job: switch, roll back, reuse, end."""

from cells import appending, cell, count_calls

from flexiflow import Fixed, Refused, Unavailable
from flexiflow.candidates import candidate


def steps(outcome):
    return [(t.node, t.candidate, t.kind, t.memo) for t in outcome.attempts]


def test_a_job_that_passes_runs_each_node_once():
    it = appending()
    flow = cell("f(x)\none = (a | b)(x)\ntwo = (c | d)(one)\nassert len(two) == 3", it,
                sampler=Fixed())  # fmt: skip
    outcome = flow.job("x")
    assert outcome.output == "xac"
    assert outcome.status == "passed"
    assert steps(outcome) == [("one", "a", "pass", False), ("two", "c", "pass", False)]
    assert outcome.job.configuration == {"one": "a", "two": "c"}
    assert [v.result for v in outcome.verdicts] == [True]
    assert outcome.values == {"x": "x", "one": "xa", "two": "xac"}


def test_a_soft_failure_switches_in_place_and_then_rolls_back_without_computing_twice():
    it = appending()
    flow = cell("f(x)\none = (a | b)(x)\ntwo = (c | d)(one)\nassert two == 'xbd', 'not it'", it,
                sampler=Fixed())  # fmt: skip
    outcome = flow.job("x")
    assert outcome.output == "xbd"
    assert steps(outcome) == [
        ("one", "a", "pass", False),
        ("two", "c", "soft failure", False),
        ("two", "d", "soft failure", False),
        ("one", "b", "pass", False),
        ("two", "c", "soft failure", False),
        ("two", "d", "pass", False),
    ]
    assert (outcome.job.switches, outcome.job.rollbacks) == (2, 1)
    assert outcome.attempts[3].rolled_back_from == "two"
    assert [t.rolled_back_from for t in outcome.attempts if t.step != 3] == [None] * 5
    assert outcome.attempts[1].reason == "not it"
    assert [v.result for v in outcome.verdicts] == [False, False, False, True]
    assert len(it["a"].calls) == len(it["b"].calls) == 1


def test_equal_values_share_what_follows_and_their_verdict_is_evidence():
    it = appending(same=count_calls(lambda value: f"{value}a"))
    flow = cell("f(x)\none = (a | same | b)(x)\ntwo = c(one)\nassert two == 'xbc'", it,
                sampler=Fixed())  # fmt: skip
    outcome = flow.job("x")
    assert outcome.passed
    assert steps(outcome) == [
        ("one", "a", "pass", False),
        ("two", "c", "soft failure", False),
        ("one", "same", "pass", False),
        ("two", "c", "soft failure", True),
        ("one", "b", "pass", False),
        ("two", "c", "pass", False),
    ]
    assert [c[0] for c in it["c"].calls] == ["xa", "xb"]
    assert [v.memo for v in outcome.verdicts] == [False, True, False]
    assert outcome.attempts[3].seconds == 0.0
    assert outcome.job.attempts == 5


def test_an_assertion_is_checked_as_soon_as_its_names_exist():
    it = appending()
    flow = cell("f(x)\none = (a | b)(x)\nassert one == 'xb'\ntwo = c(one)", it, sampler=Fixed())
    outcome = flow.job("x")
    assert steps(outcome) == [
        ("one", "a", "soft failure", False),
        ("one", "b", "pass", False),
        ("two", "c", "pass", False),
    ]


def test_branches_that_did_not_fail_are_kept():
    it = appending()
    text = """
        f(x)
        root = a(x)
        left = (b | c)(root)
        right = d(root)
        both = join(left, right)
        assert both == 'xac|xad'
    """
    it["join"] = count_calls(lambda left, right: f"{left}|{right}")
    outcome = cell(text, it, sampler=Fixed()).job("x")
    assert outcome.passed
    assert len(it["d"].calls) == 1
    assert len(it["join"].calls) == 2


def test_every_assertion_is_checked_on_what_is_accepted():
    # The second check of `one` is not reached at first; after the rollback it must be.
    seen = []
    it = appending(
        first=lambda one, two: two.endswith("d"), second=lambda one: seen.append(one) or True
    )
    text = "f(x)\none = a(x)\ntwo = (c | d)(one)\nassert first(one, two)\nassert second(two)"
    outcome = cell(text, it, sampler=Fixed()).job("x")
    assert outcome.passed
    assert seen == ["xad"]


def test_all_fail_gives_the_best_attempt():
    it = appending()
    text = "f(x)\none = (a | b)(x)\nassert one == 'xb'\ntwo = (c | d)(one)\nassert two == 'no'"
    flow = cell(text, it, sampler=Fixed())
    outcome = flow.job("x")
    assert outcome.status == "exhausted"
    assert outcome.output == "xbc"  # one assertion passed; xa passed none
    assert flow("x") == "xbc"
    assert outcome.job.error == "two == 'no'"


def test_exceptions_are_failures_of_their_candidate_and_can_be_retried():
    failures = iter([ValueError("first"), ValueError("second"), None])

    def shaky(value):
        if (error := next(failures)) is not None:
            raise error
        return "fine"

    it = {"shaky": candidate(shaky, retries=2), "spare": str}
    outcome = cell("f(x)\none = (shaky | spare)(x)", it, sampler=Fixed()).job(1)
    assert outcome.output == "fine"
    assert [t.kind for t in outcome.attempts] == ["exception", "exception", "pass"]
    assert "ValueError: first" in outcome.attempts[0].reason
    assert outcome.job.switches == 0


def test_an_exception_switches_and_teaches():
    def broken(value):
        raise OSError("no disk")

    outcome = cell("f(x)\none = (broken | fine)(x)", {"broken": broken, "fine": str},
                   sampler=Fixed()).job(1)  # fmt: skip
    assert outcome.passed
    assert steps(outcome) == [("one", "broken", "exception", False), ("one", "fine", "pass", False)]


def test_nothing_returned_is_an_exception_that_says_so():
    outcome = cell("f(x)\none = (none | fine)(x)", {"none": lambda x: None, "fine": str},
                   sampler=Fixed()).job(1)  # fmt: skip
    assert outcome.attempts[0].kind == "exception"
    assert "None" in outcome.attempts[0].reason


def test_unavailable_switches_first_cools_down_and_is_asked_again_last():
    calls = []

    def away(value):
        calls.append(value)
        raise Unavailable("rate limit", retry_after=60)

    it = {"away": away, "bad": lambda x: "bad", "good": lambda x: "good"}
    flow = cell("f(x)\none = (away | bad | good)(x)\nassert one == 'good'", it, sampler=Fixed())
    assert [t.candidate for t in flow.job(1).attempts] == ["away", "bad", "good"]
    assert [t.candidate for t in flow.job(2).attempts] == ["bad", "good"]
    flow = cell("f(x)\none = (away | bad)(x)\nassert one == 'good'", it, sampler=Fixed())
    calls.clear()
    outcome = flow.job(1)
    assert [t.candidate for t in outcome.attempts] == ["away", "bad", "away"]
    assert outcome.status == "exhausted"
    assert [t.kind for t in outcome.attempts if t.candidate == "away"] == ["unavailable"] * 2


def test_a_refusal_stops_the_job_unless_switching_is_asked_for():
    def careful(value):
        raise Refused("not this one")

    it = {"careful": careful, "other": str}
    flow = cell("f(x)\none = (careful | other)(x)", it, sampler=Fixed())
    outcome = flow.job(1)
    assert (outcome.status, outcome.output) == ("refused", None)
    assert "not this one" in outcome.job.error
    flow = cell("f(x)\none = (careful | other)(x)", it, sampler=Fixed(), on_refusal="switch")
    assert flow.job(1).output == "1"
