"""Labels that come late: for outputs, for outputs that were rejected, and corrected ones."""

from __future__ import annotations

import json

import pytest
from cells import cell

from flexiflow import BadInput, MemoryStore, SQLStore
from flexiflow.candidates import Result, candidate
from flexiflow.feedback import Recent
from flexiflow.samplers import Fixed

TEXT = """w(x, truth=None)
y = (cheap | dear)(x)
assert confidence(y) >= threshold(0.5, by=y)
maximize(extra(y, "right") == truth)
minimize(cost, weight=0.1)
"""
TERM = 'extra(y, "right") == truth'


def models():
    def cheap(x):
        return Result("cheap", confidence=x, right=x > 0.25)

    def dear(x):
        return Result("dear", confidence=0.9, right=True)

    return {"cheap": candidate(cheap, cost=1.0), "dear": candidate(dear, cost=5.0)}


def told(store):
    """All feedback: job, terms and rejected."""
    return [
        (json.loads(r["terms"]).get(TERM), json.loads(r["rejected"] or "null"))
        for r in store.read("feedback").rows(named=True)
    ]


@pytest.mark.parametrize("again", [False, True], ids=["at hand", "after a restart"])
def test_a_label_says_what_rejected_outputs_were_worth(again):
    store = MemoryStore()
    it = cell(TEXT, models(), store=store, sampler=Fixed())
    run = it.run([{"x": 0.1}, {"x": 0.4}, {"x": 0.7}], seed=0)
    assert run.jobs["attempts"].to_list() == [2, 2, 1]
    ids = run.jobs["job_id"]
    teller = cell(TEXT, models(), store=store, sampler=Fixed()) if again else it
    records = [teller.feedback(job_id, truth=True) for job_id in ids]
    assert [r.rejected for r in records] == [{"0": {TERM: 0.0}}, {"0": {TERM: 1.0}}, None]
    assert told(store) == [(1.0, {"0": {TERM: 0.0}}), (1.0, {"0": {TERM: 1.0}}), (1.0, None)]
    kept = [json.loads(k) for k in store.read("jobs")["kept"]]
    assert [k.get(" rejected") for k in kept] == [
        {"0": {"y": "cheap", "y confidence": x, "y extras": {"right": x > 0.25}}}
        for x in (0.1, 0.4)
    ] + [None]


def test_values_that_are_not_json_are_there_while_the_process_is():
    text = (
        "w(x, truth=None)\ny = (one | two)(x)\nassert y.real >= threshold(2)\nmaximize(y == truth)"
    )
    names = {"one": lambda x: 1 + 1j, "two": lambda x: 2 + 2j}
    store = MemoryStore()
    it = cell(text, names, store=store, sampler=Fixed())
    it.run([{"x": 0}], seed=0)
    job_id = it.last.job_id
    assert json.loads(store.read("jobs")["kept"][0]) == {" rejected": {"0": {}}}
    assert it.feedback(job_id, truth="no").rejected == {"0": {"y == truth": 0.0}}
    assert it.feedback(job_id, truth=1 + 1j).rejected == {"0": {"y == truth": 1.0}}
    with pytest.raises(BadInput, match="was not kept"):
        cell(text, names, store=store).feedback(job_id, truth="no")


def test_terms_that_waited_for_nothing_are_told_with_those_that_did():
    text = TEXT + "maximize(len(y) / (x + 1), weight=0.5)\n"
    it = cell(text, models(), sampler=Fixed())
    it(0.25)
    record = it.feedback(it.last.job_id, truth=True)
    assert record.rejected == {"0": {TERM: 0.0, "len(y) / (x + 1)": 5 / 1.25}}
    assert it.feedback(it.last.job_id, truth=False).rejected == {
        "0": {TERM: 1.0, "len(y) / (x + 1)": 5 / 1.25}
    }


def test_a_score_does_not_undo_what_a_label_said():
    store = MemoryStore()
    it = cell(TEXT, models(), store=store)
    for _ in range(3):
        run = it.run([{"x": 0.1}], seed=4)
    job_id = run.jobs["job_id"][0]
    it.feedback(job_id, truth=True)
    ((mark, cutoffs),) = it.sampler.about("w").cutoffs.items()
    before = json.dumps(cutoffs.state())
    record = it.feedback(job_id, score=0.5)
    assert record.rejected == told(store)[0][1]
    assert json.dumps(cutoffs.state()) == before
    again = cell(TEXT, models(), store=store)
    again.run([])
    assert json.dumps(again.sampler.about("w").cutoffs[mark].state()) == before


def test_two_labels_may_come_one_after_the_other():
    text = (
        "w(x, low=None, high=None)\ny = (one | two)(x)\nassert y >= threshold(2)\n"
        "maximize(y >= low)\nmaximize(y <= high)"
    )
    it = cell(text, {"one": lambda x: 1, "two": lambda x: 2}, sampler=Fixed())
    it(0)
    job_id = it.last.job_id
    first = it.feedback(job_id, low=2)
    assert first.rejected == {"0": {"y >= low": 0.0, "y <= high": None}}
    second = it.feedback(job_id, high=1)
    assert second.rejected == {"0": {"y >= low": 0.0, "y <= high": 1.0}}
    assert second.terms == {"y >= low": 1.0, "y <= high": 0.0}


def jobs(n, life):
    return [{"x": (7 * k % n) / n, "job": f"{life}/{k}"} for k in range(n)]


def beliefs(it):
    return {mark: c.state() for mark, c in it.sampler.about("w").cutoffs.items()}


def one_life(store, restarts=(), corrected=()):
    """Run, label and correct in several lives; the last workflow."""
    it = cell(TEXT, models(), store=store)
    for life in range(3):
        if life in restarts:
            it = cell(TEXT, models(), store=store)
        run = it.run(jobs(12, life), ids="job", seed=life, clock=lambda *_: 0.0)
        if life in restarts:
            it = cell(TEXT, models(), store=store)
        for k, job_id in enumerate(run.jobs["job_id"]):
            if k in corrected:
                it.feedback(job_id, truth=False)
        for job_id in run.jobs["job_id"][::2]:
            it.feedback(job_id, truth=True)
    return it


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_restarts_in_between_give_the_beliefs_of_one_life(kind, tmp_path):
    def store(name):
        return MemoryStore() if kind == "memory" else SQLStore(tmp_path / name)

    one = one_life(store("one.sqlite"))
    two = one_life(store("two.sqlite"), restarts=(0, 1, 2))
    two.run([])
    (mine,), (theirs,) = beliefs(one).values(), beliefs(two).values()
    assert sum(len(told) for *_, told, _ in mine) >= 18
    assert any(gone for *_, gone in mine)
    assert mine == theirs
    for it in (one, two):
        it.store.close()


def test_corrected_labels_count_once_and_as_they_were_last():
    one, two = one_life(MemoryStore()), one_life(MemoryStore(), corrected=(0, 2, 4, 6, 8, 10))
    ((mark, ours),) = one.sampler.about("w").cutoffs.items()
    theirs = two.sampler.about("w").cutoffs[mark]
    first = {f"0/{k}" for k in range(12)}  # later jobs ran with what was believed in between
    for member, rows in ours.told.items():
        mine = {key: t for key, t in rows.items() if key[0] in first}
        assert mine == {k: t for k, t in theirs.told[member].items() if k[0] in first}


def test_values_are_remembered_of_the_latest_jobs_only(monkeypatch):
    monkeypatch.setattr(Recent, "MOST", 2)
    it = cell(TEXT, models(), sampler=Fixed())
    recent = Recent(it.graph)
    outcomes = []
    for _ in range(3):
        it(0.1)
        outcomes.append(it.last)
        recent.keep(it.last)
    assert recent.values_of(outcomes[0].job_id) == ({}, {})
    for kept in outcomes[1:]:
        values = recent.values_of(kept.job_id)
        assert values.output == {"y": "dear"}
        assert values.rejected[0]["y"] == "cheap"


def test_a_rejected_output_whose_term_raises_says_nothing_and_the_label_counts():
    text = (
        "w(x, truth=None)\ny = (one | two)(x)\nassert len(y) >= threshold(2)\n"
        "maximize(y[1] == truth)"
    )
    it = cell(text, {"one": lambda x: "1", "two": lambda x: "12"}, sampler=Fixed())
    it(0)
    record = it.feedback(it.last.job_id, truth="2")
    assert record.terms == {"y[1] == truth": 1.0}
    assert record.rejected == {"0": {"y[1] == truth": None}}
