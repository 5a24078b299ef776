"""The account of a job, from its records."""

import json

from watched import course, watched
from worlds import chain

from flexiflow.panels.why import account


def test_the_account_says_what_was_offered_tried_judged_and_blamed():
    it, _, watch, seen = watched(40)
    hard = max(seen, key=lambda o: len(o.attempts))
    told = watch.why(hard.job_id)
    assert json.loads(json.dumps(told)) == told
    assert len(told["attempts"]) == len(hard.attempts)
    assert len(told["verdicts"]) == len(hard.verdicts)
    assert told["verdicts"][0]["configuration"].keys() == {"a", "b"}
    assert {name for v in told["verdicts"] for name in v["configuration"].values()} <= {
        "a1", "a2", "b1", "b2", "b3",
    }  # fmt: skip
    wanted = it.sampler.blame(hard)
    assert {(n, c): p for n, c, p in told["blame"]} == {w: round(p, 4) for w, p in wanted.items()}
    assert len(told["lines"]) >= 2 + len(hard.attempts)
    assert told["lines"][0].startswith("passed after")
    assert told["path"] == [[n, c] for n, c in hard.job.configuration.items()]


def test_the_order_offered_has_its_runner_up_and_memo_hits_are_told():
    graph = chain(1, 3)
    job = course(graph, [((0, 1), (1.0, 2.0)), ((0, 0), (4.0,))], True, 0)
    memo = job.attempts[0]._replace(step=9, memo=True, seconds=0.0)
    told = account(graph, type(job)(job.job, (*job.attempts, memo), ()))
    assert told["order"][1] == {
        "node": "n1",
        "offered": [["n1c1", 0, 0.5, 1.0, None], ["n1c0", 1, 0.5, 1.0, None]],
        "first": "n1c1",
        "runner_up": "n1c0",
    }
    assert told["reused"] == [["n0", "n0c0"]]
    assert any("from the memo" in line for line in told["lines"])


def test_long_and_hostile_texts_stay_plain_and_short():
    graph = chain(2)
    job = course(graph, [((0,), (1.0,))], False, 0)
    bad = "<script>alert(1)</script>" * 100
    attempts = (job.attempts[0]._replace(reason=bad),)
    told = account(graph, type(job)(job.job._replace(error=bad), attempts, ()))
    assert told["attempts"][0]["reason"].startswith("<script>")  # escaped by who shows it
    assert all(len(line) < 500 for line in told["lines"])
