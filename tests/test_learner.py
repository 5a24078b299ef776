"""What is remembered over restarts, edits, resets and crashes."""

import json
import warnings

import pytest
from cells import cell

import flexiflow
from flexiflow import BadInput, MemoryStore, Thompson
from flexiflow.candidates import candidate

SWITCHING = "f(x)\none = (bad | good)(x)\nassert one == 'good'"
GOOD_AND_BAD = {"bad": lambda x: "bad", "good": lambda x: "good"}


def steady(job, node, candidate):
    """Seconds that say nothing, so that only passes and failures do."""
    return 1.0


def first_choice(it):
    return it.job(0).attempts[0].candidate


def test_a_restart_resumes_with_what_was_learned():
    store = MemoryStore()
    it = cell(SWITCHING, GOOD_AND_BAD, store=store)
    it.run([{"x": k} for k in range(60)], seed=0, clock=steady)
    again = cell(SWITCHING, GOOD_AND_BAD, store=store)
    assert [first_choice(again) for _ in range(10)] == ["good"] * 10
    # Beliefs are the same from the snapshot, from the log alone, and as first learned.
    rebuilt = cell(SWITCHING, GOOD_AND_BAD, store=WithoutSnapshots(store))
    rebuilt.run([])
    third = cell(SWITCHING, GOOD_AND_BAD, store=store)
    third.run([])
    assert beliefs_of(rebuilt) == pytest.approx(beliefs_of(third))
    assert rebuilt.sampler.evidence == third.sampler.evidence > 0


def beliefs_of(it):
    """What the sampler believes of each candidate, by name, as plain numbers."""
    known = it.sampler.knowledge["f"]
    ((_, passing),) = known.passing.items()
    rows = passing.members.items()
    found = {(*who, "pass"): passing.counted.members[0, row, 1] for who, row in rows}
    found |= {(*who, "mean"): float(passing.contextual.logistic.mean[row, 0]) for who, row in rows}
    return found | {(*who, "weight"): passing.weights[row, 0] for who, row in rows}


class WithoutSnapshots:
    def __init__(self, store):
        self._store = store

    def append(self, records):
        pass

    def read(self, table, **filters):
        frame = self._store.read(table, **filters)
        return frame.clear() if table == "snapshots" else frame


def test_a_snapshot_that_is_broken_is_passed_over_with_a_warning():
    store = MemoryStore()
    cell(SWITCHING, GOOD_AND_BAD, store=store).run([{"x": k} for k in range(60)], clock=steady)
    snapshot = store.read("snapshots").row(-1, named=True)
    state = json.loads(snapshot["state"])
    state["sampler"]["workflows"]["f"]["passing"][0][1]["counted"]["members"][0][0][0] = -1
    store.append([flexiflow.records.Snapshot("f", "Hybrid", snapshot["upto"], 0.0, state)])
    again = cell(SWITCHING, GOOD_AND_BAD, store=store)
    with pytest.warns(UserWarning, match="learned again from the log"):
        assert first_choice(again) == "good"
    assert again.sampler.evidence > 60


def test_two_kernels_on_one_store_learn_from_each_other():
    store = MemoryStore()
    one, two = (cell(SWITCHING, GOOD_AND_BAD, store=store) for _ in range(2))
    two.run([])
    one.run([{"x": k} for k in range(60)], clock=steady)
    run = two.run([{"x": 0}])
    assert two.sampler.evidence == one.sampler.evidence + len(run.attempts) + len(run.verdicts)
    one.run([])
    assert one.sampler.evidence == two.sampler.evidence


def test_reset_forgets_for_good_and_keeps_the_records():
    store = MemoryStore()
    it = cell(SWITCHING, GOOD_AND_BAD, store=store)
    it.run([{"x": k} for k in range(60)], clock=steady)
    it.reset()
    assert it.sampler.evidence == 0
    again = cell(SWITCHING, GOOD_AND_BAD, store=store)
    again.run([])
    assert again.sampler.evidence == 0
    assert len(again.log()) == 60


def test_edited_candidates_and_assertions_start_anew_with_a_notice():
    store = MemoryStore()
    cell(SWITCHING, GOOD_AND_BAD, store=store).run([{"x": k} for k in range(30)])
    same = cell(SWITCHING, GOOD_AND_BAD, store=store)
    assert same.notices() == []
    edited = cell(SWITCHING, {**GOOD_AND_BAD, "bad": lambda x: "good"}, store=store)
    assert edited.notices() == [
        "The candidate bad of one was edited: it starts from what is known of the others at "
        "its node."
    ]
    other = cell(SWITCHING.replace("'good'", "'bad'"), GOOD_AND_BAD, store=store)
    assert "pass it is learned anew" in other.notices()[0]
    other.run([{"x": k} for k in range(30)])
    assert first_choice(other) == "bad"


def test_ids_resume_and_are_never_overwritten():
    it = cell("f(x)\none = a(x)", {"a": str})
    jobs = [{"x": "a", "id": 1}, {"x": "b", "id": 2}]
    it.run(jobs, ids="id")
    with pytest.raises(BadInput, match=r"already has a job '1'.*resume=True"):
        it.run(jobs, ids="id")
    run = it.run([*jobs, {"x": "c", "id": 3}], ids="id", resume=True)
    assert run.jobs["job_id"].to_list() == ["3"]
    assert it.log()["job_id"].to_list() == ["1", "2", "3"]


def test_an_effect_of_unknown_state_is_not_run_again():
    sent, store = [], MemoryStore()
    models = {"send": candidate(lambda x: sent.append(x) or "ok", effects=True)}
    it = cell("f(x)\none = send(x)", models, store=store)
    mark = flexiflow.records.Effect("7", "f", "one", "send", 0.0, "started")
    store.append([mark])  # what a crash in the middle of the effect leaves behind
    run = it.run([{"x": 1, "id": 7}], ids="id")
    assert sent == []
    assert run.attempts["kind"].to_list() == ["unknown effect"]
    assert "not run again unasked" in run.jobs["error"][0]


def test_a_helper_redefined_since_is_told_once():
    names = {"a": str, "fine": lambda value: True}
    it = cell("f(x)\none = a(x)\nassert fine(one)", names)
    it = type(it)(it.graph, store=MemoryStore(), namespace=names)
    it(1)
    names["fine"] = lambda value: False
    with pytest.warns(UserWarning, match="'fine' has been redefined since f was defined"):
        assert it.job(1).passed
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        it(1)


def test_doubts_outlive_a_run_and_end_with_the_first_sound_check():
    def check(value):
        return value["key"]

    it = cell("f(x)\none = a(x)\nassert check(one)", {"a": lambda x: x, "check": check})
    it.run([{"x": 1}] * 3)
    with pytest.raises(TypeError, match="not subscriptable"):
        it.run([{"x": 1}] * 3)
    store = MemoryStore()
    sound = cell("f(x)\none = a(x)\nassert check(one)", {"a": lambda x: x, "check": check},
                 store=store)  # fmt: skip
    sound.run([{"x": {"key": 1}}])
    again = cell("f(x)\none = a(x)\nassert check(one)", {"a": lambda x: x, "check": check},
                 store=store)  # fmt: skip
    run = again.run([{"x": 1}] * 8)  # unlucky inputs, not a mistake: the log knows
    assert not run.jobs["passed"].any()
    assert run.jobs["teaches"].all()


def test_edits_outside_a_notebook_are_told_as_warnings():
    store = MemoryStore()
    cell(SWITCHING, GOOD_AND_BAD, store=store)(1)
    edited = cell(SWITCHING, {**GOOD_AND_BAD, "bad": lambda x: "good"}, store=store)
    with pytest.warns(UserWarning, match="The candidate bad of one was edited"):
        edited(1)


def test_another_store_for_a_run_is_learned_from_and_leaves_the_own_beliefs_alone():
    it = cell(SWITCHING, GOOD_AND_BAD)
    other = MemoryStore()
    it.run([{"x": k} for k in range(40)], store=other, clock=lambda *_: 1.0)
    assert it.sampler.evidence == 0
    run = it.run([{"x": 0}] * 5, store=other, clock=lambda *_: 1.0)
    assert set(run.jobs["attempts"]) == {1}


class Needy(Thompson):
    def __init__(self, temperature, name):
        super().__init__(temperature)


def test_reset_needs_no_constructor_of_a_certain_form():
    it = cell(SWITCHING, GOOD_AND_BAD, sampler=Needy(0.5, "mine"))
    it.run([{"x": k} for k in range(5)])
    it.reset()
    assert it.sampler.evidence == 0
